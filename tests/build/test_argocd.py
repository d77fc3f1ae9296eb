"""What Argo CD is told: to leave alone what pods write, and nothing else."""

from __future__ import annotations

from typing import Any

from poblano import Capability, a
from poblano.build.argocd import argo_cd
from tests.build.asked import plan
from tests.build.charts import read


def shop(**options: Any) -> Capability:
    one = Capability("shop", **options)
    one.when(a.ConfigMap).is_created().validate(lambda each: each.approve())
    one.when(a.Secret).is_created().validate(on_error="audit")(lambda each: each.approve())
    return one


def ignored(capability: Capability, **options: Any) -> dict[str, list[str]]:
    """By the kind of the configuration: what is ignored in it."""
    spec = read(argo_cd(plan(capability, **options))["argo-cd.yaml"])["spec"]
    assert spec["syncPolicy"] == {"syncOptions": ["RespectIgnoreDifferences=true"]}
    assert {(one["group"], one["name"]) for one in spec["ignoreDifferences"]} == {
        ("admissionregistration.k8s.io", "poblano-hello")
    }
    return {one["kind"]: one["jqPathExpressions"] for one in spec["ignoreDifferences"]}


def test_only_the_policies_of_webhooks_that_fail_closed_are_left_to_the_pods_each_by_its_name():
    """Argo CD takes what it ignores out of what it applies: of a webhook that is new, no policy would be left, which is Fail."""
    policy = '.webhooks[]? | select(.name == "{}.hello.poblano.dev") | .failurePolicy'
    assert ignored(shop()) == {"ValidatingWebhookConfiguration": [policy.format("validate-fail-10")]}
    apart = ignored(shop(), additional={"quiet": "Ignore", "loud": "Fail"})
    names = ("validate-fail-10", "loud.validate-fail-10", "loud.validate-ignore-10")
    assert apart == {"ValidatingWebhookConfiguration": [policy.format(name) for name in names]}


def test_there_is_nothing_to_say_where_nothing_fails_closed():
    assert argo_cd(plan(shop(on_error="ignore"))) == {}

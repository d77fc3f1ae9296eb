"""The webhook configurations that are shipped: unarmed, of any namespace, never about the module itself."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from poblano import Capability, a
from poblano.admission.webhooks import Abilities, webhook
from poblano.build import webhooks
from poblano.build.plan import Plan
from tests.build.asked import asked, manifests, plan
from tests.build.charts import loaded, rendered, written
from tests.core.test_filters import evaluated

NAMESPACE = "kubernetes.io/metadata.name"
FAIL, IGNORE = "validate-fail-10.hello.poblano.dev", "validate-ignore-3.hello.poblano.dev"


def shop(**options: Any) -> Capability:
    one = Capability("shop", **options)
    one.when(a.ConfigMap).is_created().validate(lambda each: each.approve())
    return one


def both() -> Capability:
    one = shop()
    one.when(a.ConfigMap).is_created().mutate(lambda each: None)
    one.when(a.Secret).is_deleted().validate(on_error="audit", timeout=3)(lambda each: each.approve())
    return one


def spaces(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The terms of a namespace selector."""
    terms = found["namespaceSelector"]["matchExpressions"]
    assert {term["key"] for term in terms} == {NAMESPACE}
    return [(term["operator"], term["values"]) for term in terms]


def test_it_ships_so_that_nothing_waits_for_pods_that_are_not_there_yet():
    for one in asked(plan(both())).values():
        assert one["failurePolicy"] == "Ignore"
        assert "caBundle" not in one["clientConfig"]
        path = one["clientConfig"]["service"].pop("path")
        assert one["clientConfig"] == {"service": {"name": "poblano-hello", "namespace": "poblano-system", "port": 443}}
        assert path == f"/{one['name'].partition('.')[0].replace('-', '/')}"


def test_each_phase_has_a_configuration_if_it_has_rules():
    assert [each["kind"] for each in manifests(plan(both())).values()] == [
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ]
    assert list(manifests(plan(shop()))) == ["validating-webhooks"]
    assert manifests(plan(Capability("none"))) == {}


def test_it_says_what_dev_says_but_for_where_and_who():
    """One function makes both: what was seen in development is what is deployed."""
    planned = plan(both())
    for entry in planned.entries:
        development = webhook(entry, "hello", lambda path: {"url": path}, Abilities.of((1, 36)))
        deployed = asked(planned)[entry.name("hello")]
        for key in (
            "rules",
            "matchPolicy",
            "sideEffects",
            "objectSelector",
            "timeoutSeconds",
            "admissionReviewVersions",
        ):
            assert deployed[key] == development[key]
        conditions = [each for each in deployed.get("matchConditions", []) if each["name"] != "not-of-its-own"]
        assert conditions == development.get("matchConditions", [])


def test_the_own_namespace_is_wherever_it_is_deployed():
    (one,) = asked(plan(shop()), namespace="elsewhere").values()

    assert spaces(one) == [("NotIn", ["kube-system", "elsewhere"])]
    assert one["clientConfig"]["service"]["namespace"] == "elsewhere"
    assert "poblano-system" not in str(one)


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        ("system:serviceaccount:elsewhere:poblano-hello-admission", False),
        ("system:serviceaccount:elsewhere:poblano-hello-watcher", False),
        ("system:serviceaccount:poblano-system:poblano-hello-watcher", True),
        ("alice", True),
        (None, True),
    ],
)
def test_what_the_modules_own_pods_do_is_not_sent(user: str | None, sent: bool):
    (one,) = asked(plan(shop()), namespace="elsewhere").values()
    expression = one["matchConditions"][0]["expression"]
    asker = {} if user is None else {"username": user}

    assert evaluated(expression, {"userInfo": asker, "object": None, "oldObject": None}) is sent


def test_a_rule_that_names_the_own_namespace_is_asked_about_it():
    (one,) = asked(plan(shop(namespaces=["poblano-system"]))).values()

    assert spaces(one) == [("In", ["poblano-system"]), ("NotIn", ["kube-system"])]


def test_the_own_namespace_may_have_a_policy_of_its_own_where_a_rule_names_it():
    found = asked(plan(shop(namespaces=["poblano-system", "shop"]), additional={"poblano-system": "Ignore"}))

    assert spaces(found[FAIL]) == [("In", ["shop"]), ("NotIn", ["kube-system", "poblano-system"])]
    assert spaces(found[f"poblano-system.{FAIL}"]) == [("In", ["poblano-system"]), ("NotIn", ["kube-system"])]


def test_ignored_namespaces_are_out_of_it_whoever_ignores_them():
    from poblano.settings import AlwaysIgnore, Part

    ignoring = plan(shop(), always_ignore=AlwaysIgnore(("quiet",)), admission=Part(AlwaysIgnore(("calm",))))
    (one,) = asked(ignoring).values()

    assert spaces(one) == [("NotIn", ["calm", "kube-system", "quiet", "poblano-system"])]


def test_an_additional_webhook_is_about_its_namespace_and_no_other_is():
    found = asked(plan(both(), additional={"istio": "Ignore"}))
    main, istio = found[FAIL], found[f"istio.{FAIL}"]

    assert spaces(main) == [("NotIn", ["istio", "kube-system", "poblano-system"])]
    assert spaces(istio) == [("In", ["istio"]), ("NotIn", ["kube-system", "poblano-system"])]
    assert istio["clientConfig"] == main["clientConfig"]
    assert (istio["rules"], istio["matchConditions"]) == (main["rules"], main["matchConditions"])
    assert len(found) == 6


def test_an_old_server_is_told_no_more_than_it_can_evaluate():
    (one,) = asked(plan(shop(namespaces=["shop"]), kubernetes=(1, 20))).values()

    assert "matchConditions" not in one
    assert spaces(one) == [("NotIn", ["kube-system", "poblano-system"])]


@pytest.mark.parametrize(
    ("kubernetes", "words"),
    [
        ((1, 20), ["matchConditions", "kubectl label namespace kube-system"]),
        ((1, 25), ["matchConditions"]),
        ((1, 28), []),
    ],
)
def test_what_an_old_server_lacks_is_told(kubernetes: tuple[int, int], words: list[str]):
    notes = webhooks.notes(plan(shop(), kubernetes=kubernetes))

    assert len(notes) == len(words)
    assert all(word in note for word, note in zip(words, notes, strict=True))
    assert webhooks.notes(plan(Capability("none"), kubernetes=kubernetes)) == []


def test_cert_manager_is_told_whose_authority_to_write_and_nobody_else_is():
    for made in manifests(plan(both(), certificates="cert-manager"), namespace="elsewhere").values():
        assert made["metadata"]["annotations"] == {
            "cert-manager.io/inject-ca-from": "elsewhere/poblano-hello-certificates",
            "poblano.dev/certificates": "cert-manager",
        }
    for made in manifests(plan(both())).values():
        assert made["metadata"]["annotations"] == {"poblano.dev/certificates": "self"}


def test_the_same_module_gives_the_same_bytes():
    assert str(manifests(plan(both(), additional={"b": "Fail", "a": "Ignore"}))) == str(
        manifests(plan(both(), additional={"b": "Fail", "a": "Ignore"}))
    )


# ------------------------------------------------------------------------------------------------ what a chart's user sets


def charted(tmp_path: Path, planned: Plan, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """The webhooks of a chart, by name, through a real Helm."""
    with loaded(written(tmp_path / "chart", tuple(webhooks.parts(planned)))) as chart:
        return rendered(chart, values, namespace="elsewhere")


def test_a_chart_says_what_a_manifest_says(tmp_path: Path):
    planned = plan(both(), additional={"istio": "Ignore"}, certificates="cert-manager")

    assert charted(tmp_path, planned) == manifests(planned, namespace="elsewhere")


def test_a_timeout_that_is_set_is_that_and_nothing_else(tmp_path: Path):
    """Pepr's chart puts it in place of every "10" of the text, in paths and certificates too."""
    planned = plan(both())
    before = manifests(planned, namespace="elsewhere")
    after = charted(tmp_path, planned, {"admission": {"webhookTimeout": 7}})
    for made in before.values():
        for one in made["webhooks"]:
            one["timeoutSeconds"] = 7 if one["timeoutSeconds"] == 10 else 3

    assert after == before


def test_more_ignored_namespaces_more_marks_and_another_turn(tmp_path: Path):
    planned = plan(both(), certificates="cert-manager")
    expected = copy.deepcopy(manifests(planned, namespace="elsewhere"))
    values = {
        "webhookLabels": {"team": "shop"},
        "webhookAnnotations": {"a": "b"},
        "reinvocationPolicy": "IfNeeded",
    }
    for made in expected.values():
        made["metadata"]["labels"] |= {"team": "shop"}
        made["metadata"]["annotations"] |= {"a": "b"}
        for one in made["webhooks"]:
            one["namespaceSelector"]["matchExpressions"][-1]["values"] += ["quiet"]
            if "reinvocationPolicy" in one:
                one["reinvocationPolicy"] = "IfNeeded"

    assert charted(tmp_path, planned, {"additionalIgnoredNamespaces": ["quiet"], "admission": values}) == expected


def test_without_admission_pods_there_is_no_webhook(tmp_path: Path):
    assert charted(tmp_path, plan(both()), {"admission": {"enabled": False}}) == {}


def test_no_value_of_a_chart_is_the_policy():
    """Who could set it would have a webhook that fails before there is a pod to answer."""
    from poblano.build.helm.values import slots

    paths = {slot.path for slot in slots(tuple(webhooks.parts(plan(both(), additional={"istio": "Fail"}))))}

    assert paths == {
        "additionalIgnoredNamespaces",
        "admission.enabled",
        "admission.reinvocationPolicy",
        "admission.webhookAnnotations",
        "admission.webhookLabels",
        "admission.webhookTimeout",
    }

"""A3 to A6: what Pepr makes of refusals, groups, filters and patches.

A test of this folder is named after the weakness that was measured in Pepr; test_put_in.py sees it fail with that put in.
"""

from __future__ import annotations

from typing import Any

import pytest

from poblano import Capability, Resource, a
from poblano.core.entries import LABEL_NAMESPACE, entries, match_condition, namespace_selector, object_selector
from poblano.core.registered import policies
from tests.build.asked import asked, plan
from tests.core.driving import POD, answered, patched, review, sent, shop


def _raise(error: Exception) -> Any:
    raise error


# ------------------------------------------------------------------------------------------------ A3: refusals


def test_a3_the_code_given_to_deny_reaches_the_user():
    rules = shop()
    rules.when(a.Pod).is_created().validate(lambda pod: pod.deny("no teapots", code=418))

    assert sent(answered(rules, phase="validate"))["status"] == {
        "code": 418,
        "message": "shop/validate-pod: no teapots",
    }


def test_a3_the_text_of_an_exception_reaches_the_user():
    rules = shop()
    rules.when(a.Pod).is_created().validate(name="tier")(lambda pod: _raise(ValueError("no such tier: x")))

    assert answered(rules, phase="validate").message == "shop/tier failed: ValueError: no such tier: x"


def test_a3_a_rejected_mutation_says_why_in_the_status():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(name="tier")(lambda pod: _raise(ValueError("boom")))
    response = sent(answered(rules))

    assert response["status"]["message"] == "shop/tier failed: ValueError: boom"
    assert "result" not in response


@pytest.mark.parametrize("others", [0, 1])
def test_a3_an_action_that_raises_leaves_no_half_made_change(others: int):
    rules = shop()
    for _ in range(others):
        rules.when(a.Pod).is_created().mutate(lambda pod: None)

    @rules.when(a.Pod).is_created().mutate(on_error="ignore")
    def half(pod: Any) -> None:
        pod.set_label("half", "made")
        raise ValueError("boom")

    assert patched(POD, answered(rules)) == POD


@pytest.mark.parametrize("phase", ["mutate", "validate"])
@pytest.mark.parametrize(("on_error", "allowed"), [("reject", False), ("audit", True), ("ignore", True)])
def test_a3_on_error_decides_for_mutate_and_validate_alike(phase: str, on_error: Any, allowed: bool):
    rules = shop()
    getattr(rules.when(a.Pod).is_created(), phase)(on_error=on_error)(lambda pod: _raise(ValueError("boom")))

    assert answered(rules, phase=phase).allowed is allowed


def test_a3_one_actions_policy_is_not_its_neighbours():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(on_error="ignore")(lambda pod: _raise(ValueError("ignored")))
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("x", "1"))
    rules.when(a.Pod).is_created().validate(mode="warn")(lambda pod: pod.deny("only a warning"))
    rules.when(a.Pod).is_created().validate(lambda pod: pod.approve())

    assert patched(POD, answered(rules))["metadata"]["labels"]["x"] == "1"
    assert list(answered(rules, phase="validate").warnings) == ["shop/validate-pod: only a warning"]


# ------------------------------------------------------------------------------------------------ A4: groups


def test_a4_a_service_of_another_group_is_no_service():
    rules, seen = shop(), list[Any]()
    rules.when(a.Service).is_created().mutate(seen.append)
    knative = {
        "kind": {"group": "serving.knative.dev", "version": "v1", "kind": "Service"},
        "resource": {"group": "serving.knative.dev", "version": "v1", "resource": "services"},
    }
    answered(rules, review({"kind": "Service"}, **knative))

    assert seen == []


def test_a4_a_secret_of_another_group_is_not_decoded():
    class Secret(Resource, group="foo.io", version="v1"): ...

    rules = shop()
    rules.when(Secret).is_created().mutate(lambda secret: secret.text.get("k"))
    foo = {
        "kind": {"group": "foo.io", "version": "v1", "kind": "Secret"},
        "resource": {"group": "foo.io", "version": "v1", "resource": "secrets"},
    }
    answer = answered(rules, review({"kind": "Secret", "data": {"k": "aGVsbG8"}}, **foo))

    assert answer.message.startswith("shop/mutate-secret failed: MalformedObject")


# ------------------------------------------------------------------------------------------------ A5: push-down


def test_a5_the_filters_of_a_rule_are_the_api_servers_to_ask():
    rules = Capability("shop", namespaces=["shop"])
    rules.when(a.Pod).is_created().with_label("tier", "data").with_name("db").mutate(lambda pod: None)
    (entry,) = entries(rules.bindings)

    assert namespace_selector(entry)["matchExpressions"][0]["values"] == ["shop"]
    assert object_selector(entry)["matchExpressions"] == [{"key": "tier", "operator": "In", "values": ["data"]}]
    assert '["db"]' in str(match_condition(entry))


def test_a5_each_policy_and_timeout_has_an_entry_of_its_own():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    rules.when(a.Pod).is_created().mutate(on_error="ignore", timeout=3)(lambda pod: None)

    assert [(entry.policy, entry.timeout) for entry in entries(rules.bindings)] == [("Fail", 10), ("Ignore", 3)]


def test_a5_what_is_built_asks_about_no_more_than_its_rules():
    rules = Capability("shop", namespaces=["shop"])
    rules.when(a.Pod).is_created().with_label("tier", "data").with_name("db").validate(lambda pod: pod.approve())
    (webhook,) = asked(plan(rules)).values()

    assert {"key": LABEL_NAMESPACE, "operator": "In", "values": ["shop"]} in webhook["namespaceSelector"][
        "matchExpressions"
    ]
    assert webhook["objectSelector"]["matchExpressions"] == [{"key": "tier", "operator": "In", "values": ["data"]}]
    assert [one["name"] for one in webhook["matchConditions"]] == ["not-of-its-own", "some-rule-applies"]


def test_a5_what_a_capability_says_of_policy_and_timeout_is_built():
    strict, lenient = Capability("strict"), Capability("lenient", on_error="audit", timeout=3)
    for capability in (strict, lenient):
        capability.when(a.ConfigMap).is_created().validate(lambda config: config.approve())
    found = plan(strict, lenient)

    assert policies(found.entries, "hello")["validate"] == {
        "validate-fail-10.hello.poblano.dev": "Fail",
        "validate-ignore-3.hello.poblano.dev": "Ignore",
    }
    assert [webhook["timeoutSeconds"] for webhook in asked(found).values()] == [10, 3]


# ------------------------------------------------------------------------------------------------ A6: no stamp


def test_a6_nothing_is_stamped_on_an_object_that_no_action_changed():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: None)

    assert sent(answered(rules)) == {"uid": "u-1", "allowed": True}


def test_a6_a_patch_holds_what_the_action_did_and_no_more():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("x", "1"))

    assert sent(answered(rules))["patch"] == [{"op": "add", "path": "/metadata/labels/x", "value": "1"}]


@pytest.mark.parametrize(
    "data", [None, {}, {"k": "aGVsbG8"}, {"k": "aGVs\nbG8="}, {"k": "w6k="}, {"k": "not base64"}], ids=str
)
def test_a6_a_secret_keeps_the_spelling_of_what_was_not_touched(data: Any):
    rules = shop()
    rules.when(a.Secret).is_created().mutate(lambda secret: secret.set_label("x", "1"))
    secret = {"kind": "Secret", "metadata": {"name": "s", "labels": {}}, "stringData": {"a": "b"}}
    secret |= {} if data is None else {"data": data}

    assert [operation["path"] for operation in answered(rules, review(secret)).patch] == ["/metadata/labels/x"]

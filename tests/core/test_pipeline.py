from __future__ import annotations

import enum
import threading
import uuid
from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import Decision, a, document
from poblano.core.jsonvalue import copied, same
from poblano.core.patch import diff
from poblano.core.review import read
from tests.core.driving import POD, answered, drive, patched, pipeline, review, sent, shop
from tests.core.values import DOCUMENTS, JSON, KEYS

ID = uuid.UUID(int=1)
BIG = copied(POD) | {"spec": {"nodeName": None, "number": -(2**90), "containers": [{"image": "x"}]}}
"""An object that only the exact encoder can write."""


def with_idle_rules(count: int) -> Any:
    """A capability with `count` rules that do nothing: one rule alone takes a shorter way through the pipeline."""
    rules = shop()
    for number in range(count):
        rules.when(a.Pod).is_created().mutate(name=f"idle-{number}")(lambda pod: None)
    return rules


# ------------------------------------------------------------------------------------------------ mutating


def test_what_an_action_made_is_what_the_patch_makes():
    rules = shop()

    @rules.when(a.Pod).is_created().mutate
    def edit(pod: Any) -> None:
        pod.set_label("a/b", "1").remove_label("tier").set_annotation("note", "é🌶")
        pod.raw.spec.containers[0].image = "pg:17"
        pod.raw.spec.containers.append({"name": "proxy"})

    expected = copied(POD)
    expected["metadata"] |= {"labels": {"a/b": "1"}, "annotations": {"note": "é🌶"}}
    expected["spec"]["containers"] = [{"name": "db", "image": "pg:17", "resources": {}}, {"name": "proxy"}]
    assert same(patched(POD, answered(rules)), expected)


def test_no_change_is_no_patch():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("tier", "data").remove_label("none"))
    response = sent(answered(rules))

    assert response == {"uid": "u-1", "allowed": True}


def test_a_change_taken_back_is_no_patch():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("x", "1"))
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.remove_label("x"))

    assert answered(rules).patch == ()


def spelt_as_enum(raw: Any) -> None:
    raw["metadata"]["labels"]["tier"] = enum.Enum("Tier", {"DATA": "data"}).DATA


def spelt_as_a_subclass(raw: Any) -> None:
    raw["metadata"]["labels"]["tier"] = type("Text", (str,), {})("data")


def spelt_as_a_tuple(raw: Any) -> None:
    raw["spec"]["containers"] = tuple(raw["spec"]["containers"])


def spelt_as_another_map(raw: Any) -> None:
    raw["metadata"] = OrderedDict(reversed(raw["metadata"].items()))


@pytest.mark.parametrize("spell", [spelt_as_enum, spelt_as_a_subclass, spelt_as_a_tuple, spelt_as_another_map])
@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize("others", [0, 1])
def test_the_same_value_in_another_spelling_is_in_no_patch(spell: Any, changed: bool, others: int):
    rules = with_idle_rules(others)

    @rules.when(a.Pod).is_created().mutate
    def edit(pod: Any) -> None:
        spell(document(pod.raw))
        if changed:
            pod.raw.spec.host_network = True

    assert [o["path"] for o in sent(answered(rules)).get("patch", [])] == ["/spec/hostNetwork"] * changed


def test_actions_run_in_the_order_of_their_definition_on_one_object():
    rules, seen = shop(), list[Any]()
    for number in range(4):
        rules.when(a.Pod).is_created().mutate(
            lambda pod, number=number: (
                seen.append((number, dict(pod.raw.metadata.annotations))),
                pod.set_annotation(str(number), ""),
            )
        )
    answered(rules)

    assert seen == [(number, {str(n): "" for n in range(number)}) for number in range(4)]


def _raise(error: BaseException) -> Any:
    raise error


def half_made(pod: Any) -> Any:
    pod.set_label("half", "made")
    raise ValueError("boom")


def raw_dict_changed(pod: Any) -> Any:
    raw = document(pod.raw)
    raw["spec"]["containers"][0]["image"] = "half"
    raw["metadata"]["unheardOf"].clear()
    raise ValueError("boom")


def raw_replaced(pod: Any) -> Any:
    pod.raw = {"half": "made"}
    raise ValueError("boom")


def keys_deleted(pod: Any) -> Any:
    document(pod.raw).clear()
    raise ValueError("boom")


def merged(pod: Any) -> Any:
    pod.merge({"spec": None, "half": {"made": 1}})
    raise ValueError("boom")


def assigned_wrongly(pod: Any) -> Any:
    pod.set_label("half", "made")
    pod.raw.spec.host_netwrok = True


HALVES = [half_made, raw_dict_changed, raw_replaced, keys_deleted, merged, assigned_wrongly]
LEFTOVERS = [
    float("nan"),
    float("inf"),
    {1, 2},
    object(),
    b"x",
    "\ud800",
    datetime(2026, 1, 1, tzinfo=UTC),
    Decimal(1),
    {1: 2},
    lambda: None,
]


def leaves(value: Any) -> Any:
    """An action that puts a value into the raw dict, past every check."""

    def action(pod: Any) -> None:
        pod.set_label("half", "made")
        document(pod.raw)["spec"]["left"] = [value]

    return action


def leaves_for_null(pod: Any) -> None:
    pod.set_label("half", "made")
    document(pod.raw)["spec"]["nodeName"] = float("nan")  # null before, and null is what most encoders make of it


def leaves_a_circle(pod: Any) -> None:
    pod.set_label("half", "made")
    raw = document(pod.raw)
    raw["spec"]["self"] = raw


def leaves_a_key(pod: Any) -> None:
    pod.set_label("half", "made")
    document(pod.raw)["spec"]["\ud800"] = 1


FAILING = [*HALVES, *map(leaves, LEFTOVERS), leaves_for_null, leaves_a_circle, leaves_a_key]
ERRORS = [KeyboardInterrupt, SystemExit, RecursionError, GeneratorExit, StopIteration, AssertionError, MemoryError]
FAILING += [lambda pod, error=error: (pod.set_label("half", "made"), _raise(error())) for error in ERRORS]


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize("obj", [POD, BIG], ids=["small", "big"])
@pytest.mark.parametrize("on_error", ["ignore", "audit"])
def test_an_action_that_fails_leaves_nothing_and_the_others_work_stays(failing: Any, obj: Any, on_error: Any):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("before", "1"))
    rules.when(a.Pod).is_created().mutate(name="failing", on_error=on_error)(failing)
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("after", "1"))
    expected = copied(obj)
    expected["metadata"]["labels"] |= {"before": "1", "after": "1"}
    answer = answered(rules, review(obj))

    assert answer.allowed
    assert same(patched(obj, answer), expected)
    assert ("shop/failing failed" in str(answer.warnings)) is (on_error == "audit")
    assert ("shop.failing.error" in answer.audit_annotations) is (on_error == "audit")


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize("obj", [POD, BIG], ids=["small", "big"])
def test_an_action_that_fails_alone_leaves_nothing(failing: Any, obj: Any):
    rules = shop(on_error="ignore")
    rules.when(a.Pod).is_created().mutate(name="failing")(failing)

    assert sent(answered(rules, review(obj))) == {"uid": "u-1", "allowed": True}


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize("others", [0, 1])
def test_an_action_that_fails_refuses_by_default_and_is_named(failing: Any, others: int):
    rules = with_idle_rules(others)
    rules.when(a.Pod).is_created().mutate(name="failing")(failing)
    response = sent(answered(rules))

    assert not response["allowed"]
    assert response["status"]["code"] == 500
    assert response["status"]["message"].startswith("shop/failing failed: ")
    assert "patch" not in response


def test_the_first_change_survives_a_failure_right_after_it():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("first", "1"))
    rules.when(a.Pod).is_created().mutate(on_error="ignore")(raw_dict_changed)

    assert [o["path"] for o in answered(rules).patch] == ["/metadata/labels/first"]


@pytest.mark.parametrize(
    "value", [(1, 2), enum.Enum("E", {"A": "x"}).A, enum.IntEnum("I", {"A": 1}).A, 2**64, -(2**90), ID]
)
def test_what_json_can_say_survives_in_any_python_type(value: Any):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: document(pod.raw)["spec"].update(left={"value": value}))
    made = patched(POD, answered(rules))["spec"]["left"]["value"]
    plain_value = (
        list(value) if isinstance(value, tuple) else str(value) if value is ID else getattr(value, "value", value)
    )

    assert same(made, plain_value)


def test_an_integer_beyond_64_bits_survives_beside_a_change():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("x", "1"))
    rules.when(a.Pod).is_created().mutate(on_error="ignore")(half_made)

    assert [o["path"] for o in answered(rules, review(BIG)).patch] == ["/metadata/labels/x"]


@given(JSON, JSON, st.integers(0, 1))
def test_whatever_an_action_assigns_arrives(value: Any, other: Any, others: int):
    rules = with_idle_rules(others)

    @rules.when(a.Pod).is_created().mutate
    def edit(pod: Any) -> None:
        document(pod.raw)["left"] = value
        pod.raw["right"] = [other]

    made = patched(POD, answered(rules))
    assert same((made["left"], made["right"]) == (value, [other]), True)
    assert same([made["left"], made["right"]], [value, [other]])


@given(DOCUMENTS, DOCUMENTS, st.integers(0, 1))
def test_any_object_can_become_any_other(before: Any, after: Any, others: int):
    before.pop("metadata", None)
    rules = with_idle_rules(others)
    rules.when(a.Pod).is_created().mutate(lambda pod: setattr(pod, "raw", after))
    body = review(before, kind={"version": "v1", "kind": "Pod"}, resource={"version": "v1", "resource": "pods"})
    answer = answered(rules, body)

    assert same(patched(before, answer), after)
    assert same(list(answer.patch), diff(before, after))


def test_running_again_on_what_was_made_changes_nothing():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("x", "1"))
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.merge({"spec": {"hostNetwork": None, "nodeName": "n"}}))
    once = patched(POD, answered(rules))

    assert answered(rules, review(once)).patch == ()


@pytest.mark.parametrize("operation", ["DELETE", "CONNECT", "CREATE", "UPDATE"])
def test_without_an_object_there_is_never_a_patch(operation: str):
    rules = shop()
    verb = {"CREATE": "is_created", "UPDATE": "is_updated", "DELETE": "is_deleted", "CONNECT": "is_connected"}[
        operation
    ]
    chain = getattr(rules.when(a.Pod), verb)()
    if operation == "CONNECT":
        chain = chain.for_subresource("proxy", a.GenericKind)
    chain.mutate(lambda pod: pod.merge({"metadata": {"labels": {"x": "1"}}}))
    sub = {"subResource": "proxy"} if operation == "CONNECT" else {}
    response = sent(answered(rules, review(None, old=POD, operation=operation, **sub)))

    assert response == {"uid": "u-1", "allowed": True}


def test_an_action_on_delete_is_given_the_old_object():
    rules, seen = shop(), list[Any]()
    rules.when(a.Pod).is_deleted().mutate(lambda pod: seen.append((pod.raw.metadata.name, pod.name)))
    answered(rules, review(None, old=POD, operation="DELETE"))

    assert seen == [("db", "db")]


def test_a_denial_in_mutate_refuses_without_a_patch():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("x", "1").deny("not so", code=409))
    response = sent(answered(rules))

    assert response["status"] == {"code": 409, "message": "shop/mutate-pod: not so", "reason": "Conflict"}
    assert "patch" not in response
    assert not response["allowed"]


@pytest.mark.parametrize("others", [0, 2])
def test_a_denial_that_a_mutating_rule_returns_refuses(others: int):
    rules = with_idle_rules(others)
    rules.when(a.Pod).is_created().mutate(lambda pod: Decision.deny("not so", 409))
    response = sent(answered(rules))

    assert response["status"] == {"code": 409, "message": "shop/mutate-pod: not so", "reason": "Conflict"}


def test_an_approval_that_a_mutating_rule_returns_leaves_its_change():
    rules = shop()

    @rules.when(a.Pod).is_created().mutate
    def approving(pod: Any) -> Decision:
        pod.set_label("x", "1")
        return Decision.approve()

    assert patched(POD, answered(rules))["metadata"]["labels"]["x"] == "1"


def test_a_denial_in_mutate_that_does_not_enforce_still_patches():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(mode="warn")(lambda pod: pod.set_label("x", "1").deny("not so"))
    answer = answered(rules)

    assert answer.allowed
    assert list(answer.warnings) == ["shop/mutate-pod: not so"]
    assert patched(POD, answer)["metadata"]["labels"]["x"] == "1"


def test_what_a_constant_of_the_module_was_assigned_to_does_not_change_it():
    rules, defaults = shop(), {"a": "1"}
    rules.when(a.Pod).is_created().mutate(lambda pod: setattr(pod.raw.metadata, "annotations", defaults))
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_annotation("request", "one"))
    answered(rules)

    assert defaults == {"a": "1"}


def test_a_constant_assigned_as_the_object_is_not_changed():
    rules, whole = shop(), {"metadata": {"name": "db"}}
    rules.when(a.Pod).is_created().mutate(lambda pod: setattr(pod, "raw", whole))
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("request", "one"))
    answered(rules)

    assert whole == {"metadata": {"name": "db"}}


def test_what_an_action_keeps_and_changes_later_is_not_sent():
    rules, kept = shop(), list[Any]()

    @rules.when(a.Pod).is_created().mutate
    async def keep(pod: Any) -> None:
        kept.append(pod.raw)

    rules.when(a.Pod).is_created().mutate(lambda pod: setattr(kept[0].metadata, "labels", {"late": "1"}))

    assert answered(rules).patch == ()


# ------------------------------------------------------------------------------------------------ validating


def test_a_validator_cannot_change_what_the_next_one_sees():
    rules, seen = shop(), list[Any]()

    @rules.when(a.Pod).is_created().validate
    def meddle(pod: Any) -> Decision:
        pod.raw.metadata.labels.clear()
        document(pod.raw)["spec"] = {1, 2}
        return pod.approve()

    @rules.when(a.Pod).is_created().validate
    def judge(pod: Any) -> Decision:
        seen.append(copied(document(pod.raw)))
        return pod.approve()

    answer = answered(rules, phase="validate")

    assert answer.allowed
    assert answer.patch == ()
    assert same(seen, [POD])


def test_validators_never_patch():
    rules = shop()
    rules.when(a.Pod).is_created().validate(lambda pod: (pod.raw.metadata.labels.clear(), pod.approve())[1])

    assert sent(answered(rules, phase="validate")) == {"uid": "u-1", "allowed": True}


def test_the_old_object_is_each_action_s_own():
    rules, seen = shop(), list[Any]()

    @rules.when(a.Pod).is_updated().validate
    def meddle(pod: Any) -> Decision:
        pod.old_resource.metadata.labels.clear()
        return pod.approve()

    @rules.when(a.Pod).is_updated().validate
    def judge(pod: Any) -> Decision:
        seen.append(dict(pod.old_resource.metadata.labels))
        return pod.approve()

    answered(rules, review(POD, old=POD, operation="UPDATE"), "validate")

    assert seen == [{"tier": "data"}]


def test_all_violated_rules_are_in_the_one_message_with_the_first_code():
    rules = shop()
    for name, code in (("a", 422), ("b", 409)):
        rules.when(a.Pod).is_created().validate(name=name)(lambda pod, code=code: pod.deny(f"no {code}", code))
    rules.when(a.Pod).is_created().validate(name="c")(lambda pod: _raise(ValueError("boom")))
    rules.when(a.Pod).is_created().validate(name="d")(lambda pod: pod.approve())
    answer = answered(rules, phase="validate")

    assert (answer.allowed, answer.code) == (False, 422)
    assert answer.message == "shop/a: no 422; shop/b: no 409; shop/c failed: ValueError: boom"


@pytest.mark.parametrize("returned", [None, True, False, "no", 1, {}, object()])
def test_a_validator_that_returns_no_decision_has_failed(returned: Any):
    rules = shop()
    rules.when(a.Pod).is_created().validate(name="odd")(lambda pod: returned)
    answer = answered(rules, phase="validate")

    assert not answer.allowed
    assert "shop/odd failed" in answer.message
    assert "return request.approve()" in answer.message


@pytest.mark.parametrize(("on_error", "allowed"), [("reject", False), ("audit", True), ("ignore", True)])
def test_what_a_validator_s_exception_means_is_said_by_on_error(on_error: Any, allowed: bool):
    rules = shop(on_error=on_error)
    rules.when(a.Pod).is_created().validate(lambda pod: _raise(ValueError("boom")))

    assert answered(rules, phase="validate").allowed is allowed


@pytest.mark.parametrize(("mode", "where"), [("warn", "warnings"), ("audit", "audit_annotations")])
def test_a_mode_that_does_not_enforce_tells_and_lets_pass(mode: Any, where: str):
    rules = shop()
    rules.when(a.Pod).is_created().validate(name="r", mode=mode)(lambda pod: pod.deny("no"))
    answer = answered(rules, phase="validate")

    assert answer.allowed
    assert "shop/r: no" in str(getattr(answer, where))


# ------------------------------------------------------------------------------------------------ around the rules


def test_an_async_action_is_awaited():
    rules = shop()

    @rules.when(a.Pod).is_created().mutate
    async def label(pod: Any) -> None:
        pod.set_label("x", "1")

    @rules.when(a.Pod).is_created().validate
    async def judge(pod: Any) -> Decision:
        return pod.deny("no")

    assert patched(POD, answered(rules))["metadata"]["labels"]["x"] == "1"
    assert not answered(rules, phase="validate").allowed


def test_a_predicate_that_raises_is_the_rule_s_failure():
    rules = shop()
    rules.when(a.Pod).is_created().where(lambda pod: pod.spec.nope).mutate(name="r")(
        lambda pod: pod.set_label("x", "1")
    )
    answer = answered(rules)

    assert not answer.allowed
    assert answer.message.startswith("shop/r failed: AttributeError")


def test_a_predicate_that_raises_is_ignored_where_the_rule_says_so():
    rules = shop()
    rules.when(a.Pod).is_created().where(lambda pod: _raise(SystemExit())).mutate(on_error="ignore")(lambda pod: None)

    assert sent(answered(rules)) == {"uid": "u-1", "allowed": True}


def test_a_predicate_cannot_change_the_object():
    rules = shop()
    rules.when(a.Pod).is_created().where(lambda pod: pod.metadata.labels.clear() or True).mutate(lambda pod: None)

    assert answered(rules).patch == ()


def test_rules_apply_to_what_was_asked_and_not_to_what_an_earlier_rule_made():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("made", "1"))
    rules.when(a.Pod).is_created().with_label("made").mutate(lambda pod: pod.set_label("second", "1"))

    assert [o["path"] for o in answered(rules).patch] == ["/metadata/labels/made"]


def test_hooks_run_around_the_rules_with_the_request_and_the_answer():
    rules, seen = shop(), list[Any]()

    async def after(request: Any, answer: Any) -> None:
        seen.append(("after", request.uid, answer.allowed))

    rules.when(a.Pod).is_created().validate(lambda pod: (seen.append("rule"), pod.deny("no"))[1])
    answered(rules, phase="validate", before=lambda request: seen.append(("before", request.uid)), after=after)

    assert seen == [("before", "u-1"), "rule", ("after", "u-1", False)]


@pytest.mark.parametrize("hook", ["before", "after"])
@pytest.mark.parametrize(("on_error", "allowed"), [("reject", False), ("audit", True), ("ignore", True)])
def test_a_hook_that_raises_counts_as_a_failed_rule(hook: str, on_error: Any, allowed: bool):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("x", "1"))
    answer = answered(rules, on_error=on_error, **{hook: lambda *_: _raise(ValueError("boom"))})

    assert answer.allowed is allowed
    assert bool(answer.patch) is allowed
    assert (f"module/{hook} failed: ValueError: boom" in answer.message) is not allowed


def test_what_did_not_apply_is_told_with_its_reason():
    rules, skipped = shop(), list[Any]()
    rules.when(a.Pod).is_created().with_name("other").mutate(lambda pod: None)
    rules.when(a.Pod).is_created().where(lambda pod: False).mutate(lambda pod: None)
    rules.when(a.Pod).is_deleted().mutate(lambda pod: None)
    verdict = drive(pipeline(rules), review(), skipped)

    assert verdict.results == []
    assert [(binding.rule, reason.filter) for binding, reason in skipped] == [
        ("mutate-pod", "name"),
        ("mutate-pod-2", "where"),
    ]


def test_results_tell_what_came_of_each_rule():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(name="a")(lambda pod: pod.set_label("x", "1"))
    rules.when(a.Pod).is_created().mutate(name="b")(lambda pod: None)
    rules.when(a.Pod).is_created().mutate(name="c", on_error="ignore")(half_made)
    results = drive(pipeline(rules), review()).results

    assert [(result.rule, result.result) for result in results] == [
        ("a", "changed"),
        ("b", "unchanged"),
        ("c", "error"),
    ]


def test_an_object_nobody_wants_is_not_decoded():
    rules = shop()
    rules.when(a.Pod).is_created().in_namespace("other").mutate(lambda pod: None)
    body = review().replace(b'"object":{', b'"object":[1],"ignored":{')

    assert answered(rules, body).allowed


def test_a_call_says_who_runs_for_which_object():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    call = next(pipeline(rules).steps(read(review(dryRun=True))))

    running = call.running
    assert (running.capability, running.rule) == ("shop", "mutate-pod")
    assert (running.kind, running.namespace, running.name, running.uid) == ("Pod", "shop", "db", "u-1")
    assert running.dry_run


def test_one_pipeline_answers_many_at_once():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("name", pod.name))
    shared, answers = pipeline(rules), dict[str, Any]()

    def ask(name: str) -> None:
        obj = copied(POD) | {"metadata": {"name": name}}
        answers[name] = patched(obj, drive(shared, review(obj, name=name)).answer())["metadata"]["labels"]["name"]

    threads = [threading.Thread(target=ask, args=(f"pod-{number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {name: name for name in answers}
    assert len(answers) == 20


# ------------------------------------------------------------------------------------------------ requests


@given(st.dictionaries(KEYS, st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=4))
def test_a_secret_nobody_touched_keeps_its_spelling(data: dict[str, str]):
    rules = shop()

    @rules.when(a.Secret).is_created().mutate
    def read_all(secret: Any) -> None:
        for key in secret.bytes:
            try:
                value = secret.bytes[key]
            except Exception:  # noqa: BLE001 -- what cannot be read is left alone
                continue
            secret.bytes[key] = value

    body = review({"kind": "Secret", "metadata": {"name": "s"}, "data": data})

    assert sent(answered(rules, body)) == {"uid": "u-1", "allowed": True}


@pytest.mark.parametrize("on_error", ["reject", "audit", "ignore"])
def test_a_denial_stands_though_the_rule_fails_after_it(on_error: Any):
    rules = shop()

    @rules.when(a.Pod).is_created().mutate(name="no", on_error=on_error)
    def deny_and_fail(pod: Any) -> None:
        pod.deny("no", 418)
        raise ValueError("boom")

    answer = answered(rules)

    assert (answer.allowed, answer.code) == (False, 418)
    assert "shop/no: no" in answer.message


def test_an_audit_annotation_has_a_bound():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(name="long")(lambda pod: pod.audit("k", "x" * 100_000))

    assert len(answered(rules).audit_annotations["shop.long.k"]) < 5000

"""What a chain and its decorators make: bindings, functions that stay what they are, and names of rules."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import pytest

from poblano import Decision, MutateRequest, ValidateRequest, a
from poblano.core.filters import NameIs, NamespaceIs
from tests.shop import judge, label, request, shop


def test_a_chain_makes_one_binding_for_each_action_with_the_same_filters():
    rules = shop()
    (rules.when(a.Pod).is_created().in_namespace("shop").with_name("db").mutate(label).validate(judge))
    mutate, validate = rules.bindings

    assert (mutate.phase, validate.phase) == ("mutate", "validate")
    assert mutate.filters == validate.filters == (NamespaceIs(frozenset({"shop"})), NameIs(frozenset({"db"})))
    assert (mutate.title, validate.title) == ("shop/label", "shop/judge")
    assert mutate.kind == a.Pod.__kind__
    assert mutate.view is a.Pod


def test_a_function_stays_callable_and_keeps_its_name_and_doc():
    rules = shop()
    decorated = rules.when(a.Pod).is_created().mutate(label)
    asked = request(MutateRequest)

    assert decorated(asked) == "labelled"
    assert asked.has_label("tier")
    assert (decorated.__name__, decorated.__doc__, decorated.__module__) == ("label", "Give it a tier.", "tests.shop")
    assert decorated.__wrapped__ is label  # type: ignore[attr-defined]
    assert inspect.signature(decorated) == inspect.signature(label)


def test_a_decorator_takes_options():
    rules = shop()

    @rules.when(a.Pod).is_created().validate(name="tiers", on_error="audit", timeout=3, mode="warn")
    def judged(pod: ValidateRequest[a.Pod]) -> Decision:
        return pod.approve()

    (binding,) = rules.bindings
    assert (binding.rule, binding.on_error, binding.timeout, binding.mode) == ("tiers", "audit", 3, "warn")
    assert judged(request(ValidateRequest)).allowed


def test_options_may_follow_a_mutate_in_the_chain():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(name="one")(label).validate(name="two", mode="warn")(judge)

    assert [(binding.rule, binding.mode) for binding in rules.bindings] == [("one", "enforce"), ("two", "warn")]


def test_options_beside_an_action_count_wherever_it_stands_in_the_chain():
    chain: Any = shop().when(a.Pod).is_created()
    chain.validate(judge, name="first", mode="warn")
    chain.mutate(label, name="second", timeout=3).validate(judge, name="third", on_error="audit")

    assert [
        (binding.rule, binding.mode, binding.timeout, binding.on_error) for binding in chain._draft.capability.bindings
    ] == [("first", "warn", None, None), ("second", "enforce", 3, None), ("third", "enforce", None, "audit")]


async def test_an_async_action_stays_one():
    rules = shop()

    @rules.when(a.Pod).is_created().validate
    async def judged(pod: ValidateRequest[a.Pod]) -> Decision:
        return pod.deny("no")

    assert rules.bindings[0].is_async
    assert not (await judged(request(ValidateRequest))).allowed


class Called:
    def __call__(self, pod: Any) -> None: ...


class AsyncCallable:
    async def __call__(self, pod: Any) -> None: ...


async def slow(pod: Any) -> None: ...


@pytest.mark.parametrize(
    ("action", "rule", "is_async"),
    [
        (label, "label", False),
        (slow, "slow", True),
        (lambda pod: None, "mutate-pod", False),
        (functools.partial(label), "mutate-pod", False),
        (functools.partial(slow), "mutate-pod", True),
        (Called(), "mutate-pod", False),
        (AsyncCallable(), "mutate-pod", True),
        (AsyncCallable().__call__, "call", True),
        (shop().when(a.Pod).is_created().mutate(slow), "slow", True),
    ],
)
def test_whatever_can_be_called_can_be_an_action(action: Any, rule: str, is_async: bool):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(action)

    assert (rules.bindings[0].rule, rules.bindings[0].is_async) == (rule, is_async)


def test_one_function_may_be_bound_twice():
    rules = shop()

    @rules.when(a.Pod).is_created().mutate(name="pods")
    @rules.when(a.ConfigMap).is_created().mutate(name="maps")
    def both(obj: Any) -> str:
        return "both"

    assert [binding.rule for binding in rules.bindings] == ["maps", "pods"]
    assert both(request(MutateRequest)) == "both"


def test_a_rule_is_named_by_its_name_then_its_alias_then_its_function():
    rules = shop()
    chain = rules.when(a.Pod).is_created()

    def pinned_images(pod: Any) -> None: ...

    chain.alias("aliased").mutate(name="named")(pinned_images)
    chain.alias("aliased").mutate(pinned_images)
    chain.mutate(pinned_images)

    assert [binding.rule for binding in rules.bindings] == ["named", "aliased", "pinned-images"]


def test_lambdas_are_numbered():
    rules = shop()
    for kind in (a.Pod, a.Pod, a.Secret, a.Pod):
        rules.when(kind).is_created().mutate(lambda obj: None)

    assert [b.rule for b in rules.bindings] == ["mutate-pod", "mutate-pod-2", "mutate-secret", "mutate-pod-3"]


def test_a_mutate_and_a_validate_rule_may_share_a_name():
    rules = shop()
    rules.when(a.Pod).is_created().alias("tiers").mutate(lambda pod: None).validate(lambda pod: pod.approve())

    assert [binding.rule for binding in rules.bindings] == ["tiers", "tiers"]


@pytest.mark.parametrize("stage", ["when", "bound", "done"])
def test_any_other_attribute_is_simply_not_there(stage: str):
    when = shop().when(a.Pod)
    made: Any = {"when": when, "bound": when.is_created(), "done": when.is_created().mutate(label)}[stage]

    with pytest.raises(AttributeError):
        _ = made.mutat
    assert not hasattr(made, "__deepcopy__")

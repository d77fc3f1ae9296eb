from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from poblano import Capability, Decision, InvalidDefinition, Module, ValidateRequest, a


def test_a_module_has_the_rules_of_its_capabilities_in_order():
    shop, other = Capability("shop"), Capability("other")
    other.when(a.Pod).is_created().mutate(lambda pod: None)
    shop.when(a.Pod).is_created().mutate(lambda pod: None)

    assert [binding.title for binding in Module(shop, other).bindings] == ["shop/mutate-pod", "other/mutate-pod"]
    assert repr(Module(shop, other)) == "<Module of shop, other>"
    assert repr(Module()) == "<Module of nothing>"


def test_rules_that_are_added_later_belong_to_it():
    shop = Capability("shop")
    module = Module(shop)
    shop.when(a.Pod).is_created().mutate(lambda pod: None)

    assert len(module.bindings) == 1


async def _before(request: Any) -> None: ...


def test_hooks_may_be_async():
    module = Module(before=_before, after=lambda request, answer: None)

    assert module.hooks.before is _before
    assert module.hooks.after is not None


@pytest.mark.parametrize(
    ("arguments", "options", "problem"),
    [
        ([5], {}, "Module takes capabilities, not 5; write Module"),
        ([Capability], {}, "Module takes capabilities"),
        ([Capability("a"), Capability("a")], {}, "two capabilities are named 'a'"),
        ([], {"before": 5}, r"before is not a function but 5; write def before\(request\)"),
        ([], {"before": lambda: None}, "before cannot be called with 1 argument:"),
        (
            [],
            {"after": lambda request: None},
            r"after cannot be called with 2 arguments: .*def after\(request, answer\)",
        ),
    ],
)
def test_a_wrong_module_is_refused_with_file_and_line(arguments: Any, options: Any, problem: str):
    with pytest.raises(InvalidDefinition, match=problem) as failed:
        Module(*arguments, **options)

    location = failed.value.location
    assert location is not None
    assert Path(location.file).samefile(__file__)


def test_a_rule_for_an_ignored_namespace_is_refused_where_it_is_written():
    shop = Capability("shop")
    shop.when(a.Pod).is_created().in_namespace("shop", "quiet").mutate(lambda pod: None)
    shop.when(a.Pod).is_created().not_in_namespace("quiet").mutate(lambda pod: None)
    module = Module(shop)
    module.check_ignored(["kube-system"])

    with pytest.raises(
        InvalidDefinition, match="shop/mutate-pod is bound to quiet, which the settings ignore"
    ) as failed:
        module.check_ignored(["quiet"])
    assert failed.value.location == shop.bindings[0].location


@pytest.mark.parametrize(
    "forgotten",
    (
        lambda s: s.when(a.Pod),
        lambda s: s.when(a.Pod).is_created().in_namespace("x").with_labels({"a": "1"}),
        lambda s: s.when(a.Pod).is_created().alias("x"),
        lambda s: s.when(a.Pod).is_updated().for_subresource("status"),
        lambda s: s.when(a.Pod).is_created().mutate(name="x"),
        lambda s: s.when(a.Pod).is_created().mutate(lambda pod: None).validate(name="x"),
    ),
)
def test_a_chain_that_comes_to_no_action_is_told_with_its_line(forgotten: Any):
    shop = Capability("shop")
    module = Module(shop)
    module.check_finished()
    forgotten(shop)

    with pytest.raises(InvalidDefinition, match=r"'shop' has no action.*; write \.mutate\(function\)") as failed:
        module.check_finished()
    assert failed.value.location is not None
    assert failed.value.location.line == forgotten.__code__.co_firstlineno


def test_chains_that_come_to_an_action_somewhere_are_finished():
    shop = Capability("shop")
    pods = shop.when(a.Pod).is_created()
    pods.in_namespace("x").mutate(lambda pod: None).validate(lambda pod: pod.approve())
    pods.in_namespace("y").mutate(name="later")(lambda pod: None)

    @shop.when(a.Pod).is_created().validate
    def judge(pod: ValidateRequest[a.Pod]) -> Decision:
        return pod.approve()

    Module(shop).check_finished()

"""Who evaluates which filter: told of each, and true of the webhooks that are built."""

from __future__ import annotations

import re
from typing import Any

import pytest

from poblano import Capability, Context, Phase, a
from poblano.build.pushed import NO_CONDITIONS, NO_LABELS, PATTERN, PREDICATE, TOO_LONG, Row, lines, rows
from poblano.core.pushdown import LOOKS_NEW, NOTHING_LIKE_IT
from tests.build.asked import asked, plan
from tests.build.judged import approve


def told(*capabilities: Capability, **options: Any) -> dict[str, tuple[str, str]]:
    """Who evaluates a filter and why, by its words."""
    return {row.filter: (row.by, row.why) for row in rows(plan(*capabilities, **options))}


def shop(**options: Any) -> Capability:
    return Capability("shop", **options)


def test_all_that_cel_can_say_is_the_api_servers():
    one = shop(namespaces=["shop"])
    one.when(a.Pod).is_created().with_name("db").with_label("tier").by_group("developers").validate(approve)

    assert {by for by, _ in told(one).values()} == {"API server"}
    assert len(told(one)) == 4


def test_what_only_python_can_evaluate_is_pythons_and_it_is_said_why():
    def heavy(pod: a.Pod) -> bool:
        return len(pod.spec.containers) > 9

    one = shop()
    one.when(a.Pod).is_created().with_name_regex("(?=db)").where(heavy).validate(approve)

    assert told(one) == {"the name /(?=db)/": ("Python", PATTERN), "the predicate heavy": ("Python", PREDICATE)}


def test_a_rule_without_filters_says_so():
    one = shop()
    one.when(a.Pod).is_created().validate(name="all")(approve)

    assert rows(plan(one)) == (Row("shop/all", "validate", "none", "API server"),)


def test_an_old_server_evaluates_what_its_selectors_say():
    one = shop(namespaces=["shop"])
    one.when(a.Pod).is_created().with_name("db").with_label("tier").validate(approve)
    old, older = told(one, kubernetes=(1, 25)), told(one, kubernetes=(1, 20))

    assert old["the namespace shop"][0] == old["the label tier"][0] == older["the label tier"][0] == "API server"
    assert old["the name db"] == older["the name db"] == ("Python", NO_CONDITIONS)
    assert older["the namespace shop"] == ("Python", NO_LABELS)


def test_a_selector_says_only_what_all_rules_of_a_webhook_want():
    one = shop()
    one.when(a.Pod).is_created().in_namespace("shop").with_label("tier").validate(name="one")(approve)
    one.when(a.Pod).is_created().in_namespace("other").validate(name="two")(approve)

    assert {by for by, _ in told(one, kubernetes=(1, 25)).values()} == {"Python"}
    assert {by for by, _ in told(one).values()} == {"API server"}


def test_a_condition_that_is_too_long_is_left_out_and_that_is_said():
    one = shop()
    one.when(a.ConfigMap).is_created().with_name(*(f"{n:060}" for n in range(2000))).validate(approve)

    assert {(row.by, row.why) for row in rows(plan(one))} == {("Python", TOO_LONG)}


def test_what_is_said_of_a_watch_is_what_is_asked_of_the_api_server():
    one = shop(namespaces=["shop"])

    @one.when(a.ConfigMap).is_created().with_label("x").where(lambda each: True).watch
    def seen(each: a.ConfigMap, phase: Phase) -> None: ...

    @one.when(a.Secret).with_label("x").reconcile
    def made(each: a.Secret, ctx: Context[a.Secret]) -> None: ...

    found = {(row.rule, row.filter): (row.by, row.why) for row in rows(plan(one))}

    assert found["shop/seen", "the namespace shop"] == ("API server", "")
    assert found["shop/seen", "the label x"] == ("Python", LOOKS_NEW)
    assert found["shop/seen", "the predicate <lambda>"] == ("Python", NOTHING_LIKE_IT)
    assert found["shop/made", "the label x"] == ("API server", "")


def test_a_watched_namespace_is_selected_by_its_name():
    one = shop()
    one.when(a.Namespace).is_deleted().with_name("shop").watch(lambda each, phase: None)

    assert told(one) == {"the name shop": ("API server", "")}


@pytest.mark.parametrize("kubernetes", [(1, 20), (1, 25), (1, 36)])
def test_what_is_said_is_what_is_built(kubernetes: tuple[int, int]):
    """A value that is named in a filter is in the webhook exactly when the API server is said to evaluate it."""
    one = shop(namespaces=["here-and-nowhere"])
    chain = one.when(a.Pod).is_created().with_name("a-name").with_label("a-label").with_annotation("an-annotation")
    chain.in_namespace_regex("(?=here)").by_user("a-user").validate(approve)
    planned = plan(one, kubernetes=kubernetes)
    built = str(asked(planned))

    for row in rows(planned):
        (value,) = re.findall(r"here-and-nowhere|a-name|a-label|an-annotation|\(\?=here\)|a-user", row.filter)
        assert (value in built) is (row.by == "API server"), row


def test_it_is_printed_in_columns():
    one = shop(namespaces=["shop"])
    one.when(a.Pod).is_created().where(lambda pod: True).validate(name="small")(approve)

    assert lines(plan(one)) == [
        "RULE        DOES      FILTER                  EVALUATED BY",
        "shop/small  validate  the namespace shop      API server",
        "shop/small  validate  the predicate <lambda>  Python        only Python can call it",
    ]
    assert lines(plan(Capability("none"))) == []

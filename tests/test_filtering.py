"""What a chain says between its event and its action: filters, namespaces and subresources."""

from __future__ import annotations

from typing import Any

import pytest

from poblano import a
from poblano.core.filters import GroupIs, NameIs, NameMatches, NamespaceIs, UserIs
from poblano.core.marks import AnnotationIs, LabelIs
from tests.shop import shop


@pytest.mark.parametrize(
    ("event", "operations"),
    [
        ("is_created", {"CREATE"}),
        ("is_updated", {"UPDATE"}),
        ("is_created_or_updated", {"CREATE", "UPDATE"}),
        ("is_deleted", {"DELETE"}),
    ],
)
def test_an_event_is_its_verbs(event: str, operations: set[str]):
    rules = shop()
    getattr(rules.when(a.Pod), event)().mutate(lambda pod: None)

    assert rules.bindings[0].operations == operations


def test_a_filter_said_again_adds_to_what_was_said():
    rules = shop()
    chain = rules.when(a.Pod).is_created().in_namespace("a").with_name("x").in_namespace("b", "c").with_name("y")
    chain = chain.by_user("u").by_user("v").by_group("g").by_group("h").not_by_user("w").not_by_user("z")
    chain.with_name_regex("^x").with_name_regex("b$").mutate(lambda pod: None)
    (binding,) = rules.bindings
    found = {type(part): part for part in binding.filters if not getattr(part, "negated", False)}

    assert found[NamespaceIs].values == {"a", "b", "c"}
    assert found[NameIs].values == {"x", "y"}
    assert found[UserIs].values == {"u", "v"}
    assert found[GroupIs].values == {"g", "h"}
    assert [pattern.pattern for pattern in found[NameMatches].patterns] == ["^x", "b$"]
    assert UserIs(frozenset({"w", "z"}), negated=True) in binding.filters


def test_labels_said_again_must_all_hold():
    rules = shop()
    chain = rules.when(a.Pod).is_created().with_label("a").with_label("a", "").with_labels({"b": "1", "c": "2"})
    chain.with_annotations({"d": "3"}).without_annotation("e").mutate(lambda pod: None)

    assert rules.bindings[0].filters == (
        LabelIs("a"),
        LabelIs("a", frozenset({""})),
        LabelIs("b", frozenset({"1"})),
        LabelIs("c", frozenset({"2"})),
        AnnotationIs("d", frozenset({"3"})),
        AnnotationIs("e", negated=True),
    )


def test_a_chain_can_be_taken_up_again_from_any_point():
    rules = shop()
    chain = rules.when(a.Pod).is_created()
    chain.with_name("a").mutate(lambda pod: None)
    chain.mutate(lambda pod: None)

    assert [len(binding.filters) for binding in rules.bindings] == [1, 0]


def test_filters_may_stand_before_the_event():
    rules = shop()
    rules.when(a.Pod).in_namespace("a").with_label("x").is_created().mutate(lambda pod: None)

    assert len(rules.bindings[0].filters) == 2


def test_a_capabilitys_namespaces_are_filters_of_its_rules():
    rules = shop(namespaces=["a", "b"])
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    rules.when(a.Pod).is_created().in_namespace("a").mutate(lambda pod: None)

    assert [binding.filters for binding in rules.bindings] == [
        (NamespaceIs(frozenset({"a", "b"})),),
        (NamespaceIs(frozenset({"a"})),),
    ]


@pytest.mark.parametrize(
    ("kind", "name", "view", "operations"),
    [
        (a.Deployment, "scale", "Scale", {"CREATE", "UPDATE"}),
        (a.Pod, "eviction", "Eviction", {"CREATE", "UPDATE"}),
        (a.Pod, "status", "Pod", {"CREATE", "UPDATE"}),
        (a.Pod, "ephemeralcontainers", "Pod", {"CREATE", "UPDATE"}),
    ],
)
def test_a_subresource_has_its_own_object(kind: Any, name: str, view: str, operations: set[str]):
    rules = shop()
    rules.when(kind).for_subresource(name).is_created_or_updated().mutate(lambda r: None)
    rules.when(kind).is_created_or_updated().for_subresource(name).mutate(lambda r: None)

    for binding in rules.bindings:
        assert (binding.subresource, binding.view.__name__, binding.operations) == (name, view, operations)


@pytest.mark.parametrize("name", ["exec", "attach", "portforward"])
def test_what_is_connected_to_needs_no_event(name: str):
    rules = shop()
    rules.when(a.Pod).for_subresource(name).validate(lambda r: r.approve())
    rules.when(a.Pod).is_connected().for_subresource(name).validate(lambda r: r.approve())

    assert {binding.operations for binding in rules.bindings} == {frozenset({"CONNECT"})}
    assert {binding.view.__name__.lower() for binding in rules.bindings} == {f"pod{name}options"}

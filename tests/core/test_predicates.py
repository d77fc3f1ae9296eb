"""Which updates are news: engines' C4, demand 27."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import (
    Capability,
    InvalidDefinition,
    a,
    annotations_changed,
    field_changed,
    generation_changed,
    labels_changed,
)
from poblano.core.cache import Change, Item, Key
from poblano.core.jsonvalue import same
from poblano.core.predicates import Predicate, always_passes
from poblano.watch.selecting import Selection, is_news
from tests.core.values import JSON

MARKS = st.dictionaries(st.sampled_from(["tier", "app", "example.com/x"]), st.sampled_from(["1", "2"]))
OBJECTS = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {"uid": st.just("1")},
            optional={"labels": MARKS, "annotations": MARKS, "generation": st.integers(1, 3)},
        )
    },
    optional={"spec": JSON, "status": JSON},
)
ATOMS = st.sampled_from(
    [
        generation_changed(),
        labels_changed(),
        labels_changed("tier"),
        annotations_changed(),
        annotations_changed("example.com/x"),
        field_changed("spec"),
        field_changed("spec.a", "status.0.b"),
    ]
)
PREDICATES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda one, other: one | other, inner, inner),
        st.builds(lambda one, other: one & other, inner, inner),
        st.builds(lambda one: ~one, inner),
    ),
    max_leaves=4,
)


def labels(obj):
    return obj["metadata"].get("labels")


@given(OBJECTS, OBJECTS)
def test_c4_each_looks_at_its_part_alone(old, new):
    assert labels_changed().passes(old, new) is not same(labels(old), labels(new))
    assert labels_changed("tier").passes(old, new) is (
        (labels(old) or {}).get("tier") != (labels(new) or {}).get("tier")
    )
    assert field_changed("spec").passes(old, new) is not same(old.get("spec"), new.get("spec"))
    if "generation" in new["metadata"]:
        assert generation_changed().passes(old, new) is (
            old["metadata"].get("generation") != new["metadata"]["generation"]
        )
    else:
        assert generation_changed().passes(old, new)


@given(PREDICATES, PREDICATES, OBJECTS, OBJECTS)
def test_c4_they_combine_as_what_they_say(one: Predicate, other: Predicate, old, new):
    first, second = one.passes(old, new), other.passes(old, new)
    assert (one | other).passes(old, new) is (first or second)
    assert (one & other).passes(old, new) is (first and second)
    assert (~one).passes(old, new) is not first
    assert (~(one | other)).passes(old, new) is ((~one) & (~other)).passes(old, new)


@given(PREDICATES, OBJECTS)
def test_c4_nothing_changed_is_no_news_to_the_plain_ones(predicate: Predicate, obj):
    for plain in (labels_changed(), annotations_changed("x"), field_changed("spec", "status")):
        assert not plain.passes(obj, obj)
    assert isinstance(predicate.passes(obj, obj), bool)


@given(OBJECTS, OBJECTS, st.sampled_from([None, "2026-01-01T00:00:00Z"]), st.sampled_from(["1", "2"]))
def test_c4_the_beginning_of_a_deletion_and_another_uid_always_pass(old, new, deleted, uid):
    new["metadata"]["uid"] = uid
    if deleted:
        new["metadata"]["deletionTimestamp"] = deleted
    assert always_passes(old, new) is (deleted is not None or uid != "1")


def item(version, **metadata):
    raw = orjson.dumps({"metadata": {"name": "web", "namespace": "shop", "uid": "1", **metadata}})
    return Item(Key("shop", "web"), "1", version, raw)


def news_of(predicate, old, new, *, label=None):
    shop = Capability("shop")
    chain = shop.when(a.ConfigMap).with_label(label) if label else shop.when(a.ConfigMap)
    chain.when_changed(predicate).reconcile(lambda one, ctx: None)
    (binding,) = shop.bindings
    return is_news(binding, Selection(binding), Change("MODIFIED", new, old))


def test_c4_a_deletion_passes_a_rule_that_looks_at_labels():
    assert not news_of(labels_changed(), item("1"), item("2"))
    assert news_of(labels_changed(), item("1"), item("2", deletionTimestamp="2026-01-01T00:00:00Z"))
    assert news_of(labels_changed(), item("1"), item("2", labels={"a": "b"}))


def test_what_the_filters_take_that_they_did_not_take_before_is_news():
    assert news_of(annotations_changed(), item("1"), item("2", labels={"tier": "x"}), label="tier")
    assert not news_of(annotations_changed(), item("1", labels={"tier": "x"}), item("2"), label="tier")


def test_a_function_is_given_both_objects_as_the_rule_sees_them():
    seen = []
    news_of(lambda old, new: seen.append((type(old), old.metadata.name, new.metadata.name)), item("1"), item("2"))
    assert seen == [(a.ConfigMap, "web", "web")]


def test_a_function_that_fails_lets_the_change_pass_and_is_logged(capfd):
    assert news_of(lambda old, new: 1 / 0, item("1"), item("2"))
    assert "a predicate of a rule failed" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda chain: chain.when_changed(), "one or more predicates"),
        (lambda chain: chain.when_changed(5), "takes predicates, not 5"),
        (lambda chain: chain.when_changed(lambda new: True), "cannot be called with the old and the new object"),
        (lambda chain: chain.when_changed(field_changed("")), "is no path"),
        (lambda chain: chain.when_changed(field_changed("a..b")), "is no path"),
        (lambda chain: chain.when_changed(labels_changed("")), "labels_changed takes names"),
        (
            lambda chain: chain.is_updated().when_changed(generation_changed()).mutate(lambda request: None),
            "is for what follows objects",
        ),
    ],
)
def test_what_is_no_predicate_is_refused_where_it_is_written(write, message):
    with pytest.raises(InvalidDefinition, match=message) as caught:
        write(Capability("shop").when(a.Pod))
    assert "test_predicates.py" in str(caught.value)

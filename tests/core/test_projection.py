"""What a cache keeps of an object is the object, but for what it is to leave out; nothing else is lost or changed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import Capability, InvalidDefinition, a
from poblano.core.kinds import Kind
from poblano.core.projection import EVERY_FIELD, FULL, LAST_APPLIED, METADATA, Projection, decoded, trimmed
from poblano.core.watch_events import item_of, parse_line, parse_page

PODS = Kind("", "v1", "Pod", "pods")
SCALARS = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)
MANAGED = st.lists(st.fixed_dictionaries({"manager": st.text(), "fieldsV1": VALUES}), max_size=2)
METADATAS = st.fixed_dictionaries(
    {"name": st.just("web"), "uid": st.just("1"), "resourceVersion": st.just("7")},
    optional={
        "namespace": st.just("shop"),
        "managedFields": st.none() | MANAGED,
        "annotations": st.none() | st.dictionaries(st.sampled_from([LAST_APPLIED[-1], "b"]), st.text()),
        "labels": st.none() | st.dictionaries(st.text(), st.text()),
        "x": VALUES,
    },
)
OBJECTS = st.fixed_dictionaries(
    {"metadata": METADATAS},
    optional={
        "spec": VALUES,
        "managedFields": VALUES,
        "template": st.fixed_dictionaries({"metadata": st.fixed_dictionaries({"managedFields": MANAGED})}),
    },
)
PROJECTIONS = st.builds(
    Projection, st.booleans(), st.frozensets(st.sampled_from([*FULL.without, LAST_APPLIED, ("spec",), ("spec", "a")]))
)


def without(obj, path):
    """As it should be, by decoding all."""
    if len(path) == 1:
        return {key: value for key, value in obj.items() if key != path[0]}
    inner = obj.get(path[0])
    return {**obj, path[0]: without(inner, path[1:])} if isinstance(inner, dict) else obj


def expected(obj, projection):
    obj = {**obj, "kind": "Pod", "apiVersion": "v1"}
    if projection.metadata_only:
        obj = {key: obj[key] for key in ("apiVersion", "kind", "metadata")}
    for path in projection.without:
        obj = without(obj, path)
    return obj


@given(OBJECTS, PROJECTIONS, st.sampled_from([{}, {"kind": "Pod", "apiVersion": "v1"}]), st.booleans())
def test_r14_only_what_is_to_be_left_out_is_left_out(obj, projection, named, ascii):
    obj = {**named, **obj}
    line = json.dumps({"type": "ADDED", "object": obj}, ensure_ascii=ascii).encode()
    page = json.dumps({"metadata": {"resourceVersion": "9"}, "items": [obj]}, ensure_ascii=ascii).encode()
    watched, (listed,) = parse_line(line, PODS, projection).item, parse_page(page, PODS, projection).items
    assert json.loads(watched.raw) == expected(obj, projection)
    assert (watched.key, watched.uid, watched.resource_version) == (
        (obj["metadata"].get("namespace", ""), "web"),
        "1",
        "7",
    )
    assert watched == listed
    assert json.loads(item_of(obj, PODS, projection).raw) == expected(obj, projection)


@given(OBJECTS, PROJECTIONS, PROJECTIONS)
def test_r14_what_covers_another_keeps_all_that_it_does(obj, one, other):
    if one.covers(other):
        kept = json.loads(trimmed(obj, one))
        assert json.loads(trimmed(kept, other)) == json.loads(trimmed(obj, other))


def test_r14_a_server_that_sends_the_metadata_alone_and_one_that_sends_all_are_kept_alike():
    metadata = {"name": "web", "resourceVersion": "7", "managedFields": []}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    whole = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": {}}
    items = [
        parse_line(json.dumps({"type": "ADDED", "object": obj}).encode(), PODS, METADATA).item
        for obj in (partial, whole)
    ]
    assert items[0] == items[1]
    assert items[0].raw == b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","resourceVersion":"7"}}'


def test_r14_numbers_stay_as_they_are_written():
    raw = (
        b'{"metadata":{"name":"web","managedFields":[]},"spec":{"a":1e400,"b":123456789012345678901234567890,"c":1.10}}'
    )
    assert FULL.kept(decoded(raw)).endswith(b'"spec":{"a":1e400,"b":123456789012345678901234567890,"c":1.10}}')


def test_a_chain_says_how_much_is_kept():
    shop = Capability("shop")
    shop.when(a.Pod).metadata_only().reconcile(lambda pod, ctx: None)
    shop.when(a.Pod).is_created().with_managed_fields().watch(lambda pod, phase: None)
    shop.when(a.Pod).reconcile(lambda pod, ctx: None, name="all")
    assert [binding.projection for binding in shop.bindings] == [METADATA, EVERY_FIELD, FULL]
    with pytest.raises(InvalidDefinition, match="a validate action is given all of it"):
        shop.when(a.Pod).is_created().metadata_only().validate(lambda pod: pod.approve())

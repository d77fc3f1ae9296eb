"""Objects drawn from the schema of a kind: every type right, everything else as wild as Hypothesis likes it."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from poblano.cluster.resources import Resource, built_in_resources
from poblano.cluster.schema import Schema

_TEXTS = st.one_of(
    st.sampled_from(
        ["", "a", "web-1", "example.com/x", "None", "25%", "1Gi", "10.0.0.1", "Always", "TCP", "a_b", "v1"]
    ),
    st.text(max_size=6),
)
_NUMBERS = st.one_of(st.integers(-2, 3), st.sampled_from([80, 443, 31000, 2**31, -(2**31)]))
_TIMES = st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T01:00:00.123456+01:00"])
_QUANTITIES = st.one_of(st.sampled_from(["1", "100m", "1Gi", "-1", "0.5", "1e3"]), st.integers(0, 5))
_DEEPEST = 9


def writable() -> list[Resource]:
    """The built-in resources whose objects are stored; a definition of custom ones has rules of its own."""
    return [
        resource
        for resource in built_in_resources()
        if {"create", "update"} <= set(resource.verbs) and resource.group != "apiextensions.k8s.io"
    ]


@cache
def _resource(group: str, version: str, kind: str) -> Resource:
    return next(one for one in built_in_resources() if (one.group, one.version, one.kind) == (group, version, kind))


def objects(resource: Resource) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a resource, named, in a namespace where they have one."""
    schema = _resource(resource.group, resource.version, resource.kind).schema
    assert schema is not None
    meta = {"name": "x", "uid": "u", "resourceVersion": "1", **({"namespace": "n"} if resource.namespaced else {})}

    def named(drawn: dict[str, Any]) -> dict[str, Any]:
        extra = {key: (drawn.get("metadata") or {}).get(key) for key in ("labels", "annotations", "finalizers")}
        own = {**meta, **{key: value for key, value in extra.items() if value}}
        return {**drawn, "kind": resource.kind, "apiVersion": resource.api_version, "metadata": dict(own)}

    return _values(schema, 0).map(named)


def _values(schema: Schema, depth: int) -> st.SearchStrategy[Any]:
    if schema.properties:
        return _structs(schema, depth)
    if schema.values is not None:
        keys = st.sampled_from(["a", "cpu", "memory", "storage", "app", "example.com/x", "bad key"])
        return st.dictionaries(keys, _values(schema.values, depth + 1), max_size=2)
    if schema.items is not None:
        return st.lists(_values(schema.items, depth + 1), max_size=2)
    if schema.int_or_string:
        return st.one_of(_NUMBERS, _TEXTS)
    if schema.format == "date-time":
        return _TIMES
    if schema.format == "byte":
        return st.sampled_from(["", "YQ=="])
    if "oneOf" in schema.node:
        return _QUANTITIES
    match schema.type:
        case "string":
            allowed = schema.node.get("enum")
            return st.one_of(st.sampled_from(allowed), _TEXTS) if allowed else _TEXTS
        case "integer" | "number":
            return _NUMBERS
        case "boolean":
            return st.booleans()
        case _:
            return st.just({})


def _structs(schema: Schema, depth: int) -> st.SearchStrategy[Any]:
    @st.composite
    def struct(draw: st.DrawFn) -> dict[str, Any]:
        names = sorted(schema.properties)
        if depth >= _DEEPEST:
            names = [name for name in names if name in schema.required and not schema.properties[name].properties]
        chosen = draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) if names else []
        wanted = {*chosen, *(name for name in ("spec", "template", *schema.required) if name in names)}
        return {
            name: draw(st.none() if draw(st.integers(0, 19)) == 0 else _values(schema.properties[name], depth + 1))
            for name in sorted(wanted)
        }

    return struct()

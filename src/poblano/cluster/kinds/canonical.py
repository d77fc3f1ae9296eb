"""The shape that an object gets by being read into Go's types, stored as protobuf and written again.

Go's types say what vanishes (an empty list, ``""`` in a plain string) and what is always written (``status: {}``,
``replicas: 0`` in a status). The schema tells nearly all of it: a struct that is no pointer has ``default: {}``, a
scalar that is written even when empty has its zero as the default. What it does not tell stands in the tables here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from poblano.cluster.kinds import quantity
from poblano.cluster.kinds.pointers import ALWAYS_LISTS, EMPTY_TIMES, MICRO_TIMES, NOT_WRITTEN, keeps_zero
from poblano.cluster.resources import built_in_resources
from poblano.cluster.schema import Schema
from poblano.core.jsonvalue import Document

_Convert: TypeAlias = Callable[[Any], Any]


@dataclass(slots=True)
class _Plan:
    """What to do with a value: one of a struct, a list, a map, a scalar."""

    kind: str
    fields: dict[str, _Plan] = field(default_factory=dict[str, "_Plan"])
    filled: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    values: _Plan | None = None
    keeps_zero: bool = False
    convert: _Convert | None = None


def shape(obj: Document, group: str, kind: str) -> None:
    """Brings an object of a built-in kind into the shape in which the real server would return it, in place.

    >>> role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"labels": {}}, "rules": []}
    >>> shape(role, "rbac.authorization.k8s.io", "Role"); role["metadata"], role["rules"]
    ({}, None)
    """
    version = str(obj.get("apiVersion", "")).rpartition("/")[2]
    plan = _plan_of(group, version, kind)
    if plan is not None:
        _struct(obj, plan)


@cache
def _plan_of(group: str, version: str, kind: str) -> _Plan | None:
    for resource in built_in_resources():
        if (resource.group, resource.version, resource.kind) == (group, version, kind):
            return _plan(resource.schema, kind, "") if resource.schema else None
    return None


def _plan(schema: Schema, parent: str, name: str) -> _Plan:
    if schema.properties:
        return _struct_plan(schema, name or parent)
    if schema.values is not None:
        values = _plan(schema.values, name, "")
        if values.kind == "quantity":
            values.convert = quantity.canonical
        return _Plan("map", values=values)
    if schema.items is not None:
        return _Plan("list", values=_plan(schema.items, parent, name))
    if schema.type in {"string", "integer", "number", "boolean"}:
        return _scalar_plan(schema, parent, name)
    if {"type": "number"} in schema.node.get("oneOf", ()):
        return _Plan("quantity", keeps_zero=True, convert=_text)
    return _Plan("opaque", keeps_zero=True)


def _struct_plan(schema: Schema, name: str) -> _Plan:
    plan = _Plan("struct")
    for key, part in schema.properties.items():
        if key in {"apiVersion", "kind"} and "metadata" in schema.properties:
            continue
        plan.fields[key] = inner = _plan(part, name, key)
        if inner.kind == "struct" and part.default == {}:
            plan.filled.append((key, dict))
        elif (inner.kind == "time" and key in EMPTY_TIMES) or (
            inner.kind == "list" and (key in schema.required or f"{name}.{key}" in ALWAYS_LISTS)
        ):
            plan.filled.append((key, None))
        elif inner.kind == "scalar" and part.has_default and f"{name}.{key}" not in NOT_WRITTEN:
            inner.keeps_zero = not part.default
            plan.filled.append((key, part.default))
    return plan


def _scalar_plan(schema: Schema, parent: str, name: str) -> _Plan:
    if schema.format == "date-time":
        return _Plan("time", keeps_zero=False, convert=_micro_time if name in MICRO_TIMES else _time)
    return _Plan("scalar", keeps_zero=keeps_zero(parent, name))


def _struct(obj: Document, plan: _Plan) -> None:
    for key, inner in plan.fields.items():
        if key in obj and not _kept(obj, key, inner):
            del obj[key]
    for key, value in plan.filled:
        if key not in obj:
            obj[key] = value() if value is dict else value
            if value is dict:
                _struct(obj[key], plan.fields[key])


def _kept(obj: Document, key: str, plan: _Plan) -> bool:
    value = obj[key]
    if value is None:
        return False
    if plan.kind == "struct":
        if isinstance(value, dict):
            _struct(value, plan)  # pyright: ignore[reportUnknownArgumentType]
        return True
    if plan.kind in {"list", "map"}:
        _members(value, plan.values)
        return bool(value)
    if plan.convert is not None:
        obj[key] = value = plan.convert(value)
    return plan.keeps_zero or bool(value)


def _members(value: Any, plan: _Plan | None) -> None:
    if plan is None:
        return
    members: list[tuple[Any, Any]] = [*value.items()] if isinstance(value, dict) else [*enumerate(value)]
    for place, member in members:
        if plan.kind == "struct" and (member is None or isinstance(member, dict)):
            value[place] = inner = _as_struct(member)
            _struct(inner, plan)
        elif plan.kind in {"list", "map"} and member:
            _members(member, plan.values)
        elif plan.convert is not None and member is not None:
            value[place] = plan.convert(member)
        elif member is None and plan.kind == "scalar":
            value[place] = ""


def _as_struct(member: Any) -> Document:
    # null in a list of structs is a struct with nothing in it.
    return {} if member is None else member


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else str(value)


def _parsed(value: Any) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found.astimezone(dt.UTC) if found.tzinfo else None


def _time(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 20 and value[-1] == "Z":
        return value
    found = _parsed(value)
    return f"{found:%Y-%m-%dT%H:%M:%S}Z" if found else value


def _micro_time(value: Any) -> Any:
    found = _parsed(value)
    return f"{found:%Y-%m-%dT%H:%M:%S.%f}Z" if found else value

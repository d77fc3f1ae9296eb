"""JSON as Python holds it: what a value may be, when two are the same, how one is copied."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias, cast
from uuid import UUID

import orjson

from poblano.core.article import article
from poblano.core.errors import MalformedObject

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"
Document: TypeAlias = dict[str, Any]
"""An object as it came off the wire: ``json.loads`` of it, nothing converted."""

MAX_DEPTH = 200
"""How deep a value that an action makes may be. Go's decoder in the API server stops at 10 000; orjson writes 254."""

_LEAVES = frozenset({str, int, bool, type(None)})


def plain(value: object, path: str = "", depth: int = 0) -> Any:
    """`value` as JSON: views give up their documents, tuples become lists, enum members their values, UUIDs text.

    What is plain already is returned as it is, not copied.

    Raises:
        MalformedObject: for what JSON cannot say, naming where it stands.

    >>> plain({"a": (1, 2)})
    {'a': [1, 2]}
    >>> plain({"when": object()})
    Traceback (most recent call last):
    poblano.core.errors.MalformedObject: at .when: an object is not JSON
    """
    kind = value.__class__
    if kind in _LEAVES:
        return _text(value, path) if kind is str else value
    if depth > MAX_DEPTH:
        raise MalformedObject(f"{_at(path[:80])}: nested more than {MAX_DEPTH} deep, or containing itself")
    if kind is dict:
        return _plain_map(value, path, depth)  # type: ignore[arg-type]
    if kind is list:
        return _plain_list(value, path, depth)  # type: ignore[arg-type]
    return _converted(value, path, depth)


def _converted(value: Any, path: str, depth: int) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise MalformedObject(f"{_at(path)}: {value!r} is not a JSON number")
        return float(value)
    inner = getattr(value, "__document__", None)
    if inner is not None:
        return plain(inner(), path, depth)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return plain(value.value, path, depth)
    for base in (str, int):
        if isinstance(value, base):
            return plain(base(value), path, depth)
    if issubclass(type(value), tuple):
        return _plain_list(list(value), path, depth)
    if isinstance(value, Mapping):
        return _plain_map(dict(cast("Mapping[str, Any]", value)), path, depth)
    raise MalformedObject(f"{_at(path)}: {article(type(value).__name__)} is not JSON")


def _plain_map(value: Document, path: str, depth: int) -> Document:
    changed: Document | None = None
    for key, item in value.items():
        if key.__class__ is not str:
            raise MalformedObject(f"{_at(path)}: the key {key!r} is not a string")
        _text(key, path)
        clean = plain(item, f"{path}.{key}", depth + 1)
        if clean is not item:
            changed = dict(value) if changed is None else changed
            changed[key] = clean
    return value if changed is None else changed


def _plain_list(value: list[Any], path: str, depth: int) -> list[Any]:
    changed: list[Any] | None = None
    for index, item in enumerate(value):
        clean = plain(item, f"{path}[{index}]", depth + 1)
        if clean is not item:
            changed = list(value) if changed is None else changed
            changed[index] = clean
    return value if changed is None else changed


def _text(value: Any, path: str) -> Any:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise MalformedObject(f"{_at(path)}: the text is not valid Unicode (a lone surrogate)") from None
    return value


def _at(path: str) -> str:
    return f"at {path or 'the top'}"


def as_map(value: Any) -> Document | None:
    """`value` if it is a JSON map."""
    return value if value.__class__ is dict else None


def as_list(value: Any) -> list[Any] | None:
    """`value` if it is a JSON list."""
    return value if value.__class__ is list else None


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same JSON: ``True`` is not ``1``, and ``1`` is not ``1.0``; key order is nothing.

    >>> same({"a": 1, "b": [2]}, {"b": [2], "a": 1})
    True
    >>> same([1], [True]), same(1, 1.0)
    (False, False)
    """
    kind = left.__class__
    if kind is not right.__class__:
        return False
    if kind is dict:
        if len(left) != len(right):
            return False
        for key, value in left.items():
            if key not in right or not same(value, right[key]):
                return False
        return True
    if kind is list:
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def identical(left: Any, right: Any) -> bool:
    """`same`, at the speed of C for what is written alike on both sides, as nearly all of an object is.

    ``==`` alone takes True for 1. What is equal and also written alike, is the same; orjson tells where it is not.

    >>> identical({"a": [1]}, {"a": [1]}), identical({"a": [1]}, {"a": [True]})
    (True, False)
    """
    if left != right:
        return False
    try:
        return orjson.dumps(left) == orjson.dumps(right) or same(left, right)
    except TypeError:
        return same(left, right)


def copied(value: Any) -> Any:
    """A deep copy of plain JSON.

    >>> before = {"a": [1]}
    >>> after = copied(before)
    >>> after["a"].append(2)
    >>> before
    {'a': [1]}
    """
    kind = value.__class__
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    if kind is list:
        return [copied(item) for item in value]
    return value


def owned(value: object, path: str = "") -> Any:
    """`value` as JSON of its own: what becomes part of an object, so that a constant assigned into it stays a constant.

    >>> defaults = {"a": "1"}
    >>> owned(defaults) == defaults, owned(defaults) is defaults
    (True, False)
    """
    return copied(plain(value, path))

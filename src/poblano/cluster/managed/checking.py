"""Whether a configuration fits its schema, in the words with which server-side apply refuses it.

Source: sigs.k8s.io/structured-merge-diff/v6/typed/validate.go, helpers.go
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from poblano.cluster.managed.elements import ElementError, element_of, shown
from poblano.cluster.managed.types import ListType, MapType, Type
from poblano.cluster.patching.go_values import plain_text
from poblano.core.jsonvalue import Document, as_list, as_map

_GO_TYPES: Final[dict[type, str]] = {
    str: "string",
    bool: "bool",
    int: "int64",
    float: "float64",
    dict: "map[string]interface {}",
    list: "[]interface {}",
}


def type_errors(kind: Type, document: Document) -> list[str]:
    """What of the document does not fit, each with its path."""
    found: list[tuple[tuple[str, ...], str]] = []
    _check(kind, document, (), found)
    return [f"{shown(path)}: {text}" if path else text for path, text in found]


def together(errors: Sequence[str]) -> str:
    """Several errors as one text.

    >>> together([".a: x", ".b: y"])
    'errors:\\n  .a: x\\n  .b: y'
    """
    return errors[0] if len(errors) == 1 else "\n  ".join(["errors:", *errors])


_Found = list[tuple[tuple[str, ...], str]]


def _check(kind: Type, value: Any, path: tuple[str, ...], found: _Found) -> None:
    if value is None or kind.scalar == "raw":
        return
    mapped, listed = kind.map, kind.list
    if mapped is not None and (value.__class__ is dict or (kind.scalar is None and listed is None)):
        _check_map(mapped, value, path, found)
    elif listed is not None and (value.__class__ is list or kind.scalar is None):
        _check_list(listed, value, path, found)
    elif (text := _scalar_error(kind.scalar, value)) is not None:
        found.append((path, text))


def _check_map(kind: MapType, value: Any, path: tuple[str, ...], found: _Found) -> None:
    if value.__class__ is not dict:
        found.append((path, f"expected map, got {_pointer(value)}"))
        return
    for key, item in value.items():
        inner = kind.fields.get(key) or kind.rest
        if inner is None:
            found.append(((*path, f"f:{key}"), "field not declared in schema"))
            return
        _check(inner, item, (*path, f"f:{key}"), found)


def _check_list(kind: ListType, value: Any, path: tuple[str, ...], found: _Found) -> None:
    if value.__class__ is not list:
        found.append((path, f"expected list, got {_pointer(value)}"))
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        element = f"i:{index}"
        if not kind.atomic:
            try:
                element = element_of(kind, item)
            except ElementError as error:
                found.append((path, f"element {index}: {error}"))
                return
            if element in seen:
                found.append((path, f"duplicate entries for key {shown([element])}"))
            seen.add(element)
        _check(kind.item, item, (*path, element), found)


def _scalar_error(scalar: str | None, value: Any) -> str | None:
    kind = value.__class__
    if scalar == "numeric" and kind not in (int, float):
        return f"expected numeric (int or float), got {_GO_TYPES.get(kind, kind.__name__)}"
    if scalar == "string" and kind is not str:
        return f"expected string, got &value.valueUnstructured{{Value:{_literal(value)}}}"
    if scalar == "boolean" and kind is not bool:
        return f"expected boolean, got {_pointer(value)}"
    if scalar == "untyped" and kind in (dict, list):
        return f"expected any scalar, got {_pointer(value)}"
    return None


def _pointer(value: Any) -> str:
    """A value as Go's %v shows one behind the library's own pointer."""
    return f"&{{{plain_text(value)}}}"


def _literal(value: Any) -> str:
    """A value as Go's %#v shows it."""
    if (document := as_map(value)) is not None:
        inner = ", ".join(f"{json.dumps(key)}:{_literal(document[key])}" for key in sorted(document))
        return f"map[string]interface {{}}{{{inner}}}"
    if (items := as_list(value)) is not None:
        return "[]interface {}{" + ", ".join(map(_literal, items)) + "}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return "interface {}(nil)" if value is None else plain_text(value)

"""JSON values in the words of Go, for messages that clients compare."""

from __future__ import annotations

from typing import Any, Final

from poblano.core.jsonvalue import as_list, as_map

_KINDS: Final[dict[type, str]] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    type(None): "null",
}
_TYPES: Final[dict[type, str]] = {
    dict: "map[string]interface {}",
    list: "[]interface {}",
    str: "string",
    bool: "bool",
    int: "int64",
    float: "float64",
    type(None): "%!s(<nil>)",
}


def json_kind(value: object) -> str:
    """What encoding/json calls a value that it cannot put where it should go.

    >>> json_kind([])
    'array'
    """
    return _KINDS.get(value.__class__, "value")


def go_type(value: object) -> str:
    """The Go type of a decoded value, as %s of its reflect.Type shows it."""
    return _TYPES.get(value.__class__, "interface {}")


def plain_text(value: Any) -> str:
    """A value as Go's %v shows it.

    >>> plain_text({"b": [1, "x"], "a": None})
    'map[a:<nil> b:[1 x]]'
    """
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if (document := as_map(value)) is not None:
        return "map[" + " ".join(f"{key}:{plain_text(document[key])}" for key in sorted(document)) + "]"
    if (items := as_list(value)) is not None:
        return "[" + " ".join(map(plain_text, items)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)

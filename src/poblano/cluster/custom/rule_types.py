"""Structural schemas as types of expressions, and documents as their values.

Source: k8s.io/apiserver/pkg/cel/common/schemas.go and values.go; k8s.io/apiserver/pkg/cel/escaping.go
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.times import parse_duration, parse_timestamp
from poblano.cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Field,
    ObjectType,
    Type,
    list_of,
    map_of,
)
from poblano.cluster.cel.values import MapList, SetList
from poblano.cluster.schema import Node

_RESERVED: Final = frozenset(
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"}
    | {"namespace", "null", "package", "return", "true", "var", "void", "while"}
)
_ESCAPES: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_PIECE: Final = re.compile(r"__|\.|-|/")
_IDENTIFIER: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_METADATA: Final = ObjectType("metadata", (), {name: Field(name, STRING) for name in ("name", "generateName")})


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


_TEXTS: Final[dict[str, tuple[Type, Callable[[str], Any]]]] = {
    "date-time": (TIMESTAMP, parse_timestamp),
    "date": (TIMESTAMP, lambda text: parse_timestamp(f"{text}T00:00:00Z")),
    "duration": (DURATION, parse_duration),
    "byte": (BYTES, _decoded),
}


def escaped(name: str) -> str | None:
    """The identifier by which expressions name a property; None where there is none.

    >>> escaped("foo-bar"), escaped("namespace"), escaped("a b")
    ('foo__dash__bar', '__namespace__', None)
    """
    if name in _RESERVED:
        return f"__{name}__"
    made = _PIECE.sub(lambda found: _ESCAPES[found.group()], name)
    return made if _IDENTIFIER.fullmatch(made) else None


def type_of_schema(node: Node, *, is_object: bool = False) -> Type:
    """The type of the values of a schema; `is_object` for a whole object, of which expressions see the name."""
    if node.get("x-kubernetes-int-or-string") is True:
        return DYN
    kind = node.get("type")
    match kind:
        case "object":
            return _map_type(node, is_object=is_object or node.get("x-kubernetes-embedded-resource") is True)
        case "array":
            items: Any = node.get("items")
            return list_of(type_of_schema(items)) if items.__class__ is dict else list_of(DYN)
        case "string":
            special = _TEXTS.get(str(node.get("format")))
            return special[0] if special else STRING
        case _:
            return {"boolean": BOOL, "integer": INT, "number": DOUBLE}.get(str(kind), DYN)


def _map_type(node: Node, *, is_object: bool) -> Type:
    values: Any = node.get("additionalProperties")
    if values.__class__ is dict:
        return map_of(STRING, type_of_schema(values))
    properties: dict[str, Node] = node.get("properties") or {}
    fields: dict[str, Field] = {}
    for name, inner in properties.items():
        identifier = escaped(name)
        if identifier is not None and (inner.get("type") or inner.get("x-kubernetes-int-or-string") is True):
            fields[identifier] = Field(name, type_of_schema(inner))
    if is_object:
        fields |= {"apiVersion": Field("apiVersion", STRING), "kind": Field("kind", STRING)}
        fields["metadata"] = Field("metadata", _METADATA)
    return ObjectType("object", (), fields)


def converter(node: Node, *, is_object: bool = False) -> Callable[[Any], Any]:
    """What makes a document into a value for expressions; nothing is copied where JSON will do as it is."""
    return _converter(node, is_object=is_object) or (lambda value: value)


_Convert = Callable[[Any], Any]


def _converter(node: Node, *, is_object: bool = False) -> _Convert | None:
    if node.get("x-kubernetes-int-or-string") is True:
        return None
    match node.get("type"):
        case "object":
            return _map_converter(node, is_object=is_object or node.get("x-kubernetes-embedded-resource") is True)
        case "array":
            return _list_converter(node)
        case "string" if node.get("format") in _TEXTS:
            return _text_converter(str(node["format"]))
        case "number":
            return lambda value: float(value) if value.__class__ is int else value
        case "integer":
            return lambda value: int(value) if value.__class__ is float else value
        case _:
            return None


def _text_converter(form: str) -> _Convert:
    parse = _TEXTS[form][1]

    def convert(value: Any) -> Any:
        if value.__class__ is not str:
            return value
        found = parse(value)
        if found is None:
            raise CelError(f"Invalid {form} {value}")
        return found

    return convert


def _list_converter(node: Node) -> _Convert | None:
    items: Any = node.get("items")
    inner = _converter(items) if items.__class__ is dict else None
    kind = node.get("x-kubernetes-list-type")
    keys = tuple(node.get("x-kubernetes-list-map-keys") or ())
    if inner is None and kind not in ("set", "map"):
        return None

    def convert(value: Any) -> Any:
        if value.__class__ is not list:
            return value
        made = [inner(item) for item in value] if inner else value
        if kind == "set":
            return SetList(made)
        if kind == "map":
            keyed = MapList(made)
            keyed.keys = keys
            return keyed
        return made

    return convert


def _map_converter(node: Node, *, is_object: bool) -> _Convert | None:
    values: Any = node.get("additionalProperties")
    each = _converter(values) if values.__class__ is dict else None
    properties: dict[str, Node] = node.get("properties") or {}
    renamed = {name: escaped(name) or name for name in properties}
    inner = {name: found for name, one in properties.items() if (found := _converter(one))}
    if each is None and not inner and not is_object and all(name == other for name, other in renamed.items()):
        return None
    seen = frozenset(properties) | {"apiVersion", "kind", "metadata"} if is_object else None

    def convert(value: Any) -> Any:
        if value.__class__ is not dict:
            return value
        if each is not None:
            return {key: each(item) for key, item in value.items()}
        return {
            renamed.get(key, key): inner[key](item) if key in inner else item
            for key, item in value.items()
            if seen is None or key in seen
        }

    return convert

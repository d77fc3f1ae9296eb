"""Whether the values of a built-in kind have the types of Go's structs; the first that has not decides.

Source: encoding/json/decode.go (UnmarshalTypeError), and the UnmarshalJSON methods of k8s.io/apimachinery
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from poblano.cluster.decoding.go_names import go_type, reference, struct_name
from poblano.cluster.schema import Node, built_in
from poblano.cluster.status import bad_request
from poblano.core.jsonvalue import Document

_QUANTITY: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+|[KMGTPE]i|[numkMGTPE]?)", re.ASCII)
_ROUGH_QUANTITY: Final = re.compile(r"[+-]?[0-9.]+[eEinumkKMGTP]*[-+]?[0-9]*", re.ASCII)
_MOMENT: Final = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]")
_JSON_NAMES: Final = {str: "string", bool: "bool", int: "number", float: "number", dict: "object", list: "array"}
_RANGES: Final = {"int32": 2**31, "int64": 2**63, "": 2**63}


class _Wrong(Exception):
    pass


def type_errors(document: Document, definition: str) -> None:
    """Refuse an object whose values cannot be decoded.

    Args:
        document: with its apiVersion and kind.
        definition: the name of its schema, "io.k8s.api.core.v1.Pod"; empty for one that is not known.

    Raises:
        StatusError: 400, naming the first such value.

    >>> type_errors({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": 1}}, "io.k8s.api.core.v1.ConfigMap")
    Traceback (most recent call last):
    poblano.cluster.status.StatusError: ConfigMap in version "v1" cannot be handled as a ConfigMap: json: ...
    """
    if not definition:
        return
    try:
        _struct(document, definition, ())
    except _Wrong as wrong:
        kind, version = document.get("kind", ""), str(document.get("apiVersion", "")).rpartition("/")[2]
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: {wrong}') from None


def mismatch_in(value: Document, definition: str) -> str:
    """What Go's decoder says of one struct; empty where it takes it.

    >>> mismatch_in({"labels": {"a": 1}}, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
    'json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string'
    """
    try:
        _struct(value, definition, ())
    except _Wrong as wrong:
        return str(wrong)
    return ""


def _struct(value: Document, definition: str, path: tuple[str, ...]) -> None:
    name, properties = struct_name(definition), built_in()[definition].node.get("properties", {})
    for key, item in value.items():
        node = properties.get(key)
        if node is not None and item is not None:
            _value(item, node, name, (*path, key))


def _value(value: Any, node: Node, struct: str, path: tuple[str, ...]) -> None:
    name = reference(node)
    if name:
        special = _SPECIAL.get(struct_name(name))
        if special is not None:
            special(value)
            return
        if "properties" in built_in()[name].node or built_in()[name].type == "object":
            _expect(value, dict, node, struct, path)
            _struct(value, name, path)
            return
        node = built_in()[name].node
    check = _BY_TYPE.get(str(node.get("type")))
    if check is not None:
        check(value, node, struct, path)


def _expect(value: Any, wanted: type, node: Node, struct: str, path: tuple[str, ...]) -> None:
    if value.__class__ is not wanted:
        raise _mismatch(_JSON_NAMES[value.__class__], node, struct, path)


def _mismatch(found: str, node: Node, struct: str, path: tuple[str, ...]) -> _Wrong:
    wanted = go_type(node, f"{struct}.{path[-1]}")
    return _Wrong(f"json: cannot unmarshal {found} into Go struct field {struct}.{'.'.join(path)} of type {wanted}")


def _list(value: Any, node: Node, struct: str, path: tuple[str, ...]) -> None:
    _expect(value, list, node, struct, path)
    items = node.get("items", {})
    for item in value:
        if item is not None:
            _value(item, items, struct, path)


def _map(value: Any, node: Node, struct: str, path: tuple[str, ...]) -> None:
    _expect(value, dict, node, struct, path)
    values: Any = node.get("additionalProperties")
    if values.__class__ is dict:
        for item in value.values():
            if item is not None:
                _value(item, values, struct, path)


def _text(value: Any, node: Node, struct: str, path: tuple[str, ...]) -> None:
    _expect(value, str, node, struct, path)
    if node.get("format") == "byte":
        _base64(value)


def _integer(value: Any, node: Node, struct: str, path: tuple[str, ...]) -> None:
    if value.__class__ is int:
        limit = _RANGES.get(str(node.get("format") or ""), 2**63)
        if not -limit <= value < limit:
            raise _mismatch(f"number {value}", node, struct, path)
        return
    raise _mismatch(f"number {value}" if value.__class__ is float else _JSON_NAMES[value.__class__], node, struct, path)


def _number(value: Any, node: Node, struct: str, path: tuple[str, ...]) -> None:
    if value.__class__ not in (int, float):
        raise _mismatch(_JSON_NAMES[value.__class__], node, struct, path)


_BY_TYPE: Final[dict[str, Callable[[Any, Node, str, tuple[str, ...]], None]]] = {
    "array": _list,
    "object": _map,
    "string": _text,
    "integer": _integer,
    "number": _number,
    "boolean": lambda value, node, struct, path: _expect(value, bool, node, struct, path),
}


def _base64(text: str) -> None:
    stripped = text.replace("\n", "").replace("\r", "")
    for at, character in enumerate(stripped):
        if not _BASE64.match(character):
            padding = stripped[at:]
            if at % 4 in (2, 3) and padding == "=" * (4 - at % 4):
                return
            raise _Wrong(f"illegal base64 data at input byte {at}")
    if len(stripped) % 4:
        raise _Wrong(f"illegal base64 data at input byte {len(stripped) - len(stripped) % 4}")


def _quantity(value: Any) -> None:
    text = value if value.__class__ is str else "" if value.__class__ in (bool, dict, list) else str(value)
    if _QUANTITY.fullmatch(text):
        return
    if _ROUGH_QUANTITY.fullmatch(text):
        raise _Wrong("unable to parse quantity's suffix")
    raise _Wrong("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")


def _int_or_string(value: Any) -> None:
    if value.__class__ is str or (value.__class__ is int and abs(value) < 2**31):
        return
    found = _JSON_NAMES[value.__class__]
    raise _Wrong(
        f"json: cannot unmarshal {found}{f' {value}' if found == 'number' else ''} into Go value of type int32"
    )


def _moment(layout: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if value.__class__ is not str:
            raise _Wrong(f"json: cannot unmarshal {_JSON_NAMES[value.__class__]} into Go value of type string")
        if not _MOMENT.fullmatch(value):
            at, part = _stumbles(value)
            raise _Wrong(f'parsing time "{value}" as "{layout}": cannot parse "{value[at:]}" as "{part}"')

    return check


def _stumbles(text: str) -> tuple[int, str]:
    """Where Go stops reading a time, and what it wanted there."""
    at = 0
    for pattern, part in _PARTS:
        found = re.compile(pattern, re.ASCII).match(text, at)
        if found is None:
            return at, part
        at = found.end()
    return at, "Z07:00"


def _schemas(value: Any) -> None:
    for one in value if value.__class__ is list else [value]:
        if one.__class__ is dict:
            _struct(one, _SCHEMA, ())


def _schema_or_bool(value: Any) -> None:
    if value.__class__ not in (dict, bool):
        raise _Wrong("boolean or JSON schema expected")
    _schemas(value)


_SCHEMA: Final = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
_PARTS: Final = (
    (r"\d{4}", "2006"), ("-", "-"), (r"\d\d", "01"), ("-", "-"), (r"\d\d", "02"), ("T", "T"), (r"\d\d", "15"),
    (":", ":"), (r"\d\d", "04"), (":", ":"), (r"\d\d(?:[.,]\d+)?", "05"), (r"Z|[+-]\d\d:\d\d", "Z07:00"),
)  # fmt: skip
_SPECIAL: Final[dict[str, Callable[[Any], None]]] = {
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
    "Time": _moment("2006-01-02T15:04:05Z07:00"),
    "MicroTime": _moment("2006-01-02T15:04:05.000000Z07:00"),
    "RawExtension": lambda value: None,
    "FieldsV1": lambda value: None,
    "JSON": lambda value: None,
    "JSONSchemaPropsOrArray": _schemas,
    "JSONSchemaPropsOrBool": _schema_or_bool,
    "JSONSchemaPropsOrStringArray": _schemas,
}

"""OpenAPI v2 in protobuf: the message `openapi.v2.Document` of gnostic, which old kubectls read instead of JSON.

Source: github.com/google/gnostic, openapiv2/OpenAPIv2.proto. Each table gives, for a key of the JSON, the number of the field and
what it is written as.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson

from poblano.cluster.openapi.wire import double, integer, message, text, varint

Node = Mapping[str, Any]
Write = Callable[[int, Any], bytes]
Fields = Mapping[str, tuple[int, Write]]


def _all(write: Write) -> Write:
    return lambda field, values: b"".join(write(field, value) for value in values)


def _within(encode: Callable[[Any], bytes]) -> Write:
    return lambda field, value: message(field, encode(value))


def _item(field: int, value: str) -> bytes:
    """One of several texts: an empty one counts."""
    return message(field, value.encode())


def named(field: int, name: str, value: bytes) -> bytes:
    """An entry of what is a map in JSON and a list of pairs in protobuf."""
    return message(field, text(1, name) + message(2, value))


def _map(encode: Callable[[Any], bytes], field: int, found: Node) -> bytes:
    return b"".join(named(field, key, encode(value)) for key, value in found.items())


def _any(value: Any) -> bytes:
    """Any: YAML, of which JSON is a part."""
    return text(2, orjson.dumps(value).decode())


def _encoded(node: Node, fields: Fields, extensions: int) -> bytes:
    """A message by its table; the keys that begin with "x-" are its extensions, others are not known to v2."""
    parts = [fields[key][1](fields[key][0], value) for key, value in node.items() if key in fields]
    if extensions:
        parts += [named(extensions, key, _any(value)) for key, value in node.items() if key.startswith("x-")]
    return b"".join(parts)


def encode_schema(node: Node) -> bytes:
    """A Schema."""
    return _encoded(node, _SCHEMA, 31)


def _additional(value: Any) -> bytes:
    if isinstance(value, bool):
        return varint(2 << 3) + varint(value)
    return message(1, encode_schema(value))


def _types(value: str | list[str]) -> bytes:
    return _all(_item)(1, [value] if isinstance(value, str) else value)


_SCHEMA: Final[Fields] = {
    "$ref": (1, text),
    "format": (2, text),
    "title": (3, text),
    "description": (4, text),
    "default": (5, _within(_any)),
    "multipleOf": (6, double),
    "maximum": (7, double),
    "exclusiveMaximum": (8, integer),
    "minimum": (9, double),
    "exclusiveMinimum": (10, integer),
    "maxLength": (11, integer),
    "minLength": (12, integer),
    "pattern": (13, text),
    "maxItems": (14, integer),
    "minItems": (15, integer),
    "uniqueItems": (16, integer),
    "maxProperties": (17, integer),
    "minProperties": (18, integer),
    "required": (19, _all(_item)),
    "enum": (20, _all(_within(_any))),
    "additionalProperties": (21, _within(_additional)),
    "type": (22, _within(_types)),
    "items": (23, _within(lambda value: message(1, encode_schema(value)))),
    "properties": (25, _within(lambda value: _map(encode_schema, 1, value))),
    "example": (30, _within(_any)),
}
_QUERY: Final[Fields] = {
    "required": (1, integer),
    "in": (2, text),
    "description": (3, text),
    "name": (4, text),
    "type": (6, text),
    "format": (7, text),
    "uniqueItems": (20, integer),
}
_PATH: Final[Fields] = {
    "required": (1, integer),
    "in": (2, text),
    "description": (3, text),
    "name": (4, text),
    "type": (5, text),
    "format": (6, text),
    "uniqueItems": (19, integer),
}
_BODY: Final[Fields] = {
    "description": (1, text),
    "name": (2, text),
    "in": (3, text),
    "required": (4, integer),
    "schema": (5, _within(encode_schema)),
}


def _parameter(node: Node) -> bytes:
    """A ParametersItem, which holds a Parameter, which holds one kind of parameter."""
    if node["in"] == "body":
        return message(1, message(1, _encoded(node, _BODY, 6)))
    inner = message(4, _encoded(node, _PATH, 22)) if node["in"] == "path" else message(3, _encoded(node, _QUERY, 23))
    return message(1, message(2, inner))


_RESPONSE: Final[Fields] = {
    "description": (1, text),
    "schema": (2, _within(lambda value: message(1, encode_schema(value)))),
}


def _response(node: Node) -> bytes:
    return message(1, _encoded(node, _RESPONSE, 5))


def _requirement(node: Node) -> bytes:
    return _map(lambda values: _all(_item)(1, values), 1, node)


_OPERATION: Final[Fields] = {
    "tags": (1, _all(_item)),
    "summary": (2, text),
    "description": (3, text),
    "operationId": (5, text),
    "produces": (6, _all(_item)),
    "consumes": (7, _all(_item)),
    "parameters": (8, _all(_within(_parameter))),
    "responses": (9, _within(lambda value: _map(_response, 1, value))),
    "schemes": (10, _all(_item)),
    "deprecated": (11, integer),
    "security": (12, _all(_within(_requirement))),
}


def _operation(node: Node) -> bytes:
    return _encoded(node, _OPERATION, 13)


_METHODS: Final = {"get": 2, "put": 3, "post": 4, "delete": 5, "options": 6, "head": 7, "patch": 8}
_PATH_ITEM: Final[Fields] = {
    **{method: (field, _within(_operation)) for method, field in _METHODS.items()},
    "parameters": (9, _all(_within(_parameter))),
}


def encode_path_item(node: Node) -> bytes:
    """A PathItem."""
    return _encoded(node, _PATH_ITEM, 10)


_INFO: Final[Fields] = {"title": (1, text), "version": (2, text), "description": (3, text)}
_API_KEY: Final[Fields] = {"type": (1, text), "name": (2, text), "in": (3, text), "description": (4, text)}


def _security(node: Node) -> bytes:
    return message(2, _encoded(node, _API_KEY, 5))


def encode_path(path: str, item: Node) -> bytes:
    """An entry of Paths."""
    return named(2, path, encode_path_item(item))


def encode_definition(name: str, node: Node) -> bytes:
    """An entry of Definitions."""
    return named(1, name, encode_schema(node))


def encode_document(preamble: Node, paths: Iterable[bytes], definitions: Iterable[bytes]) -> bytes:
    """A Document.

    Args:
        preamble: "swagger", "info", "security" and "securityDefinitions", as in JSON.
        paths: the entries of Paths, encoded, in any number of pieces.
        definitions: those of Definitions.
    """
    return b"".join(
        (
            text(1, preamble["swagger"]),
            message(2, _encoded(preamble["info"], _INFO, 7)),
            message(8, b"".join(paths)),
            message(9, b"".join(definitions)),
            _all(_within(_requirement))(12, preamble["security"]),
            message(13, _map(_security, 1, preamble["securityDefinitions"])),
        )
    )

"""The fieldPath of a rule: ".spec.replicas", ".labels['app.kubernetes.io/name']".

Source: ValidFieldPath in k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go
"""

from __future__ import annotations

import re
from typing import Any, Final

from poblano.cluster.schema import Node

_TOKENS: Final = re.compile(r"'(?:[^'\\]|\\.)*'|[.\[\]]|[^.\[\]]+")
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPED: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}


class BadFieldPath(Exception):
    """A path that leads nowhere."""


def normalized(path: str, node: Node, *, brackets: bool = True) -> str:
    """The path as an error shows it.

    Args:
        node: the schema that it is about.
        brackets: whether ``['key']`` may be written.

    Raises:
        BadFieldPath: with what is wrong.

    >>> normalized(".a", {"properties": {"a": {"type": "string"}}})
    'a'
    """
    found = ""
    pieces = iter(_TOKENS.findall(path))
    for piece in pieces:
        if piece == ".":
            name = _next(pieces)
        elif piece == "[":
            if not brackets:
                raise BadFieldPath("array notation is not allowed")
            name = _quoted(_next(pieces))
            closing = _next(pieces)
            if closing != "]":
                raise BadFieldPath(f"expected ] but got {closing}")
        else:
            raise BadFieldPath(f"expected [ or . but got: {piece}")
        found, node = _into(found, name, node)
    return found


def _next(tokens: Any) -> str:
    token: str | None = next(tokens, None)
    if token is None:
        raise BadFieldPath("unexpected end of JSON path")
    return token


def _quoted(token: str) -> str:
    if len(token) < 2 or token[0] != "'" or token[-1] != "'":
        raise BadFieldPath(f"expected single quoted string but got {token}")

    def unescape(found: re.Match[str]) -> str:
        if found[1] not in _ESCAPED:
            raise BadFieldPath(f"invalid string literal: invalid escape char {found.group()}")
        return _ESCAPED[found[1]]

    return _ESCAPE.sub(unescape, token[1:-1])


def _into(path: str, name: str, node: Node) -> tuple[str, Node]:
    properties: Any = node.get("properties")
    values: Any = node.get("additionalProperties")
    if properties:
        if name not in properties:
            raise BadFieldPath("does not refer to a valid field")
        return (f"{path}.{name}" if path else name), properties[name]
    if values.__class__ is dict:
        return f"{path}[{name}]", values
    raise BadFieldPath("does not refer to a valid field")

"""What Go says of JSON of the wrong type: an answer's faults are told in the API server's words.

Sources: encoding/json/decode.go (types), encoding/base64/base64.go, strconv/quote.go
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from poblano.core.jsonvalue import as_list, as_map

_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

_ESCAPES: Final = {
    "\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\a": r"\a", "\b": r"\b", "\f": r"\f", "\v": r"\v"
}  # fmt: skip


class GoError(ValueError):
    """Go's decoder would refuse this, with this text."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A Go type that is one value: `json` is "string", "bool" or "int"; `name` what Go calls it."""

    json: str
    name: str


@dataclass(frozen=True, slots=True)
class Struct:
    """A Go struct; `name` with its package, "v1.Status"."""

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class MapOf:
    """A Go map with string keys."""

    item: Any
    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A Go slice. A slice of bytes is given as a base64 text."""

    item: Any
    name: str


BYTES: Final = ListOf(Scalar("int", "uint8"), "[]uint8")


def check(value: Any, kind: Any) -> None:
    """See whether Go's decoder would take `value` for a `kind`.

    Raises:
        GoError: it would not.

    >>> check({"a": [1]}, Struct("v1.Thing", {"a": ListOf(Scalar("string", "string"), "[]string")}))
    Traceback (most recent call last):
    poblano.cluster.webhooks.go_json.GoError: json: cannot unmarshal number into Go struct field Thing.a of type string
    """
    _check(value, kind, "", "")


def _check(value: Any, kind: Any, struct: str, path: str) -> None:
    if value is None:
        return
    document, items = as_map(value), as_list(value)
    if kind is BYTES and isinstance(value, str):
        decode_base64(value)
    elif isinstance(kind, Struct) and document is not None:
        inner = kind.name.rpartition(".")[2]
        for key, item in document.items():
            if key in kind.fields:
                _check(item, kind.fields[key], inner, f"{path}.{key}" if path else key)
    elif isinstance(kind, MapOf) and document is not None:
        for item in document.values():
            _check(item, kind.item, struct, path)
    elif isinstance(kind, ListOf) and items is not None:
        for item in items:
            _check(item, kind.item, struct, path)
    elif not (isinstance(kind, Scalar) and described(value) == ("number" if kind.json == "int" else kind.json)):
        raise GoError(_mismatch(described(value), kind.name, struct, path))
    elif kind.json == "int" and not isinstance(value, int):
        raise GoError(_mismatch(f"number {value}", kind.name, struct, path))


def _mismatch(found: str, wanted: str, struct: str, path: str) -> str:
    if path:
        return f"json: cannot unmarshal {found} into Go struct field {struct}.{path} of type {wanted}"
    return f"json: cannot unmarshal {found} into Go value of type {wanted}"


def described(value: Any) -> str:
    """What Go calls a JSON value: "object", "array", "string", "number", "bool"; "null" for None."""
    if isinstance(value, bool):
        return "bool"
    names = {dict: "object", list: "array", str: "string", int: "number", float: "number"}
    return names.get(value.__class__, "null")


def decode_base64(text: str) -> bytes:
    """The bytes of a text, as Go's strict standard encoding reads it; line breaks do not count.

    Raises:
        GoError: it is none.

    >>> decode_base64("e30=")
    b'{}'
    """
    import base64
    import binascii

    at = _corrupt(text)
    if at is not None:
        raise GoError(f"illegal base64 data at input byte {at}")
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except binascii.Error:
        raise GoError(f"illegal base64 data at input byte {len(text.encode())}") from None


def _corrupt(text: str) -> int | None:
    """Where Go gives up; None where it does not."""
    data = text.encode()
    digits = 0
    for at, byte in enumerate(data):
        character = chr(byte)
        if character in "\r\n":
            continue
        if character == "=":
            return _corrupt_padding(data, at, digits % 4)
        if character not in _BASE64:
            return at
        digits += 1
    return len(data) if digits % 4 else None


def _corrupt_padding(data: bytes, at: int, digits: int) -> int | None:
    if digits < 2:
        return at
    rest = [index for index in range(at + 1, len(data)) if data[index] not in b"\r\n"]
    if digits == 2:
        if not rest:
            return len(data)
        if data[rest[0]] != ord("="):
            return rest[0]
        rest = rest[1:]
    return rest[0] if rest else None


def quoted(text: str) -> str:
    """A text as Go's %q shows it.

    >>> print(quoted('say "hi"\\n'))
    "say \\"hi\\"\\n"
    """
    return f'"{"".join(_shown(character) for character in text)}"'


def _shown(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

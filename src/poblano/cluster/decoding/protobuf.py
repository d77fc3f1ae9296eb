"""Objects in protobuf, which kubectl from 1.36 on sends for what it makes itself: `kubectl create`, `kubectl auth can-i`.

Source: k8s.io/apimachinery/pkg/runtime/serializer/protobuf; the numbers of the fields in data/protobuf.json.gz.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from poblano.cluster.kinds.pointers import keeps_zero
from poblano.cluster.resources import built_in_resources
from poblano.cluster.status import bad_request
from poblano.core.jsonvalue import Document

_MAGIC: Final = b"k8s\x00"
_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1"
_QUANTITY: Final = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING: Final = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_POINTERS_OF_OPTIONS: Final = frozenset({"gracePeriodSeconds", "orphanDependents"})
_PLAIN_INT_OR_STRINGS: Final = frozenset({"targetPort"})


class _Broken(Exception):
    """The bytes are no message."""


def read_protobuf(body: bytes) -> Document:
    """The object in a body; its fields as JSON has them.

    Raises:
        StatusError: 400 for what is no object of a built-in kind.
    """
    if not body.startswith(_MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = {number: value for number, _, value in _fields(body[len(_MAGIC) :])}
        identity = {number: _text(value) for number, _, value in _fields(envelope.get(1, b""))}
        api_version, kind = identity.get(1, ""), identity.get(2, "")
        message = _message_of(api_version, kind)
        if message is None:
            raise bad_request(f'no kind "{kind}" is registered for version "{api_version}" in protobuf')
        return {"kind": kind, "apiVersion": api_version, **_message(message, envelope.get(2, b""), kind)}
    except (_Broken, UnicodeDecodeError, RecursionError) as error:
        raise bad_request(f"unable to decode the protobuf message: {error}") from None


@cache
def _messages() -> dict[str, dict[str, str]]:
    packed = files("poblano.cluster").joinpath("data", "protobuf.json.gz").read_bytes()
    return msgspec.json.decode(gzip.decompress(packed), type=dict[str, dict[str, str]])


@cache
def _message_of(api_version: str, kind: str) -> str | None:
    """The name of a kind's message. Options are of one kind in every group."""
    if kind.endswith("Options") and f"{_META}.{kind}" in _messages():
        return f"{_META}.{kind}"
    for one in built_in_resources():
        parts = [(one.gvk, one.definition), *((part.kind, part.definition) for part in one.subresources.values())]
        for known, definition in parts:
            if (known.api_version, known.kind) == (api_version, kind) and definition in _messages():
                return definition
    return None


def _message(name: str, content: bytes, place: str) -> Document:
    """A message. `place` is the field that it stands in: with the name it tells which zeros Go would leave out."""
    known = _messages()[name]
    found: Document = {}
    for number, _, value in _fields(content):
        field = known.get(str(number))
        if field is not None:
            key, _, type_ = field.partition(" ")
            _put(found, key, type_, value, place)
    return found


def _put(found: Document, key: str, type_: str, raw: Any, place: str) -> None:
    if type_[0] == "*":
        found.setdefault(key, []).append(_read(type_[1:], raw, key))
    elif type_[0] == "%":
        entry = {number: value for number, _, value in _fields(raw)}
        empty: Any = b"" if type_[1:] not in ("number", "boolean") else 0
        found.setdefault(key, {})[_text(entry.get(1, b""))] = _read(type_[1:], entry.get(2, empty), key)
    elif not key:
        found.update(_message(type_, raw, place))
    else:
        read = _read(type_, raw, key)
        if _is_written(read, type_, key, place):
            found[key] = read


def _is_written(read: Any, type_: str, key: str, place: str) -> bool:
    """Whether JSON has the field: a zero that is no pointer's is left out, and so is no time at all."""
    if read is None:
        return False
    if type_ in ("text", "number", "boolean"):
        return bool(read) or keeps_zero(place, key) or key in _POINTERS_OF_OPTIONS
    return not (read == 0 and key in _PLAIN_INT_OR_STRINGS)


def _read(type_: str, raw: Any, key: str) -> Any:
    scalar = _SCALARS.get(type_)
    if scalar is not None:
        return scalar(raw)
    if type_.endswith(".ExtraValue"):
        return [_text(value) for _, _, value in _fields(raw)]
    return _message(type_, raw, key)


def _fields(content: Any) -> Iterator[tuple[int, int, Any]]:
    """The fields of a message: number, wire type, value."""
    if not isinstance(content, bytes):
        raise _Broken("a number where a message is to be")
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(content, at)
            yield key >> 3, wire, value
            continue
        length, at = _varint(content, at) if wire == 2 else ({1: 8, 5: 4}.get(wire, len(content) + 1), at)
        if at + length > len(content):
            raise _Broken("unexpected EOF")
        yield key >> 3, wire, content[at : at + length]
        at += length


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(content):
            raise _Broken("unexpected EOF")
        value |= (content[at] & 0x7F) << shift
        at += 1
        if content[at - 1] < 0x80:
            return value, at
    raise _Broken("integer overflow")


def _text(raw: Any) -> str:
    if not isinstance(raw, bytes):
        raise _Broken("a number where a text is to be")
    return raw.decode()


def _number(raw: Any) -> int:
    if not isinstance(raw, int):
        raise _Broken("a text where a number is to be")
    return raw - (1 << 64) if raw >= 1 << 63 else raw


def _moment(raw: Any) -> tuple[datetime, int] | None:
    found = {number: _number(value) for number, _, value in _fields(raw)}
    if not found:
        return None
    try:
        return datetime.fromtimestamp(found.get(1, 0), UTC), found.get(2, 0)
    except (OverflowError, ValueError, OSError):
        raise _Broken("a time out of range") from None


def _time(raw: Any) -> str | None:
    read = _moment(raw)
    return None if read is None else f"{read[0]:%Y-%m-%dT%H:%M:%SZ}"


def _micro_time(raw: Any) -> str | None:
    read = _moment(raw)
    return None if read is None else f"{read[0]:%Y-%m-%dT%H:%M:%S}.{read[1] // 1000:06d}Z"


def _int_or_string(raw: Any) -> int | str:
    found = {number: value for number, _, value in _fields(raw)}
    return _text(found.get(3, b"")) if found.get(1, 0) else _number(found.get(2, 0))


def _quantity(raw: Any) -> str:
    found = {number: value for number, _, value in _fields(raw)}
    return _text(found.get(1, b"")) or "0"


def _json(raw: Any) -> Any:
    found = {number: value for number, _, value in _fields(raw)}
    try:
        return msgspec.json.decode(found.get(1, b"") or b"null")
    except (msgspec.DecodeError, TypeError):
        raise _Broken("no JSON in a raw extension") from None


_SCALARS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": _text,
    "number": _number,
    "boolean": lambda raw: bool(_number(raw)),
    "bytes": lambda raw: base64.b64encode(_text_bytes(raw)).decode(),
    _QUANTITY: _quantity,
    _INT_OR_STRING: _int_or_string,
    f"{_META}.Time": _time,
    f"{_META}.MicroTime": _micro_time,
    f"{_META}.FieldsV1": _json,
    "io.k8s.apimachinery.pkg.runtime.RawExtension": _json,
}


def _text_bytes(raw: Any) -> bytes:
    if not isinstance(raw, bytes):
        raise _Broken("a number where bytes are to be")
    return raw

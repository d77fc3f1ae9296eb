"""Bodies read: JSON with exact integers, and YAML.

Source: k8s.io/apimachinery/pkg/runtime/serializer/json/json.go; k8s.io/apiserver/pkg/endpoints/handlers/create.go
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

from poblano.cluster.decoding.syntax import syntax_error
from poblano.cluster.decoding.yaml_documents import BadYAML, read_yaml
from poblano.cluster.status import StatusError, bad_request
from poblano.core.jsonvalue import Document

_TYPE_META: Final = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_GO_NAMES: Final = {list: "array", str: "string", bool: "bool", int: "number", float: "number", dict: "object"}


class Undecodable(Exception):
    """A body that is no object, in the words of Go's decoder."""


def decode(body: bytes, content_type: str, *, kind: str = "") -> Document:
    """The object in a body; YAML where the type says so, else JSON.

    Args:
        kind: what is expected there; the refusal names it.

    Raises:
        StatusError: 400, with what is wrong and the beginning of the body.

    >>> decode(b"{not json", "application/json", kind="ConfigMap")
    Traceback (most recent call last):
    poblano.cluster.status.StatusError: the object provided is unrecognized (must be of type ConfigMap): couldn't get ...
    """
    try:
        value = read(body, content_type)
        return typed(value)
    except Undecodable as wrong:
        raise unreadable(str(wrong), body, kind) from None


def unreadable(why: str, body: bytes, kind: str) -> StatusError:
    """The 400 for a body of which not even the kind is known.

    >>> unreadable("it is not", b"", "Pod").message
    'the object provided is unrecognized (must be of type Pod): it is not (<empty>)'
    """
    return bad_request(f"the object provided is unrecognized (must be of type {kind}): {why} ({summary(body)})")


def summary(body: bytes) -> str:
    """The beginning of a body as an error shows it (summarizeData): as text where it may be JSON, else in hex."""
    if not body:
        return "<empty>"
    more = " ..." if len(body) > 30 else ""
    shown = body[:30].decode(errors="replace") if body[:1] == b"{" else body[:30].hex()
    return shown + more


def read(body: bytes, content_type: str) -> Any:
    """The value in a body.

    Raises:
        Undecodable: when there is none.
    """
    if "yaml" in content_type:
        try:
            value = read_yaml(body)
            return value if _LARGE.search(body) is None else _narrowed(value)
        except BadYAML as error:
            raise Undecodable(str(error)) from None
    return read_json(body)


def typed(value: Any) -> Document:
    """The value as an object with an apiVersion and a kind, if it has them at all.

    Raises:
        Undecodable: when it is none, or they are no strings.
    """
    if value is None:
        return {}
    if value.__class__ is not dict:
        what = f"json: cannot unmarshal {_GO_NAMES[value.__class__]} into Go value of type {_TYPE_META}"
        raise Undecodable(f"couldn't get version/kind; json parse error: {what}")
    for key in ("apiVersion", "kind"):
        found = value.get(key)
        if found is not None and found.__class__ is not str:
            name = _GO_NAMES[found.__class__]
            what = f"json: cannot unmarshal {name} into Go struct field .{key} of type string"
            raise Undecodable(f"couldn't get version/kind; json parse error: {what}")
    return value


def read_json(body: bytes) -> Any:
    """JSON; integers are exact as far as 64 bits go and doubles beyond, as Go has them.

    Raises:
        Undecodable: when it is none.

    >>> read_json(b'{"a": 9007199254740993, "b": 1.0}')
    {'a': 9007199254740993, 'b': 1}
    """
    try:
        value = _DECODER.decode(body)
    except RecursionError:
        raise Undecodable("couldn't get version/kind; json parse error: exceeded max depth") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = _leniently(body)
    return value if _LARGE.search(body) is None else _narrowed(value)


_LARGE: Final = re.compile(rb"[0-9]{19}|0[xo]")


def _float(text: str) -> float:
    """Go prints a double that is whole without a point, and reads it back as an integer; so it is one from the start."""
    value = float(text)
    if abs(value) == float("inf"):
        raise Undecodable(f"json: cannot unmarshal number {text} into Go value of type float64")
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


_DECODER: Final = msgspec.json.Decoder(float_hook=_float)


def _narrowed(value: Any) -> Any:
    if value.__class__ is int and not -(2**63) <= value < 2**63:
        return float(value)
    if value.__class__ is dict:
        return {key: _narrowed(item) for key, item in value.items()}
    return [_narrowed(item) for item in value] if value.__class__ is list else value


def _leniently(body: bytes) -> Any:
    """What Go takes and msgspec does not: bytes that are no UTF-8, and halves of a surrogate pair."""
    text = body.decode(errors="replace")
    wrong = syntax_error(text)
    if wrong is not None:
        raise Undecodable(f"couldn't get version/kind; json parse error: {wrong}")
    try:
        return json.loads(_SURROGATES.sub("�", json.dumps(json.loads(text), ensure_ascii=False)))
    except (ValueError, RecursionError):
        raise Undecodable("couldn't get version/kind; json parse error: exceeded max depth") from None

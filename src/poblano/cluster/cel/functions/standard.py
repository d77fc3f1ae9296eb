"""Sizes, texts, conversions and the clock: what CEL has without extensions.

Source: github.com/google/cel-spec/blob/master/doc/langdef.md, "List of Standard Definitions"
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.patterns import compiled
from poblano.cluster.cel.times import in_zone, parse_duration, parse_timestamp, show_duration, show_timestamp
from poblano.cluster.cel.types import Type
from poblano.cluster.cel.values import Duration, Timestamp, UInt, checked_int, type_of

STANDARD: Final = Library()

for _kind in ("string", "bytes", "list<A>", "map<A, B>"):
    STANDARD.add(f"size({_kind}) -> int", len)
    STANDARD.add(f"{_kind}.size() -> int", len)

STANDARD.add("string.contains(string) -> bool", lambda text, part: part in text)
STANDARD.add("string.startsWith(string) -> bool", lambda text, start: text.startswith(start))
STANDARD.add("string.endsWith(string) -> bool", lambda text, end: text.endswith(end))
STANDARD.add("string.matches(string) -> bool", lambda text, pattern: compiled(pattern).search(text) is not None)
STANDARD.add("matches(string, string) -> bool", lambda text, pattern: compiled(pattern).search(text) is not None)
STANDARD.add("dyn(A) -> dyn", lambda value: value)
STANDARD.add("_?_:_(bool, A, A) -> A", lambda condition, one, other: one if condition else other)


@STANDARD.overload("type(A) -> type")
def _type(value: Any) -> Type:
    found = type_of(value)
    return Type(_TYPE_NAMES.get(found.name, found.name))


_TYPE_NAMES: Final = {
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "null": "null_type",
}

# ---- conversions

STANDARD.add("int(int) -> int", lambda value: value)
STANDARD.add("int(uint) -> int", lambda value: checked_int(int(value)))
STANDARD.add("int(timestamp) -> int", lambda moment: moment.nanoseconds // 10**9)
STANDARD.add("int(duration) -> int", lambda span: span.nanoseconds)
STANDARD.add("uint(uint) -> uint", lambda value: value)
STANDARD.add("double(int) -> double", float)
STANDARD.add("double(uint) -> double", float)
STANDARD.add("double(double) -> double", float)
STANDARD.add("bytes(string) -> bytes", lambda text: text.encode())
STANDARD.add("bytes(bytes) -> bytes", lambda value: value)
STANDARD.add("bool(bool) -> bool", lambda value: value)
STANDARD.add("string(string) -> string", lambda text: text)
STANDARD.add("string(int) -> string", str)
STANDARD.add("string(uint) -> string", str)
STANDARD.add("string(bool) -> string", lambda value: "true" if value else "false")
STANDARD.add("string(timestamp) -> string", show_timestamp)
STANDARD.add("string(duration) -> string", show_duration)
STANDARD.add("timestamp(timestamp) -> timestamp", lambda moment: moment)
STANDARD.add("timestamp(int) -> timestamp", lambda seconds: Timestamp(seconds * 10**9))
STANDARD.add("duration(duration) -> duration", lambda span: span)
STANDARD.add("duration(int) -> duration", Duration)


@STANDARD.overload("int(double) -> int")
def _int_of_double(value: float) -> int:
    if not math.isfinite(value) or not -(2.0**63) < value < 2.0**63:
        raise CelError("integer overflow")
    return int(value)


@STANDARD.overload("uint(double) -> uint", "uint(int) -> uint")
def _uint_of_number(value: float) -> UInt:
    if not math.isfinite(value) or not 0 <= value < 2.0**64:
        raise CelError("unsigned integer overflow")
    return UInt(int(value))


def _reading(kind: str, read: Callable[[str], Any]) -> None:
    def run(text: str) -> Any:
        value = read(text)
        if value is None:
            raise CelError(f"type conversion error from 'string' to '{kind}'")
        return value

    STANDARD.add(f"{kind}({'string'}) -> {kind}", run)


def _read_int(text: str) -> int | None:
    value = _digits(text, signed=True)
    return value if value is not None and -(2**63) <= value < 2**63 else None


def _read_uint(text: str) -> UInt | None:
    value = _digits(text, signed=False)
    return UInt(value) if value is not None and value < 2**64 else None


def _digits(text: str, *, signed: bool) -> int | None:
    digits = text[1:] if signed and text[:1] in ("-", "+") else text
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 40 else None


def _read_double(text: str) -> float | None:
    try:
        return float(text) if text.strip() == text and "_" not in text else None
    except ValueError:
        return None


def _read_bool(text: str) -> bool | None:
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    return False if text in ("0", "f", "F", "FALSE", "false", "False") else None


for _name, _read in (
    ("int", _read_int),
    ("uint", _read_uint),
    ("double", _read_double),
    ("bool", _read_bool),
    ("timestamp", parse_timestamp),
    ("duration", parse_duration),
):
    _reading(_name, _read)


@STANDARD.overload("string(double) -> string")
def show_double(value: float) -> str:
    """A double as Go's %g prints it, with as many digits as it takes.

    >>> show_double(1.0), show_double(1e21), show_double(0.1)
    ('1', '1e+21', '0.1')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text or abs(value) >= 1e21 or (value and abs(value) < 1e-4):
        digits, _, exponent = f"{value!r}".partition("e")
        if not exponent:
            return text.removesuffix(".0")
        return f"{digits.removesuffix('.0')}e{int(exponent):+03d}"
    return text.removesuffix(".0")


@STANDARD.overload("string(bytes) -> string")
def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise CelError("invalid UTF-8 in bytes, cannot convert to string") from None


# ---- the clock

_CLOCK: Final[dict[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
    "getMilliseconds": lambda moment: moment.microsecond // 1000,
}
_SPANS: Final = {"getHours": 3600 * 10**9, "getMinutes": 60 * 10**9, "getSeconds": 10**9}


def _add_clock(name: str, read: Callable[[datetime], int]) -> None:
    STANDARD.add(f"timestamp.{name}() -> int", lambda moment: read(in_zone(moment, "UTC")))
    STANDARD.add(f"timestamp.{name}(string) -> int", lambda moment, zone: read(in_zone(moment, zone)))


def _add_span(name: str, unit: int) -> None:
    STANDARD.add(
        f"duration.{name}() -> int",
        lambda span: int(math.copysign(1, span.nanoseconds)) * (abs(span.nanoseconds) // unit),
    )


for _name, _clock in _CLOCK.items():
    _add_clock(_name, _clock)
for _name, _unit in _SPANS.items():
    _add_span(_name, _unit)
STANDARD.add(
    "duration.getMilliseconds() -> int",
    lambda span: int(math.copysign(1, span.nanoseconds)) * (abs(span.nanoseconds) % 10**9 // 10**6),
)

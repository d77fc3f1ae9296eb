"""Arithmetic, order, membership and indexing.

Source: github.com/google/cel-spec/blob/master/doc/langdef.md, "List of Standard Definitions"
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

import math
from typing import Any, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.values import (
    NONE,
    Duration,
    MapList,
    Optional,
    SetList,
    Timestamp,
    UInt,
    checked_int,
    checked_uint,
    compare,
    equals,
    is_number,
)

OPERATORS: Final = Library()
_ORDERED: Final = ("bool", "string", "bytes", "timestamp", "duration")
_NUMBERS: Final = ("int", "uint", "double")
_FAREST: Final = 2**63 - 1
_TIME_RANGE: Final = (-62135596800 * 10**9, 253402300800 * 10**9 - 1)


def _order(name: str, *holds: int) -> None:
    def run(left: Any, right: Any) -> bool:
        if left != left or right != right:  # noqa: PLR0124 -- not a number
            return False
        return compare(left, right) in holds

    for kind in _ORDERED:
        OPERATORS.add(f"{name}({kind}, {kind}) -> bool", run)
    for one in _NUMBERS:
        for other in _NUMBERS:
            OPERATORS.add(f"{name}({one}, {other}) -> bool", run)


_order("_<_", -1)
_order("_<=_", -1, 0)
_order("_>_", 1)
_order("_>=_", 1, 0)
OPERATORS.add("_==_(A, A) -> bool", equals)
OPERATORS.add("_!=_(A, A) -> bool", lambda left, right: not equals(left, right))
OPERATORS.add("!_(bool) -> bool", lambda value: not value)
OPERATORS.add("_&&_(bool, bool) -> bool", lambda left, right: left and right)
OPERATORS.add("_||_(bool, bool) -> bool", lambda left, right: left or right)

OPERATORS.add("_+_(int, int) -> int", lambda left, right: checked_int(left + right))
OPERATORS.add("_-_(int, int) -> int", lambda left, right: checked_int(left - right))
OPERATORS.add("_*_(int, int) -> int", lambda left, right: checked_int(left * right))
OPERATORS.add("_+_(uint, uint) -> uint", lambda left, right: checked_uint(left + right))
OPERATORS.add("_-_(uint, uint) -> uint", lambda left, right: checked_uint(left - right))
OPERATORS.add("_*_(uint, uint) -> uint", lambda left, right: checked_uint(left * right))
OPERATORS.add("_+_(double, double) -> double", lambda left, right: left + right)
OPERATORS.add("_-_(double, double) -> double", lambda left, right: left - right)
OPERATORS.add("_*_(double, double) -> double", lambda left, right: left * right)
OPERATORS.add("-_(int) -> int", lambda value: checked_int(-value))
OPERATORS.add("-_(double) -> double", lambda value: -value)
OPERATORS.add("_+_(string, string) -> string", lambda left, right: left + right)
OPERATORS.add("_+_(bytes, bytes) -> bytes", lambda left, right: left + right)


@OPERATORS.overload("_/_(int, int) -> int")
def _divided(left: int, right: int) -> int:
    if right == 0:
        raise CelError("division by zero")
    size = abs(left) // abs(right)
    return checked_int(size if (left < 0) == (right < 0) else -size)


@OPERATORS.overload("_%_(int, int) -> int")
def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise CelError("modulus by zero")
    return int(math.copysign(1, left)) * (abs(left) % abs(right))


@OPERATORS.overload("_/_(uint, uint) -> uint")
def _divided_unsigned(left: int, right: int) -> UInt:
    if right == 0:
        raise CelError("division by zero")
    return UInt(left // right)


@OPERATORS.overload("_%_(uint, uint) -> uint")
def _remainder_unsigned(left: int, right: int) -> UInt:
    if right == 0:
        raise CelError("modulus by zero")
    return UInt(left % right)


@OPERATORS.overload("_/_(double, double) -> double")
def _divided_double(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or left != left:  # noqa: PLR0124 -- not a number
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


@OPERATORS.overload("_+_(list<A>, list<A>) -> list<A>")
def _joined(left: list[Any], right: list[Any]) -> list[Any]:
    if isinstance(left, SetList):
        return SetList([*left, *(item for item in right if not any(equals(item, one) for one in left))])
    if isinstance(left, MapList):
        return _overlaid(left, right)
    return [*left, *right]


def _overlaid(left: MapList, right: list[Any]) -> MapList:
    items = {left.key_of(item): item for item in left}
    items.update({left.key_of(item): item for item in right})
    made = MapList(items.values())
    made.keys = left.keys
    return made


def _moment(nanoseconds: int) -> Timestamp:
    if _TIME_RANGE[0] <= nanoseconds <= _TIME_RANGE[1]:
        return Timestamp(nanoseconds)
    raise CelError("timestamp overflow")


def _span(nanoseconds: int) -> Duration:
    if abs(nanoseconds) <= _FAREST:
        return Duration(nanoseconds)
    raise CelError("duration overflow")


def _later(one: Any, other: Any) -> Timestamp:
    return _moment(one.nanoseconds + other.nanoseconds)


OPERATORS.add("_+_(timestamp, duration) -> timestamp", _later)
OPERATORS.add("_+_(duration, timestamp) -> timestamp", _later)
OPERATORS.add("_+_(duration, duration) -> duration", lambda one, other: _span(one.nanoseconds + other.nanoseconds))
OPERATORS.add("_-_(duration, duration) -> duration", lambda one, other: _span(one.nanoseconds - other.nanoseconds))
OPERATORS.add("_-_(timestamp, timestamp) -> duration", lambda one, other: _span(one.nanoseconds - other.nanoseconds))
OPERATORS.add("_-_(timestamp, duration) -> timestamp", lambda one, other: _moment(one.nanoseconds - other.nanoseconds))
OPERATORS.add("-_(duration) -> duration", lambda value: _span(-value.nanoseconds))


@OPERATORS.overload("@in(A, list<A>) -> bool")
def _member(value: Any, items: list[Any]) -> bool:
    return any(equals(value, item) for item in items)


@OPERATORS.overload("@in(A, map<A, B>) -> bool")
def _key(value: Any, entries: dict[Any, Any]) -> bool:
    return found_key(entries, value) is not None


def found_key(entries: dict[Any, Any], key: Any) -> Optional | None:
    """The key as the map has it: a number may be written as another type. None if there is none."""
    if key.__class__ in (str, bool, int, UInt, float) and key in entries:
        # True is 1 for a dict, and not for CEL.
        stored = next((one for one in entries if one == key and equals(one, key)), None) if is_odd(key) else key
        return None if stored is None else Optional(stored)
    return None


def is_odd(key: Any) -> bool:
    """Whether a dict may take the key for another one."""
    return key.__class__ is not str


@OPERATORS.overload("_[_](list<A>, int) -> A", "_[_](list<A>, uint) -> A", "_[_](list<A>, double) -> A")
def _item(items: list[Any], index: float) -> Any:
    place = whole(index)
    if not 0 <= place < len(items):
        raise CelError(f"index out of bounds: {place}")
    return items[place]


@OPERATORS.overload("_[_](map<A, B>, A) -> B")
def _entry(entries: dict[Any, Any], key: Any) -> Any:
    found = found_key(entries, key)
    if found is None:
        raise CelError(f"no such key: {key}")
    return entries[found.held]


def whole(index: float) -> int:
    """An index as an int.

    Raises:
        CelError: for a double with a fraction.
    """
    if is_number(index) and index == int(index):
        return int(index)
    raise CelError(f"unsupported index value: {index}")


def _looked_up(held: Any, key: Any) -> Optional:
    if isinstance(held, Optional):
        return _looked_up(held.held, key) if held.present else NONE
    if isinstance(held, dict):
        found = found_key(held, key)  # pyright: ignore[reportUnknownArgumentType]
        return NONE if found is None else Optional(held[found.held])
    if isinstance(held, list):
        place = whole(key)
        return Optional(held[place]) if 0 <= place < len(held) else NONE  # pyright: ignore[reportUnknownArgumentType]
    raise CelError("no such overload")


for _container in ("list<A>", "optional_type<list<A>>"):
    OPERATORS.add(f"_[?_]({_container}, int) -> optional_type<A>", _looked_up)
for _container in ("map<A, B>", "optional_type<map<A, B>>"):
    OPERATORS.add(f"_[?_]({_container}, A) -> optional_type<B>", _looked_up)
OPERATORS.add("_[_](optional_type<list<A>>, int) -> optional_type<A>", _looked_up)
OPERATORS.add("_[_](optional_type<map<A, B>>, A) -> optional_type<B>", _looked_up)

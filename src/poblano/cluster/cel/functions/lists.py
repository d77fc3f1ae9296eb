"""Lists and sets.

Source: k8s.io/apiserver/pkg/cel/library/lists.go; github.com/google/cel-go/ext/lists.go and sets.go
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

from functools import cmp_to_key
from itertools import pairwise
from typing import Any, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.values import Duration, checked_int, checked_uint, compare, equals

LISTS: Final = Library()
_ORDERED: Final = ("int", "uint", "double", "bool", "string", "bytes", "timestamp", "duration")


def _is_sorted(items: list[Any]) -> bool:
    return all(compare(one, other) <= 0 for one, other in pairwise(items))


def _least(items: list[Any]) -> Any:
    return _extreme(items, -1, "min")


def _most(items: list[Any]) -> Any:
    return _extreme(items, 1, "max")


def _extreme(items: list[Any], sign: int, name: str) -> Any:
    if not items:
        raise CelError(f"{name} called on empty list")
    found = items[0]
    for item in items[1:]:
        if compare(item, found) == sign:
            found = item
    return found


for _kind in _ORDERED:
    LISTS.add(f"list<{_kind}>.isSorted() -> bool", _is_sorted)
    LISTS.add(f"list<{_kind}>.min() -> {_kind}", _least)
    LISTS.add(f"list<{_kind}>.max() -> {_kind}", _most)
    LISTS.add(f"list<{_kind}>.sort() -> list<{_kind}>", lambda items: sorted(items, key=cmp_to_key(compare)))


def _sum(items: list[Any]) -> Any:
    first = items[0] if items else 0
    if first.__class__ is Duration:
        return Duration(sum(item.nanoseconds for item in items))
    total = sum(items)
    if total.__class__ is float:
        return total
    return checked_int(total) if first.__class__ is int else checked_uint(total)


LISTS.add("list<int>.sum() -> int", _sum)
LISTS.add("list<uint>.sum() -> uint", lambda items: checked_uint(sum(items)))
LISTS.add("list<double>.sum() -> double", lambda items: float(sum(items)))
LISTS.add("list<duration>.sum() -> duration", lambda items: Duration(sum(item.nanoseconds for item in items)))


@LISTS.overload("list<A>.indexOf(A) -> int")
def _index_of(items: list[Any], wanted: Any) -> int:
    return next((at for at, item in enumerate(items) if equals(item, wanted)), -1)


@LISTS.overload("list<A>.lastIndexOf(A) -> int")
def _last_index_of(items: list[Any], wanted: Any) -> int:
    return max((at for at, item in enumerate(items) if equals(item, wanted)), default=-1)


@LISTS.overload("list<A>.slice(int, int) -> list<A>")
def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise CelError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise CelError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if end > len(items):
        raise CelError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


@LISTS.overload("list<A>.flatten() -> list<dyn>")
def _flatten(items: list[Any]) -> list[Any]:
    return _flattened(items, 1)


@LISTS.overload("list<A>.flatten(int) -> list<dyn>")
def _flattened(items: list[Any], depth: int) -> list[Any]:
    if depth < 0:
        raise CelError("level must be non-negative")
    made: list[Any] = []
    for item in items:
        if depth and isinstance(item, list):
            made.extend(_flattened(item, depth - 1))  # pyright: ignore[reportUnknownArgumentType]
        else:
            made.append(item)
    return made


@LISTS.overload("list<A>.distinct() -> list<A>")
def _distinct(items: list[Any]) -> list[Any]:
    made: list[Any] = []
    for item in items:
        if not any(equals(item, one) for one in made):
            made.append(item)
    return made


@LISTS.overload("lists.range(int) -> list<int>")
def _range(count: int) -> list[int]:
    if count > 1_000_000:
        raise CelError("operation cancelled: actual cost limit exceeded")
    return list(range(count))


LISTS.add("list<A>.reverse() -> list<A>", lambda items: items[::-1])


def _within(item: Any, items: list[Any]) -> bool:
    return any(equals(item, one) for one in items)


@LISTS.overload("sets.contains(list<A>, list<A>) -> bool")
def _contains(items: list[Any], others: list[Any]) -> bool:
    return all(_within(other, items) for other in others)


@LISTS.overload("sets.equivalent(list<A>, list<A>) -> bool")
def _equivalent(items: list[Any], others: list[Any]) -> bool:
    return _contains(items, others) and _contains(others, items)


@LISTS.overload("sets.intersects(list<A>, list<A>) -> bool")
def _intersects(items: list[Any], others: list[Any]) -> bool:
    return any(_within(item, others) for item in items)

"""What expressions compute with: JSON as Python holds it, and the few kinds of value that JSON has not.

Source: github.com/google/cel-spec/blob/master/doc/langdef.md, "Values" and "Equality"
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    Type,
    list_of,
    map_of,
    optional_of,
)


class UInt(int):
    """An unsigned integer."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment, in nanoseconds since 1970."""

    nanoseconds: int
    cel_type: ClassVar[Type] = TIMESTAMP


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time, in nanoseconds."""

    nanoseconds: int
    cel_type: ClassVar[Type] = DURATION


_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may not be there."""

    held: Any = _ABSENT
    cel_type: ClassVar[Type] = optional_of(DYN)

    @property
    def present(self) -> bool:
        """Whether there is a value."""
        return self.held is not _ABSENT


NONE: Final = Optional()


class SetList(list[Any]):
    """x-kubernetes-list-type: set. Order means nothing; adding makes a union."""


class MapList(list[Any]):
    """x-kubernetes-list-type: map. Items are told apart by keys; adding replaces those of the same keys."""

    keys: tuple[str, ...] = ()

    def key_of(self, item: Any) -> Hashable:
        """What tells `item` from the others."""
        return tuple(repr(item.get(key)) if item.__class__ is dict else "" for key in self.keys)


_BY_CLASS: Final[dict[type, Type]] = {
    type(None): NULL,
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    list: list_of(DYN),
    SetList: list_of(DYN),
    MapList: list_of(DYN),
    dict: map_of(DYN, DYN),
    Type: TYPE,
}


def type_of(value: Any) -> Type:
    """The type of a value; what a list or map holds is not looked at.

    >>> str(type_of(1)), str(type_of([1])), str(type_of(UInt(1)))
    ('int', 'list(dyn)', 'uint')
    """
    found = _BY_CLASS.get(value.__class__)
    if found is None:
        found = getattr(value, "cel_type", None) or (TYPE if isinstance(value, Type) else DYN)
    return found


def is_number(value: Any) -> bool:
    """Whether it is an int, a uint or a double."""
    return value.__class__ in (int, float, UInt)


def equals(left: Any, right: Any) -> bool:
    """CEL's equality: numbers by what they are worth, other values only to their own kind.

    >>> equals(1, 1.0), equals(1, True), equals({"a": [1]}, {"a": [1.0]})
    (True, False, True)
    """
    kind = left.__class__
    if is_number(left):
        return is_number(right) and bool(left == right)
    if isinstance(left, list):
        return isinstance(right, list) and _equal_lists(left, right)  # pyright: ignore[reportUnknownArgumentType]
    if kind is dict:
        return right.__class__ is dict and _equal_maps(left, right)
    if kind is Optional:
        return (
            right.__class__ is Optional
            and left.present is right.present
            and (not left.present or equals(left.held, right.held))
        )
    if isinstance(left, Type):
        return isinstance(right, Type) and left.name == right.name
    return kind is right.__class__ and bool(left == right)


def _equal_lists(left: list[Any], right: list[Any]) -> bool:
    if len(left) != len(right):
        return False
    if left.__class__ is SetList or right.__class__ is SetList:
        return all(any(equals(one, other) for other in right) for one in left)
    if isinstance(left, MapList):
        others = {left.key_of(item): item for item in right}
        return all(equals(item, others.get(left.key_of(item))) for item in left)
    return all(map(equals, left, right))


def _equal_maps(left: dict[Any, Any], right: dict[Any, Any]) -> bool:
    if len(left) != len(right):
        return False
    return all(key in right and equals(value, right[key]) for key, value in left.items())


def compare(left: Any, right: Any) -> int:
    """Below, equal, above: -1, 0, 1.

    Raises:
        CelError: for two values that have no order.
    """
    ordered = (is_number(left) and is_number(right)) or (
        left.__class__ is right.__class__ and left.__class__ in (str, bytes, bool, Timestamp, Duration)
    )
    if not ordered:
        raise no_overload()
    return -1 if left < right else 1 if left > right else 0


def no_overload() -> CelError:
    """The function does not take values of these types."""
    return CelError("no such overload")


def checked_int(value: int) -> int:
    """`value`, unless an int does not hold it.

    Raises:
        CelError: if it does not.
    """
    if -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return value
    raise CelError("integer overflow")


def checked_uint(value: int) -> UInt:
    """`value` as a uint.

    Raises:
        CelError: if a uint does not hold it.
    """
    if 0 <= value <= 0xFFFFFFFFFFFFFFFF:
        return UInt(value)
    raise CelError("unsigned integer overflow")


Implementation = Callable[..., Any]

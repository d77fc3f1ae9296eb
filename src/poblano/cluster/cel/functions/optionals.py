"""Values that may not be there.

Source: github.com/google/cel-go/cel/library.go, OptionalTypes
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.values import NONE, Optional, equals, is_number

OPTIONALS: Final = Library()
OPTIONALS.add("optional.of(A) -> optional_type<A>", Optional)
OPTIONALS.add("optional.none() -> optional_type<A>", lambda: NONE)
OPTIONALS.add("optional_type<A>.hasValue() -> bool", lambda value: value.present)
OPTIONALS.add(
    "optional_type<A>.or(optional_type<A>) -> optional_type<A>", lambda value, other: value if value.present else other
)
OPTIONALS.add("optional_type<A>.orValue(A) -> A", lambda value, other: value.held if value.present else other)
OPTIONALS.add("list<A>.first() -> optional_type<A>", lambda items: Optional(items[0]) if items else NONE)
OPTIONALS.add("list<A>.last() -> optional_type<A>", lambda items: Optional(items[-1]) if items else NONE)
OPTIONALS.add(
    "optional.unwrap(list<optional_type<A>>) -> list<A>", lambda items: [item.held for item in items if item.present]
)
OPTIONALS.add(
    "list<optional_type<A>>.unwrapOpt() -> list<A>", lambda items: [item.held for item in items if item.present]
)


@OPTIONALS.overload("optional_type<A>.value() -> A")
def _value(value: Optional) -> Any:
    if not value.present:
        raise CelError("optional.none() dereference")
    return value.held


@OPTIONALS.overload("optional.ofNonZeroValue(A) -> optional_type<A>")
def _of_non_zero(value: Any) -> Optional:
    empty = value is None or value is False or (is_number(value) and value == 0)
    if empty or (isinstance(value, (str, bytes, list, dict)) and not value):
        return NONE
    return NONE if equals(value, NONE) else Optional(value)

"""Numbers and base64: CEL's math and encoders extensions.

Source: github.com/google/cel-go/ext/math.go and encoders.go
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

import base64
import binascii
import math
from typing import Any, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.values import UInt, checked_int, compare, no_overload

MATH: Final = Library()
_NUMBERS: Final = ("int", "uint", "double")


def _extreme(sign: int, *values: Any) -> Any:
    items: list[Any] = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
    if not items:
        raise no_overload()
    found = items[0]
    for item in items[1:]:
        if compare(item, found) == sign:
            found = item
    return found


def _add_extreme(name: str, sign: int) -> None:
    def run(*values: Any) -> Any:
        return _extreme(sign, *values)

    for one in _NUMBERS:
        MATH.add(f"math.{name}({one}) -> {one}", run)
        MATH.add(f"math.{name}(list<{one}>) -> {one}", run)
        for other in _NUMBERS:
            MATH.add(f"math.{name}({one}, {other}) -> {one if one == other else 'dyn'}", run)
    for count in range(3, 8):
        MATH.add(f"math.{name}({', '.join(['dyn'] * count)}) -> dyn", run)


_add_extreme("greatest", 1)
_add_extreme("least", -1)


def _rounded(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value) if math.isfinite(value) else value


def _whole(round_: Any) -> Any:
    return lambda value: float(round_(value)) if math.isfinite(value) else value


MATH.add("math.ceil(double) -> double", _whole(math.ceil))
MATH.add("math.floor(double) -> double", _whole(math.floor))
MATH.add("math.trunc(double) -> double", _whole(math.trunc))
MATH.add("math.round(double) -> double", _rounded)
MATH.add("math.isNaN(double) -> bool", math.isnan)
MATH.add("math.isInf(double) -> bool", math.isinf)
MATH.add("math.isFinite(double) -> bool", math.isfinite)
MATH.add("math.abs(int) -> int", lambda value: checked_int(abs(value)))
MATH.add("math.abs(uint) -> uint", lambda value: value)
MATH.add("math.abs(double) -> double", abs)
MATH.add("math.sign(int) -> int", lambda value: (value > 0) - (value < 0))
MATH.add("math.sign(uint) -> uint", lambda value: UInt(value > 0))
MATH.add("math.sign(double) -> double", lambda value: float((value > 0) - (value < 0)))
for _kind in _NUMBERS:
    MATH.add(f"math.sqrt({_kind}) -> double", lambda value: math.sqrt(value) if value >= 0 else math.nan)


def _signed(value: int) -> int:
    value &= 0xFFFFFFFFFFFFFFFF
    return value - 2**64 if value >= 2**63 else value


def _shift(value: int, by: int, *, left: bool) -> int:
    if by < 0:
        raise CelError(f"math.bitShift{'Left' if left else 'Right'}() negative offset: {by}")
    if by >= 64:
        return 0
    return value << by if left else (value & 0xFFFFFFFFFFFFFFFF) >> by


for _kind, _made in (("int", _signed), ("uint", lambda value: UInt(value & 0xFFFFFFFFFFFFFFFF))):
    MATH.add(f"math.bitAnd({_kind}, {_kind}) -> {_kind}", lambda one, other, made=_made: made(one & other))
    MATH.add(f"math.bitOr({_kind}, {_kind}) -> {_kind}", lambda one, other, made=_made: made(one | other))
    MATH.add(f"math.bitXor({_kind}, {_kind}) -> {_kind}", lambda one, other, made=_made: made(one ^ other))
    MATH.add(f"math.bitNot({_kind}) -> {_kind}", lambda value, made=_made: made(~value))
    MATH.add(
        f"math.bitShiftLeft({_kind}, int) -> {_kind}", lambda value, by, made=_made: made(_shift(value, by, left=True))
    )
    MATH.add(
        f"math.bitShiftRight({_kind}, int) -> {_kind}",
        lambda value, by, made=_made: made(_shift(value, by, left=False)),
    )

MATH.add("base64.encode(bytes) -> string", lambda value: base64.b64encode(value).decode())


@MATH.overload("base64.decode(string) -> bytes")
def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise CelError("illegal base64 data") from None

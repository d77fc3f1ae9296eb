"""Quantities of resources: ``quantity('1.5Gi').isGreaterThan(quantity('500M'))``.

Source: k8s.io/apiserver/pkg/cel/library/quantity.go; k8s.io/apimachinery/pkg/api/resource/quantity.go
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.types import Type

QUANTITIES: Final = Library()
_SHAPE: Final = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE]?)", re.ASCII)
_BINARY: Final = {f"{unit}i": 1024**power for power, unit in enumerate("KMGTPE", 1)}
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """An amount, exact."""

    amount: Fraction
    cel_type: ClassVar[Type] = Type("kubernetes.Quantity")


def parse_quantity(text: str) -> Quantity | None:
    """The quantity that a text means, or None.

    >>> parse_quantity("1.5Ki").amount, parse_quantity("abc")
    (Fraction(1536, 1), None)
    """
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    sign, digits, unit = found.groups()
    if unit in _BINARY:
        factor = Fraction(_BINARY[unit])
    else:
        power = int(unit[1:]) if unit[:1] in ("e", "E") and len(unit) > 1 else _DECIMAL[unit]
        if abs(power) > 1000:
            return None
        factor = Fraction(10) ** power
    amount = Fraction(digits) * factor
    return Quantity(-amount if sign == "-" else amount)


@QUANTITIES.overload("quantity(string) -> kubernetes.Quantity")
def _quantity(text: str) -> Quantity:
    found = parse_quantity(text)
    if found is None:
        raise CelError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    return found


def _is_integer(quantity: Quantity) -> bool:
    return quantity.amount.denominator == 1 and -_LARGEST - 1 <= quantity.amount <= _LARGEST


@QUANTITIES.overload("kubernetes.Quantity.asInteger() -> int")
def _as_integer(quantity: Quantity) -> int:
    if not _is_integer(quantity):
        raise CelError("cannot convert value to integer")
    return int(quantity.amount)


def _amount(value: Any) -> Fraction:
    return value.amount if isinstance(value, Quantity) else Fraction(value)


for _other in ("kubernetes.Quantity", "int"):
    QUANTITIES.add(
        f"kubernetes.Quantity.add({_other}) -> kubernetes.Quantity",
        lambda one, two: Quantity(one.amount + _amount(two)),
    )
    QUANTITIES.add(
        f"kubernetes.Quantity.sub({_other}) -> kubernetes.Quantity",
        lambda one, two: Quantity(one.amount - _amount(two)),
    )
QUANTITIES.add("isQuantity(string) -> bool", lambda text: parse_quantity(text) is not None)
QUANTITIES.add("kubernetes.Quantity.sign() -> int", lambda one: (one.amount > 0) - (one.amount < 0))
QUANTITIES.add("kubernetes.Quantity.isInteger() -> bool", _is_integer)
QUANTITIES.add("kubernetes.Quantity.asApproximateFloat() -> double", lambda one: float(one.amount))
QUANTITIES.add(
    "kubernetes.Quantity.isGreaterThan(kubernetes.Quantity) -> bool", lambda one, two: one.amount > two.amount
)
QUANTITIES.add("kubernetes.Quantity.isLessThan(kubernetes.Quantity) -> bool", lambda one, two: one.amount < two.amount)
QUANTITIES.add(
    "kubernetes.Quantity.compareTo(kubernetes.Quantity) -> int",
    lambda one, two: (one.amount > two.amount) - (one.amount < two.amount),
)

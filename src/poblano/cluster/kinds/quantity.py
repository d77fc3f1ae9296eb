"""Quantities: ``100m``, ``1Gi``, ``2e3``. Exact, and written as Go writes them.

Source: k8s.io/apimachinery pkg/api/resource/quantity.go
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Final, NamedTuple

_SYNTAX: Final = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?")
_BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIX: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_NANO: Final = Fraction(1, 10**9)
MALFORMED: Final = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


class Quantity(NamedTuple):
    """A parsed quantity.

    Args:
        value: exact, rounded up to a billionth.
        form: how it was written: "decimal", "binary" or "exponent".
    """

    value: Fraction
    form: str

    def rounded(self, digits: int) -> Quantity:
        """Rounded away from zero to `digits` decimal places."""
        scale = 10**digits
        whole = ceil(abs(self.value) * scale)
        return Quantity(Fraction(whole if self.value >= 0 else -whole, scale), self.form)

    def __str__(self) -> str:
        if self.form == "binary" and (abs(self.value) >= 1024 or not self.value):
            return _binary(self.value) if self.value.denominator == 1 else _decimal(self.value, "decimal")
        return _decimal(self.value, "exponent" if self.form == "exponent" else "decimal")


@lru_cache(maxsize=4096)
def parse(text: str) -> Quantity:
    """The quantity that `text` spells.

    Raises:
        ValueError: with Go's words.

    >>> parse("1.5Gi").value == 1.5 * 2**30, str(parse("1.5Gi"))
    (True, '1536Mi')
    >>> str(parse("1000m")), str(parse("0.1")), str(parse("100000"))
    ('1', '100m', '100k')
    """
    found = _SYNTAX.fullmatch(text.strip())
    if found is None or not (found[2] or found[3]):
        raise ValueError(MALFORMED)
    sign, whole, part, suffix = found[1], found[2], found[3] or "", found[4] or ""
    number = Fraction(int((whole or "0") + part), 10 ** len(part))
    value, form = _scaled(number, suffix)
    value = Fraction(ceil(value / _NANO)) * _NANO
    return Quantity(-value if sign == "-" else value, form)


def _scaled(number: Fraction, suffix: str) -> tuple[Fraction, str]:
    if suffix in _DECIMAL:
        return number * Fraction(10) ** _DECIMAL[suffix], "decimal"
    if suffix in _BINARY:
        return number * 1024 ** _BINARY.index(suffix), "binary"
    exponent = int(suffix[1:])
    if abs(exponent) > 64:
        raise ValueError("unable to parse quantity's suffix")
    return number * Fraction(10) ** exponent, "exponent"


def _binary(value: Fraction) -> str:
    number, power = int(value), 0
    while number and number % 1024 == 0 and power < 6:
        number, power = number // 1024, power + 1
    return f"{number}{_BINARY[power]}"


def _decimal(value: Fraction, form: str) -> str:
    if not value:
        return "0"
    exponent = -9
    number = value / _NANO
    while number.denominator == 1 and number % 1000 == 0 and exponent < 18:
        number, exponent = number / 1000, exponent + 3
    if form == "exponent":
        return f"{int(number)}e{exponent}" if exponent else str(int(number))
    return f"{int(number)}{_SUFFIX[exponent]}"


def canonical(value: object) -> object:
    """A quantity of a resource list as defaulting leaves it: in its shortest spelling, no finer than a thousandth.

    What is no quantity is returned as it is; validation or decoding complains.

    >>> canonical("1024Mi"), canonical(2), canonical("0.0001")
    ('1Gi', '2', '1m')
    """
    try:
        return str(parse(str(value)).rounded(3))
    except ValueError:
        return value


def number(value: object) -> Fraction:
    """The value of a quantity, 0 for what is none."""
    try:
        return parse(str(value)).value
    except ValueError:
        return Fraction(0)

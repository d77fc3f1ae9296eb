"""``'%d of %s'.format([1, 'a'])``.

Source: github.com/google/cel-go/ext/formatting.go
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.functions.standard import show_double
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.times import show_duration, show_timestamp
from poblano.cluster.cel.types import Type
from poblano.cluster.cel.values import Duration, Timestamp, UInt, type_of

FORMATTING: Final = Library()
_CLAUSE: Final = re.compile(r"%(?:%|(?:\.(\d+))?(.)|$)", re.DOTALL)


@FORMATTING.overload("string.format(list<A>) -> string")
def formatted(pattern: str, values: list[Any]) -> str:
    """The pattern with its clauses filled.

    Raises:
        CelError: for a clause that is none, or does not take its value.

    >>> formatted("%d of %s: %.1f%%", [1, ["a"], 2.25])
    '1 of [a]: 2.2%'
    """
    used = 0

    def fill(found: re.Match[str]) -> str:
        nonlocal used
        if found.group() == "%%":
            return "%"
        clause = _CLAUSES.get(found[2] or "")
        if clause is None:
            raise CelError(f'could not parse formatting clause: unrecognized formatting clause "{found[2] or ""}"')
        if used >= len(values):
            raise CelError(f"index {used} out of range")
        used += 1
        return clause(values[used - 1], 6 if found[1] is None else int(found[1]))

    return _CLAUSE.sub(fill, pattern)


def _text(value: Any, precision: int = 6) -> str:
    if isinstance(value, Type):
        return value.name
    if isinstance(value, list):
        return f"[{', '.join(_text(item) for item in value)}]"  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        shown = sorted((_text(key), _text(item)) for key, item in value.items())  # pyright: ignore[reportUnknownVariableType]
        return "{" + ", ".join(f"{key}: {item}" for key, item in shown) + "}"
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case bytes():
            return value.decode(errors="replace")
        case float():
            return show_double(value)
        case int():
            return str(value)
        case Timestamp():
            return show_timestamp(value)
        case Duration():
            return show_duration(value)
        case _:
            raise _refused("string", value)


def _refused(clause: str, value: Any) -> CelError:
    name = type_of(value).name
    return CelError(f"error during formatting: {clause} clause can only be used on other types, was given {name}")


def _integer(value: Any, precision: int) -> str:
    if value.__class__ in (int, UInt):
        return str(value)
    if value.__class__ is float and not math.isfinite(value):
        return _special(value)
    raise _refused("decimal", value)


def _special(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _real(kind: str) -> Callable[[Any, int], str]:
    def show(value: Any, precision: int) -> str:
        number = (
            float(value) if value.__class__ in (int, UInt, float) or value in ("NaN", "Infinity", "-Infinity") else None
        )
        if number is None:
            raise _refused("fixed-point" if kind == "f" else "scientific", value)
        return f"{number:.{min(precision, 300)}{kind}}" if math.isfinite(number) else _special(number)

    return show


def _binary(value: Any, precision: int) -> str:
    if value.__class__ not in (int, UInt, bool):
        raise _refused("binary", value)
    return f"{int(value):b}"


def _octal(value: Any, precision: int) -> str:
    if value.__class__ not in (int, UInt):
        raise _refused("octal", value)
    return f"{int(value):o}"


def _hexadecimal(value: Any, precision: int) -> str:
    if value.__class__ is str:
        return str(value.encode().hex())
    if value.__class__ is bytes:
        return str(value.hex())
    if value.__class__ not in (int, UInt):
        raise _refused("hex", value)
    return f"{int(value):x}"


_CLAUSES: Final[dict[str, Callable[[Any, int], str]]] = {
    "s": _text,
    "d": _integer,
    "f": _real("f"),
    "e": _real("e"),
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": lambda value, precision: _hexadecimal(value, precision).upper(),
}

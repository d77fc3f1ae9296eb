"""JSONPath, as far as printer columns, scale paths and selectable fields of custom kinds use it.

Source: k8s.io/client-go/util/jsonpath
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from poblano.core.jsonvalue import Document

Step: TypeAlias = Callable[[Any], list[Any]]
_FIELD: Final = re.compile(r"\.(?:((?:\\.|[^.*\[\]{}\s\\])+)|(\*))")
_QUOTED: Final = re.compile(r"""\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]""")
_SLICE: Final = re.compile(r"\[\s*(-?\d+)?(?:(:)(-?\d+)?(?::(-?\d+))?)?\s*\]")
_UNION: Final = re.compile(r"""\[\s*(-?\d+(?:\s*,\s*-?\d+)+)\s*\]""")
_FILTER: Final = re.compile(r"\[\?\((.*?)\)\]")
_COMPARISON: Final = re.compile(r"\s*(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*")


class BadPath(Exception):
    """It is no path."""


@dataclass(frozen=True, slots=True)
class JSONPath:
    """A path, ready to be followed."""

    text: str
    steps: tuple[Step, ...]

    def __call__(self, document: Any) -> list[Any]:
        """What the path finds: nothing, or the values that it names."""
        found = [document]
        for step in self.steps:
            found = [inner for one in found for inner in step(one)]
        return found


@lru_cache(maxsize=1024)
def jsonpath(text: str) -> JSONPath:
    """A path, as a definition writes it.

    Raises:
        BadPath: where it is none.

    >>> jsonpath(".status.conditions[?(@.type=='Ready')].status")(
    ...     {"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    ['True']
    >>> jsonpath(".spec.ports[*].port")({"spec": {"ports": [{"port": 1}, {"port": 2}]}})
    [1, 2]
    """
    rest = text.strip()
    if rest.startswith("{") and rest.endswith("}"):
        rest = rest[1:-1].strip()
    rest = rest.removeprefix("$")
    steps: list[Step] = []
    while rest and rest != ".":
        step, rest = _step(rest, text)
        steps.append(step)
    return JSONPath(text, tuple(steps))


def _step(rest: str, whole: str) -> tuple[Step, str]:
    if rest.startswith(".."):
        inner = rest[2:]
        return _descend, inner if inner.startswith("[") or not inner else f".{inner}"
    for pattern, make in _STEPS:
        found = pattern.match(rest)
        if found is not None:
            return make(found), rest[found.end() :]
    if rest.startswith(".["):
        return _step(rest[1:], whole)
    raise BadPath(f"unrecognized character in action: {rest[:1]!r} in {whole}")


def _field(found: re.Match[str]) -> Step:
    name = found[1]
    return _everything if name is None else _named(re.sub(r"\\(.)", r"\1", name))


def _quoted(found: re.Match[str]) -> Step:
    return _named(re.sub(r"\\(.)", r"\1", found[1] if found[1] is not None else found[2]))


def _named(name: str) -> Step:
    return lambda value: [value[name]] if value.__class__ is dict and name in value else []


def _everything(value: Any) -> list[Any]:
    if value.__class__ is dict:
        return list(value.values())
    return list(value) if value.__class__ is list else []


def _descend(value: Any) -> list[Any]:
    return [value, *(inner for one in _everything(value) for inner in _descend(one))]


def _sliced(found: re.Match[str]) -> Step:
    start, colon, end, step = found.groups()
    if colon is None:
        if start is None:
            raise BadPath(f"invalid array index {found.group()}")
        return _item(int(start))
    part = slice(int(start) if start else None, int(end) if end else None, int(step) if step else None)
    return lambda value: value[part] if value.__class__ is list else []


def _item(at: int) -> Step:
    return lambda value: [value[at]] if value.__class__ is list and -len(value) <= at < len(value) else []


def _united(found: re.Match[str]) -> Step:
    steps = [_item(int(one)) for one in found[1].split(",")]
    return lambda value: [inner for step in steps for inner in step(value)]


def _filtered(found: re.Match[str]) -> Step:
    compared = _COMPARISON.fullmatch(found[1])
    if compared is None:
        present = _operand(found[1].strip())
        return lambda value: [one for one in _everything(value) if present(one)]
    left, sign, right = _operand(compared[1]), compared[2], _operand(compared[3])

    def keeps(item: Any) -> bool:
        one, other = left(item), right(item)
        return len(one) == 1 and len(other) == 1 and _holds(one[0], sign, other[0])

    return lambda value: [one for one in _everything(value) if keeps(one)]


def _operand(text: str) -> Callable[[Any], Sequence[Any]]:
    if text.startswith("@"):
        return jsonpath(text[1:])
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        literal: Any = text[1:-1]
    elif text in ("true", "false"):
        literal = text == "true"
    else:
        try:
            literal = int(text) if re.fullmatch(r"-?\d+", text) else float(text)
        except ValueError:
            raise BadPath(f"unrecognized text {text!r} in filter") from None
    return lambda item: [literal]


def _holds(one: Any, sign: str, other: Any) -> bool:
    if isinstance(one, bool) != isinstance(other, bool) or isinstance(one, str) != isinstance(other, str):
        return False
    try:
        match sign:
            case "==":
                return bool(one == other)
            case "!=":
                return bool(one != other)
            case "<":
                return bool(one < other)
            case "<=":
                return bool(one <= other)
            case ">":
                return bool(one > other)
            case _:
                return bool(one >= other)
    except TypeError:
        return False


_STEPS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Step]], ...]] = (
    (_FIELD, _field),
    (_QUOTED, _quoted),
    (re.compile(r"\[\s*\*\s*\]"), lambda found: _everything),
    (_UNION, _united),
    (_SLICE, _sliced),
    (_FILTER, _filtered),
    (re.compile(r"(?P<bare>[A-Za-z_][\w-]*)"), lambda found: _named(found["bare"])),
)


def dotted(path: str) -> tuple[str, ...]:
    """The fields of a simple path, ".spec.replicas".

    >>> dotted(".spec.replicas")
    ('spec', 'replicas')
    """
    return tuple(part for part in path.removeprefix(".").split(".") if part)


def at(document: Document, path: str) -> Any:
    """The value at a simple path; None where there is none."""
    found: Any = document
    for part in dotted(path):
        found = found.get(part) if found.__class__ is dict else None
    return found

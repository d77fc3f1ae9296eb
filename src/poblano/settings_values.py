"""Reading a table of settings key by key: what each value may be, and the message when it is something else.

A `Reader` remembers which keys it was asked for: those nobody asked for are unknown, and `finish` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Final, TypeAlias, TypeVar

from poblano.core.arguments import is_label_key, is_label_value
from poblano.core.errors import InvalidSettings

JSONTable: TypeAlias = "dict[str, JSONValue]"
JSONValue: TypeAlias = "str | int | float | bool | datetime | date | time | list[JSONValue] | JSONTable"
"""What a TOML file holds."""

C = TypeVar("C", bound=str)
Path: TypeAlias = tuple[str | int, ...]

LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_IMAGE: Final = re.compile(r"[^\s'\"]+")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PREFIX: Final = "POBLANO_"


class Reader:
    """One table.

    Args:
        table: as `tomllib` gives it.
        place: says where a path of keys is written: ``pyproject.toml:12``.
        environ: where variables are looked for that override.
        path: where the table itself is; () for ``[tool.poblano]``.
    """

    def __init__(
        self, table: JSONTable, place: Callable[[Path], str], environ: Mapping[str, str], path: Path = ()
    ) -> None:
        self._table = table
        self._place = place
        self._environ = environ
        self._path = path
        self._asked: list[str] = []
        self._inner: list[Reader] = []

    def finish(self) -> None:
        """Every key has been asked for: what is left is unknown.

        Raises:
            InvalidSettings: for the first such key, with what it may have been meant to be.
        """
        for key in self._table:
            if key not in self._asked:
                near = suggestion(key, self._asked)
                remedy = near or f"allowed: {', '.join(self._asked)}"
                raise InvalidSettings(f"{self._place((*self._path, key))}: unknown key {self._named(key)}; {remedy}")
        for inner in self._inner:
            inner.finish()

    def text(self, key: str, default: str | None, *, override: bool = False) -> str:
        """A string; required when `default` is None."""
        value, where = self._value(key, override=override)
        if value is None:
            return self._or_missing(key, default)
        if not isinstance(value, str):
            raise _wrong(where, value, "a string")
        return value

    def line(self, key: str) -> str:
        """A line of what can be read; "" when it is not there."""
        value = self.text(key, "")
        if not value.isprintable():
            raise _wrong(self.where(key), value, "one line, without control characters")
        return value

    def image(self, key: str) -> str | None:
        """What an image is called."""
        value = self.text(key, "")
        if value and not _IMAGE.fullmatch(value):
            raise _wrong(self.where(key), value, "the name of an image, without spaces and quotes")
        return value or None

    def label(
        self, key: str, *, default: str | None = None, required: bool = False, limit: int = 63, override: bool = False
    ) -> str:
        """A name that Kubernetes takes for a namespace."""
        value, where = self._value(key, override=override)
        if value is None:
            return self._or_missing(key, None if required else default or "")
        return _label(where, value, limit)

    def module(self, key: str, *, override: bool = False) -> str:
        """``package.module:object``."""
        value, where = self._value(key, override=override)
        if value is None:
            return self._or_missing(key, None)
        if not isinstance(value, str) or not _MODULE.fullmatch(value):
            raise _wrong(where, value, 'a module and an object in it, such as "hello:module"')
        return value

    def choice(self, key: str, allowed: Sequence[C], default: C, *, override: bool = False) -> C:
        """One of a few words."""
        value, where = self._value(key, override=override)
        if value is None:
            return default
        for word in allowed:
            if value == word:
                return word
        near = suggestion(value, allowed) if isinstance(value, str) else ""
        raise _wrong(where, value, " or ".join(f'"{word}"' for word in allowed), near)

    def integer(self, key: str, default: int, least: int, most: int, *, override: bool = False) -> int:
        """A whole number within bounds."""
        value, where = self._value(key, override=override)
        if value is None:
            return default
        number = int(value) if override and isinstance(value, _Given) and value.strip().isdecimal() else value
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise _wrong(where, value, f"a whole number from {least} to {most}")
        return number

    def seconds(self, key: str, default: float, *, override: bool = False) -> float:
        """A number of seconds, more than none and at most a day."""
        value, where = self._value(key, override=override)
        if value is None:
            return default
        number = _number(value) if isinstance(value, _Given) else value
        if not isinstance(number, int | float) or isinstance(number, bool) or not 0 < number <= 86_400:
            raise _wrong(where, value, "a number of seconds, more than 0 and at most 86400")
        return float(number)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(_text(where, item) for where, item in self._items(key, "a list of strings"))

    def labels(self, key: str) -> tuple[str, ...]:
        """A list of names of namespaces."""
        return tuple(_label(where, item, 63) for where, item in self._items(key, "a list of names"))

    def marks(self, key: str) -> dict[str, str]:
        """A table of labels."""
        inner = self.table(key)
        found = {name: inner.text(name, "") for name in inner._table}
        for name, value in found.items():
            if not is_label_key(name) or not is_label_value(value):
                allowed = (
                    "a label: letters, digits, dashes, dots and underscores, at most 63 in its name and in its value"
                )
                raise _wrong(inner.where(name), value, allowed)
        return found

    def environment(self, key: str) -> dict[str, str]:
        """A table of environment variables."""
        inner = self.table(key)
        for name in inner._table:
            if not _VARIABLE.fullmatch(name):
                raise InvalidSettings(
                    f"{inner.where(name)} is not the name of an environment variable; write letters, digits and _"
                )
            if name.startswith(_PREFIX):
                raise InvalidSettings(
                    f"{inner.where(name)} would come too late: the settings are read by then; "
                    f"write {name.removeprefix(_PREFIX).lower()} in [tool.poblano]"
                )
        return {name: inner._variable(name) for name in inner._table}

    def _variable(self, name: str) -> str:
        value = self.text(name, "")
        if "\0" in value:
            raise InvalidSettings(f"{self.where(name)} has a NUL in it, which no environment takes; leave it out")
        return value

    def names_given(self, variable: str) -> tuple[str, ...]:
        """Names in an environment variable, with commas between."""
        given = map(str.strip, self._environ.get(variable, "").split(","))
        return tuple(_label(f"a name in the environment variable {variable}", name, 63) for name in given if name)

    def tables(self, key: str) -> tuple[JSONTable, ...]:
        """A list of tables, whatever is in them."""
        found: list[JSONTable] = []
        for where, item in self._items(key, "a list of tables"):
            if not isinstance(item, dict):
                raise _wrong(where, item, "a table")
            found.append(item)
        return tuple(found)

    def readers(self, key: str) -> tuple[Reader, ...]:
        """A list of tables, each to be read."""
        made = [Reader(table, self._place, {}, (*self._path, key, at)) for at, table in enumerate(self.tables(key))]
        self._inner += made
        return tuple(made)

    def table(self, key: str) -> Reader:
        """A table within this one; an empty one when it is not there."""
        value, where = self._value(key)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise _wrong(where, value, "a table")
        made = Reader(value, self._place, {}, (*self._path, key))
        self._inner.append(made)
        return made

    def _items(self, key: str, what: str) -> list[tuple[str, JSONValue]]:
        value, where = self._value(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise _wrong(where, value, what)
        return [
            (f"{self._place((*self._path, key, at))}: {self._named(key)}[{at}]", item) for at, item in enumerate(value)
        ]

    def _value(self, key: str, *, override: bool = False) -> tuple[JSONValue | None, str]:
        """The value, and how to name it in a message."""
        self._asked.append(key)
        name = f"{_PREFIX}{key.upper()}"
        given = self._environ.get(name, "")
        if given and not override:
            raise InvalidSettings(
                f"the environment variable {name} has no effect: {key} is set in pyproject.toml only; unset it"
            )
        if given:
            return _Given(given), f"the environment variable {name}"
        return self._table.get(key), self.where(key)

    def where(self, key: str) -> str:
        """How to name a key in a message, and where it stands."""
        return f"{self._place((*self._path, key))}: {self._named(key)}"

    def _named(self, key: str) -> str:
        named = ""
        for part in (*self._path, key):
            named += f"[{part}]" if isinstance(part, int) else f".{part}"
        return named.lstrip(".")

    def _or_missing(self, key: str, default: str | None) -> str:
        if default is None:
            for meant in get_close_matches(key, [other for other in self._table if other not in self._asked], 1):
                raise InvalidSettings(f"{self.where(meant)} is no key; did you mean {key}?")
            remedy = _EXAMPLES.get(key) or f'write {key} = "..."'
            raise InvalidSettings(f"{self.where(key)} is missing; {remedy}")
        return default


class _Given(str):
    """A value from the environment: text that may stand for a number."""

    __slots__ = ()


_EXAMPLES = {
    "uuid": 'write uuid = "shop": a short name, after which everything in the cluster is called',
    "finding": 'write finding = "nodes": its name is in brackets, where poblano build tells of it',
    "because": 'write because = "...": why it may pass',
    "module": 'write module = "shop:module": the file and the Module object in it',
}


def suggestion(word: str, known: Sequence[str]) -> str:
    """What `word` may have been meant to be, as the end of a message; "" when nothing is near.

    >>> suggestion("webhok_timeout", ["uuid", "webhook_timeout"])
    'did you mean webhook_timeout?'
    """
    near = get_close_matches(word.lower().replace("-", "_"), known, 1)
    return f"did you mean {near[0]}?" if near else ""


def _wrong(where: str, value: object, allowed: str, near: str = "") -> InvalidSettings:
    shown = f'"{value}"' if isinstance(value, str) else _KINDS.get(type(value), repr(value))
    return InvalidSettings(f"{where} is {shown[:100]}; allowed is {allowed}{f' ({near})' if near else ''}")


_KINDS: dict[type, str] = {dict: "a table", list: "a list"}


def _text(where: str, value: JSONValue) -> str:
    if not isinstance(value, str):
        raise _wrong(where, value, "a string")
    return value


def _label(where: str, value: JSONValue, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit or not LABEL.fullmatch(value):
        allowed = f"at most {limit} lower-case letters, digits and -, beginning and ending with a letter or digit"
        raise _wrong(where, value, allowed)
    return str(value)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text

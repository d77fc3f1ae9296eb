"""Which changes a rule made itself: what it hears while a write of its own is under way is put off until the answer tells.

>>> heard, echoes = [], Echoes()
>>> with echoes.writing(Key("shop", "web")) as answered:
...     echoes.heard(Key("shop", "web"), "7", heard.append)
...     echoes.heard(Key("shop", "web"), "8", heard.append)
...     answered("8", silent=True)
>>> heard
[False]
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol, TypeAlias

from poblano.core.cache import Key

Told: TypeAlias = Callable[[bool], object]
"""Is told of a change, and whether it is one of our own."""


class Answered(Protocol):
    """To be called with the version that a write made, and whether nobody has to hear of it."""

    def __call__(self, version: str, *, silent: bool) -> None: ...


class Echoes:
    """The writes of one rule that are under way, by the object that they are for."""

    def __init__(self) -> None:
        self._writing: dict[Key, int] = {}
        self._put_off: dict[Key, list[tuple[str, Told]]] = {}
        self._own: dict[Key, dict[str, bool]] = {}

    @contextmanager
    def writing(self, key: Key) -> Generator[Answered]:
        """A write for the object `key` is under way in this block; several may be."""
        self._writing[key] = self._writing.get(key, 0) + 1

        def answered(version: str, *, silent: bool) -> None:
            self._own.setdefault(key, {})[version] = silent

        try:
            yield answered
        finally:
            self._writing[key] -= 1
            if not self._writing[key]:
                del self._writing[key]
                for version, tell in self._put_off.pop(key, ()):
                    self.heard(key, version, tell)

    def heard(self, key: Key, version: str, tell: Told) -> None:
        """Something that concerns `key` has another version now: `tell` is called, at once or when what is being written is written;
        not at all when it is a silent echo."""
        own = self._own.get(key, {})
        if version in own:
            if not own[version]:
                tell(True)
        elif key in self._writing:
            self._put_off.setdefault(key, []).append((version, tell))
        else:
            tell(False)

    def forget(self, key: Key) -> None:
        """A run for the object has ended: all that it wrote has been heard of."""
        self._own.pop(key, None)

    def __len__(self) -> int:
        return len(self._writing) + len(self._put_off) + len(self._own)

"""Where the parts of a store are in its object: in a PoblanoStore by name, in a Secret all of them as its data.

>>> STORED.pointer("data", "a/b"), SECRET.pointer("data", "a/b")
('/data/a~1b', '/data/i.a_2fb')
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final, Literal, Protocol, TypeAlias

from poblano.core.jsonvalue import Document, as_map
from poblano.core.kinds import Kind
from poblano.core.patch import escape
from poblano.core.store.definition import STORE

Section: TypeAlias = Literal["data", "expires", "writers"]
"""The items; when those that do expire; and the number of each process's newest write."""

SECTIONS: Final[tuple[Section, ...]] = ("data", "expires", "writers")

SECRETS: Final = Kind("", "v1", "Secret", "secrets")


class Layout(Protocol):
    """How a store is an object."""

    kind: Kind

    def pointer(self, section: Section, key: str) -> str:
        """Where a part is: RFC 6901."""
        ...

    def written(self, section: Section, text: str) -> object:
        """A part, as it is written."""
        ...

    def parts(self, section: Section, document: Document) -> Iterator[tuple[str, str]]:
        """The keys of a section and their texts. What cannot be read is passed over."""
        ...

    def bases(self) -> tuple[str, ...]:
        """The maps that parts are in."""
        ...


class Stored:
    """A PoblanoStore."""

    kind = STORE

    def pointer(self, section: Section, key: str) -> str:
        """Where a part is."""
        return f"/{section}/{escape(key)}"

    def written(self, section: Section, text: str) -> object:
        """A part, as it is written."""
        return int(text) if section == "writers" else text

    def parts(self, section: Section, document: Document) -> Iterator[tuple[str, str]]:
        """The keys of a section and their texts."""
        for key, value in (as_map(document.get(section)) or {}).items():
            if isinstance(value, str | int):
                yield key, str(value)

    def bases(self) -> tuple[str, ...]:
        """The maps that parts are in."""
        return SECTIONS


class InSecret:
    """A Secret: a key of its data says which section it is of, and spells what a Secret's key cannot have."""

    kind = SECRETS
    _PREFIXES: Final[dict[Section, str]] = {"data": "i.", "expires": "x.", "writers": "w."}

    def pointer(self, section: Section, key: str) -> str:
        """Where a part is."""
        return f"/data/{self._PREFIXES[section]}{_spelt(key)}"

    def written(self, section: Section, text: str) -> object:
        """A part, as it is written."""
        return base64.b64encode(text.encode()).decode()

    def parts(self, section: Section, document: Document) -> Iterator[tuple[str, str]]:
        """The keys of a section and their texts."""
        prefix = self._PREFIXES[section]
        for key, value in (as_map(document.get("data")) or {}).items():
            if key.startswith(prefix) and isinstance(value, str):
                try:
                    yield _read(key.removeprefix(prefix)), base64.b64decode(value, validate=True).decode()
                except (binascii.Error, ValueError):
                    continue

    def bases(self) -> tuple[str, ...]:
        """The maps that parts are in."""
        return ("data",)


STORED: Final[Layout] = Stored()
SECRET: Final[Layout] = InSecret()


def _spelt(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", lambda match: "".join(f"_{byte:02x}" for byte in match[0].encode()), key)


def _read(spelt: str) -> str:
    found = re.sub(rb"_([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), spelt.encode())
    return found.decode()

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

import msgspec

from poblano.core.jsonvalue import Document, as_map
from poblano.core.kinds import Kind
from poblano.core.patch import escape
from poblano.core.store.definition import STORE

Section: TypeAlias = Literal[
    "data", "expires", "writers", "state", "removed", "leaving", "leavingExpires", "leavingRemoved"
]
"""The items; when those that do expire; the number of each process's newest write; and over which parts the store is spread.

Of a store that is spread, also: keys that were taken away, though a part has them still; and what is on its way to the parts.
"""

SECTIONS: Final[tuple[Section, ...]] = ("data", "expires", "writers", "state")
SPREAD: Final[tuple[Section, ...]] = ("removed", "leaving", "leavingExpires", "leavingRemoved")
NUMBERS: Final[frozenset[Section]] = frozenset({"writers", "state"})

SECRETS: Final = Kind("", "v1", "Secret", "secrets")

SECRET_KEY_LIMIT = 250
"""Characters of a key as a Secret has it: its keys have 253 (apimachinery: IsConfigMapKey), three say of which section it is."""


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

    def bases(self, *, spread: bool = False) -> tuple[str, ...]:
        """The maps that parts are in; more, where the store is spread."""
        ...

    def cost(self, key: str, text: str, *, expires: bool = False) -> int:
        """At most so many bytes does an item take in etcd: with who owns it, and escaped."""
        ...


class Stored:
    """A PoblanoStore."""

    kind = STORE

    def pointer(self, section: Section, key: str) -> str:
        """Where a part is."""
        return f"/{section}/{escape(key)}"

    def written(self, section: Section, text: str) -> object:
        """A part, as it is written."""
        return int(text) if section in NUMBERS else text

    def parts(self, section: Section, document: Document) -> Iterator[tuple[str, str]]:
        """The keys of a section and their texts."""
        for key, value in (as_map(document.get(section)) or {}).items():
            if isinstance(value, str | int):
                yield key, str(value)

    def bases(self, *, spread: bool = False) -> tuple[str, ...]:
        """The maps that parts are in."""
        return (*SECTIONS, *SPREAD) if spread else SECTIONS

    def cost(self, key: str, text: str, *, expires: bool = False) -> int:
        """At most so many bytes does an item take."""
        spelt = len(msgspec.json.encode(key))
        # Go's encoder spells these three with six letters.
        escaped = len(msgspec.json.encode(text)) + 5 * sum(map(text.count, "<>&"))
        return escaped + 2 * spelt + 16 + (2 * spelt + 60 if expires else 0)


class InSecret:
    """A Secret: a key of its data says which section it is of, and spells what a Secret's key cannot have."""

    kind = SECRETS
    _PREFIXES: Final[dict[Section, str]] = {
        "data": "i.",
        "expires": "x.",
        "writers": "w.",
        "state": "s.",
        "removed": "r.",
        "leaving": "li.",
        "leavingExpires": "lx.",
        "leavingRemoved": "lr.",
    }

    def pointer(self, section: Section, key: str) -> str:
        """Where a part is."""
        return f"/data/{self._PREFIXES[section]}{spelt(key)}"

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

    def bases(self, *, spread: bool = False) -> tuple[str, ...]:
        """The maps that parts are in."""
        return ("data",)

    def cost(self, key: str, text: str, *, expires: bool = False) -> int:
        """At most so many bytes does an item take."""
        length = len(spelt(key)) + 4
        return len(text.encode()) * 4 // 3 + 2 * length + 16 + (2 * length + 60 if expires else 0)


STORED: Final[Layout] = Stored()
SECRET: Final[Layout] = InSecret()


def spelt(key: str) -> str:
    """A key, as that of a Secret's data.

    >>> spelt("a/é")
    'a_2f_c3_a9'
    """
    return re.sub(r"[^A-Za-z0-9.-]", lambda match: "".join(f"_{byte:02x}" for byte in match[0].encode()), key)


def _read(key: str) -> str:
    found = re.sub(rb"_([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), key.encode())
    return found.decode()

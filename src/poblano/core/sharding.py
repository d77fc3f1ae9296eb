"""Which of several members works on which key: the same answer for everybody who knows the same members, and without a table.

Rendezvous hashing: of all members, the one whose hash with the key is greatest. Who joins takes an equal part from each of the
others, who goes leaves its part to all of them, and nothing else moves.

>>> owner("shop/web", {"a", "b", "c"}) in {"a", "b", "c"}
True
>>> owner("shop/web", {"a", "b"}) == owner("shop/web", ["b", "a"])
True
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

_ALL = 2**64 - 1

View: TypeAlias = frozenset[str]
"""The members that somebody takes into account."""


def owner(key: str, members: Iterable[str]) -> str:
    """The member that a key belongs to; "" when there is none."""
    number = _number(key)
    return max(members, key=lambda member: (_mixed(number ^ _number_of(member)), member), default="")


@lru_cache(maxsize=1024)
def _number_of(member: str) -> int:
    return _number(member)


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _mixed(number: int) -> int:
    """64 bits, each of which depends on all of those given: the last step of SplitMix64."""
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & _ALL
    number = (number ^ number >> 27) * 0x94D049BB133111EB & _ALL
    return number ^ number >> 31


@dataclass(frozen=True, slots=True)
class Claim:
    """What a member says that it works on: what is its own among the members that it takes into account."""

    member: str
    view: View

    def has(self, key: str) -> bool:
        """Whether it claims that key."""
        return owner(key, self.view) == self.member


@dataclass(frozen=True, slots=True)
class Share:
    """What a member may work on: what it claims by every view that the others may have of it, and none of them claims.

    Args:
        member: whose.
        views: all of them must give it the key.
        rivals: what others claim by views of theirs.

    >>> both = frozenset({"a", "b"})
    >>> share = Share("a", frozenset({both}), frozenset())
    >>> [key for key in "stuvwxyz" if share.has(key)] == [key for key in "stuvwxyz" if owner(key, both) == "a"]
    True
    >>> Share("a", frozenset(), frozenset()).has("s")
    False
    """

    member: str
    views: frozenset[View]
    rivals: frozenset[Claim]

    def has(self, key: str) -> bool:
        """Whether that key is in it."""
        if not self.views or any(owner(key, view) != self.member for view in self.views):
            return False
        return not any(rival.has(key) for rival in self.rivals if rival.view not in self.views)


NOTHING = Share("", frozenset(), frozenset())
"""No key is in it."""

"""What actions did, written down by themselves: which runs overlapped, what each object was when it was last worked on."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from poblano import a

Version = tuple[str, str]
"""An object's uid and its number."""


@dataclass(slots=True)
class Brackets:
    """Each run says when it begins and when it ends. To be used from any thread."""

    runs: int = 0
    overlaps: list[str] = field(default_factory=list)
    last: dict[str, Version] = field(default_factory=dict)
    _at_work: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def run(self, one: a.ConfigMap) -> Iterator[None]:
        name = one.metadata.name
        with self._lock:
            self.runs += 1
            if name in self._at_work:
                self.overlaps.append(name)
            self._at_work.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._at_work.discard(name)
                self.last[name] = version(one)

    def wrong(self, found: Mapping[str, Version]) -> list[str]:
        """Objects whose last state it did not work on."""
        return [
            f"{name} was last seen at {self.last.get(name)}, and is at {now}"
            for name, now in found.items()
            if self.last.get(name) != now
        ]


@dataclass(slots=True)
class Told:
    """What two watch actions were told: what came and changed, and what went."""

    nonsense: list[str] = field(default_factory=list)
    last: dict[str, Version] = field(default_factory=dict)
    came: set[str] = field(default_factory=set)
    went: set[str] = field(default_factory=set)

    def hear(self, one: a.ConfigMap, phase: str) -> None:
        uid, number = version(one)
        if (phase == "ADDED") == (uid in self.came):
            self.nonsense.append(f"{one.metadata.name} ({uid}) is {phase}, and came before: {uid in self.came}")
        self.came.add(uid)
        self.last[one.metadata.name] = (uid, number)

    def hear_of_the_end(self, one: a.ConfigMap, phase: str) -> None:
        uid = one.metadata.uid
        if uid in self.went:
            self.nonsense.append(f"{one.metadata.name} ({uid}) went twice")
        self.went.add(uid)

    def wrong(self, found: Mapping[str, Version]) -> list[str]:
        """What it does not know of what there is, and of what is gone."""
        stale = [f"{name} was told as {self.last.get(name)}, and is {now}" for name, now in found.items()]
        there = {uid for uid, _ in found.values()}
        lost = [f"{uid} went, and nobody said so" for uid in self.came - there - self.went]
        return [
            text for text, (name, now) in zip(stale, found.items(), strict=True) if self.last.get(name) != now
        ] + lost


def version(one: a.ConfigMap) -> Version:
    return one.metadata.uid, one.data.get("n", "")


def versions(found: Mapping[tuple[str, str], dict[str, Any]]) -> dict[str, Version]:
    """Of what an auditor found in one namespace."""
    return {name: (item["metadata"]["uid"], item.get("data", {}).get("n", "")) for (_, name), item in found.items()}

"""What is known of a server's objects, and up to which of its resource versions: a cache that lists and watches fill.

Lists gather until they are complete, and then take the place of what was known; a watch changes it event by event; an answer
to a write of ours comes ahead of the watch.

>>> known = Known()
>>> known.list_begins()
>>> known.gather([Item(Key("shop", "web"), "1", "5", b"{}")])
>>> [change.type for change in known.complete("7")], known.version
(['ADDED'], '7')
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from poblano.core.cache import Cache, Change, Item, Key
from poblano.core.own_writes import OwnWrites, number
from poblano.core.watch_events import Event, Page

NO_VERSION: Final = frozenset({"", "0"})
"""What a server says that keeps none: then only a list tells what is gone."""


class Known:
    """The objects and the version."""

    def __init__(self) -> None:
        self.cache = Cache()
        self.version = ""
        self.counts: Counter[str] = Counter()
        self.has_synced = False
        self._unordered = False
        self._gone_at = ""
        self._gathered: dict[Key, Item] = {}
        self._own = OwnWrites()

    @property
    def may_be_followed(self) -> bool:
        """Whether a watch can go on from `version`."""
        return self.version not in NO_VERSION

    def list_begins(self) -> None:
        """A new list, from the start; what an earlier one gathered is of no use."""
        self._gathered = {}
        self._own.list_begins()

    def gather(self, items: Iterable[Item]) -> None:
        """A part of the list."""
        for item in items:
            self._gathered[item.key] = self._kept(item)

    def gather_event(self, event: Event) -> None:
        """A part of the list, as the initial events of a watch are."""
        if event.item is None:
            self.counts["rejected objects"] += 1
        elif event.type == "DELETED":
            self._gathered.pop(event.item.key, None)
        else:
            self._gathered[event.item.key] = self._kept(event.item)

    def _kept(self, item: Item) -> Item:
        """The one that is known where they are equal: then a list of what is known takes no memory."""
        known = self.cache.get(item.key)
        return known if known is not None and known == item else item

    def complete(self, version: str) -> list[Change]:
        """The list is complete, and true at `version`. What we wrote since it began may be newer."""
        for key in self._own.listed(version):
            if (ours := self.cache.get(key)) is not None:
                self._gathered[key] = ours
        changes = self.cache.replace(self._gathered)
        if self.has_synced:
            self.counts["recovered"] += len(changes)
        tombstones = sum(change.tombstone for change in changes)
        self.counts["tombstones"] += tombstones
        if tombstones or not self.has_synced:  # before the first list, nobody knows what went
            self._gone_at = version
        self._gathered = {}
        self.version, self._unordered = version, version in NO_VERSION
        self.has_synced = True
        return changes

    def happened(self, event: Event) -> list[Change]:
        """An event of a watch about an object."""
        item, gone = event.item, event.type == "DELETED"
        if item is None:
            self.counts["rejected objects"] += 1
            return []
        if not (self._unordered and event.type == "ADDED"):
            self.advance(item.resource_version)
        if self._own.overtakes(item.key, item.resource_version, gone=gone):
            self.counts["echoes"] += 1
            return []
        if not gone:
            return self.cache.put(item)
        self._gone_at = item.resource_version
        return self.cache.remove(item)

    def advance(self, version: str) -> None:
        """All up to `version` is known."""
        if version:
            self.version, self._unordered = version, False

    @property
    def newest(self) -> Key | None:
        """The object that changed last; none where that is known from a write of ours, and not from a list or watch."""
        newest = max(self.cache, key=lambda item: number(item.resource_version) or 0, default=None)
        return newest.key if newest and newest.key not in self._own else None

    def leads_to(self, page: Page, away: bool) -> bool:  # noqa: FBT001 -- a fact, no mode
        """Whether the server that answers this may have come by all that we know; else it was set back to an older state.

        Args:
            page: what it has, now, of our newest object.
            away: it could not be reached for a while, and may have caught up with us in the meantime.
        """
        came, said = number(self.version), number(page.resource_version)
        if came is not None and said is not None and said < came:
            return False
        return not away or any(self._has_come_by(item) for item in page.items)

    def _has_come_by(self, newest: Item) -> bool:
        """Who has our newest object as we know it has come by all that we know, unless something went after that."""
        known = newest.key not in self._own and self.cache.has(newest)
        return known and (number(self._gone_at) or 0) <= (number(newest.resource_version) or 0)

    def wrote(self, item: Item) -> list[Change]:
        """The server answered a write of ours with this; see `poblano.core.own_writes`."""
        known = self.cache.get(item.key)
        seen = "" if self._unordered or not self.has_synced else self.version
        version = known.resource_version if known else None
        return self.cache.put(item) if self._own.took(item.key, item.resource_version, seen=seen, known=version) else []

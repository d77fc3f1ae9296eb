"""Keeps a cache equal to what a server has: lists, watches, and comes back from whatever goes wrong. Without I/O.

A `Reflector` says what to do next (`command`: list, watch, sleep); its driver does it and reports what came of it, by the
method for that: `listed`, `opened` and `received`, `ended`, `stalled`, `garbled`, `failed`, `slept`. So it is tested without
a network or a wait. The rules are client-go's ``tools/cache/reflector.go``, but where a watch may be silent: there we look.

>>> reflector = Reflector(clock=lambda: 0.0, streaming=False)
>>> reflector.command
List(resource_version='0', limit=0, continue_token='', probe=False)
>>> reflector.listed(Page((), "7")), reflector.has_synced
([], True)
>>> reflector.command.resource_version
'7'
"""

from __future__ import annotations

import random
from collections.abc import Callable

from poblano.core.cache import Cache, Change, Item
from poblano.core.doubt import Doubt
from poblano.core.known import Known
from poblano.core.listwatch import (
    AT_ONCE,
    GRACE,
    PAGE,
    SECONDS,
    Command,
    List,
    Watch,
    may_go_on,
    may_have_changed_hands,
)
from poblano.core.trouble import Trouble
from poblano.core.watch_events import Event, Failure, Page


class Reflector:
    """One list and watch.

    Args:
        clock: seconds that never go back.
        chance: draws from 0 to 1.
        streaming: whether to ask for the initial state as a stream, where the server has that.
        lasting: between how many seconds a watch is asked to last.

    Attributes:
        known: what there is, as far as is known.
        trouble: what keeps it from being known.
        counts: what happened, by name.
        sync_seconds: how long it took until all that was there at the start was known.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        chance: Callable[[], float] = random.random,
        streaming: bool = True,
        lasting: tuple[float, float] = SECONDS,
    ) -> None:
        self.known = Known()
        self.counts = self.known.counts
        self.sync_seconds: float | None = None
        self._clock = clock
        self._started = clock()
        self._chance = chance
        self._lasting = lasting
        self._began = ""
        self._opened: float | None = None
        self._heard = 0
        self.trouble = Trouble(clock=clock, chance=chance)
        self._doubt = Doubt()
        self._after: Command = List("0")
        self._command: Command = List("0")
        if streaming:
            self._stream()

    @property
    def cache(self) -> Cache:
        """What there is, as far as is known."""
        return self.known.cache

    @property
    def has_synced(self) -> bool:
        """Whether all that was there at the start is known."""
        return self.known.has_synced

    @property
    def command(self) -> Command:
        """What to do now, until it is reported on."""
        return self._command

    def listed(self, page: Page) -> list[Change]:
        """A list, or a page of it, was answered."""
        self.trouble.answered()
        asked = self._command
        if isinstance(asked, List) and asked.probe:
            self._probed(asked, page)
            return []
        self.known.gather(page.items)
        if page.continue_token:
            self._command = List("", PAGE, page.continue_token)
            return []
        return self._replaced(page.resource_version)

    def wrote(self, item: Item) -> list[Change]:
        """The server answered a write of ours with this."""
        return self.known.wrote(item)

    def opened(self) -> None:
        """The watch was answered, and its events may come."""
        self._opened = self._clock()
        self.trouble.over(None if self.has_synced else "the initial events are not complete")

    def received(self, event: Event) -> list[Change]:
        """An event came; when the `command` is another afterwards, the watch is to be given up."""
        self.trouble.heard()
        match event.type:
            case "ADDED" | "MODIFIED" | "DELETED":
                self._heard += 1
                if not self._initial:
                    return self.known.happened(event)
                self.known.gather_event(event)
            case "BOOKMARK":
                self._heard += 1
                if not self._initial:
                    self.known.advance(event.resource_version)
                elif event.ends_initial:
                    return self._streamed(event.resource_version)
            case "ERROR":
                self._heard += 1
                self.failed(event.failure)
            case _:
                self.counts["unknown events"] += 1
        return []

    def ended(self) -> None:
        """The server ended the watch, as it was asked to."""
        self.trouble.heard()
        if self._initial:
            self._list("the initial events ended early")
        elif self.known.version == self._began and self._clock() - (self._opened or 0.0) < AT_ONCE:
            self._rest(Failure(message="the watch ended as it began"), self._next())
        elif self._heard:
            self._doubt.heard()
            self._command = self._next()
        else:
            self._command = List("", limit=1, probe=True) if self._doubt.silent() else self._next()

    def stalled(self) -> None:
        """The watch should have ended, and is open and silent: who knows what was not said."""
        self.trouble.reason = "the watch went silent"
        self._list("silent")

    def not_streamed(self) -> None:
        """The server is known to have no initial events."""
        self._command = self._first_list()

    def garbled(self) -> None:
        """What came cannot be read; what is known stays."""
        self.counts["garbled"] += 1
        failure = Failure(message="what came cannot be read")
        self._rest(failure, self._next() if isinstance(self._command, Watch) and not self._initial else self._relist())

    def failed(self, failure: Failure) -> None:
        """The request was refused or not answered, its connection broke, or an ERROR came in the stream."""
        self.counts["streams refused" if self._is_old(failure) else "errors"] += 1
        self.trouble.failed()
        if failure.expired:
            self._expired(failure)
        elif self._initial:
            self._fall_back(failure)
        elif isinstance(self._command, Watch):
            self._rest(failure, self._resumed(failure))
        elif isinstance(self._command, List) and self._command.probe:
            self._rest(failure, self._command)
        else:
            self._rest(failure, self._command if may_go_on(failure) else self._relist())

    def slept(self) -> None:
        """The time to wait is over."""
        self._command = self._after
        if isinstance(self._after, List) and not self._after.continue_token and not self._after.probe:
            self.known.list_begins()

    def _streamed(self, version: str) -> list[Change]:
        """All initial events are there: the same watch goes on with what happens next."""
        assert isinstance(self._command, Watch)
        self._command = Watch("", self._command.timeout, self._command.deadline)
        self.trouble.reason = None
        return self._taken(version)

    def _replaced(self, version: str) -> list[Change]:
        self.counts["lists"] += 1
        changes = self._taken(version)
        self._command = self._watch()
        return changes

    def _taken(self, version: str) -> list[Change]:
        if not self.has_synced:
            self.sync_seconds = self._clock() - self._started
        changes = self.known.complete(version)
        if changes:
            self._doubt.missed()
        self._doubt.heard()
        return changes

    # ------------------------------------------------------------------ what is next

    @property
    def _initial(self) -> bool:
        return isinstance(self._command, Watch) and self._command.initial

    def _watch(self, *, initial: bool = False) -> Watch:
        least, most = self._lasting
        timeout = round(least + (most - least) * self._chance())
        self._opened, self._heard, self._began = None, 0, self.known.version
        self.counts["watches"] += 1
        return Watch("" if initial else self.known.version, timeout, timeout + GRACE, initial)

    def _next(self) -> Command:
        """The next watch, from where this one came to."""
        return self._watch() if self.known.may_be_followed else self._relist()

    def _stream(self) -> None:
        self.known.list_begins()
        self._command = self._watch(initial=True)

    def _relist(self, *, limit: int = PAGE) -> List:
        """What the server has now, whatever its caches have."""
        self.known.list_begins()
        return List("", limit)

    def _list(self, reason: str) -> None:
        self.counts[f"relists: {reason}"] += 1
        self._command = self._relist()

    def _resumed(self, failure: Failure) -> Command:
        """What follows a watch that broke off."""
        if not may_have_changed_hands(failure):
            return self._next() if may_go_on(failure) else self._relist()
        newest = self.known.newest
        return List("", limit=1, probe=True, only=newest) if newest else self._relist()

    def _probed(self, asked: List, page: Page) -> None:
        doubted = asked.only is None
        if (page.resource_version == self.known.version) if doubted else self.known.leads_to(page, self.trouble.lasts):
            self._doubt.heard()
            self._command = self._next()
            return
        if doubted:
            self._doubt.in_vain()
        self._list("doubted" if doubted else "another state")

    def _expired(self, failure: Failure) -> None:
        self.counts["relists: expired"] += 1
        asked = self._command
        pages_expired = isinstance(asked, List) and bool(asked.continue_token)
        after = self._relist(limit=0 if pages_expired else PAGE)
        known_good = isinstance(asked, List) and (pages_expired or asked.resource_version != "")
        if known_good or self._heard > 1:
            self._command = after
        else:
            self._rest(failure, after)

    def _is_old(self, failure: Failure) -> bool:
        """Whether the server has no initial events."""
        return self._initial and failure.status in {400, 406, 415, 422}

    def _fall_back(self, failure: Failure) -> None:
        """Initial events were refused, or broke off: a list does as well."""
        if self._is_old(failure):
            self._command = self._first_list()
        else:
            self._rest(failure, self._first_list())

    def _first_list(self) -> List:
        self.known.list_begins()
        return self._relist() if self.has_synced else List("0")

    def _rest(self, failure: Failure, after: Command) -> None:
        self._after, self._command = after, self.trouble.rest(failure)

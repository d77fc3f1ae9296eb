"""Which key is worked on next: each by one worker at a time, none lost, and many changes of one come to one more run.

client-go's ``util/workqueue`` and controller-runtime's priority queue in one, over a clock from outside and without waiting:
whoever works asks `get`, and sleeps until `next_due` where there is nothing.

>>> queue = WorkQueue[str](clock=lambda: 0.0)
>>> queue.add("shop/web"); queue.add("shop/web")
>>> queue.get(), queue.get()
('shop/web', None)
>>> queue.add("shop/web"); queue.get()  # it is worked on: not twice at once
>>> queue.done("shop/web"); queue.get()
'shop/web'
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

from poblano.core.observing import QueueObserver, Unheard
from poblano.core.ratelimits import RateLimiter, RateLimits

K = TypeVar("K", bound=Hashable)

LOW = -100
"""The priority of what is there at the start, behind live events. controller-runtime: handler.LowPriority."""

TURN = 10
"""Every so many runs the key that has waited longest has its turn, whatever its priority: nothing starves."""


@dataclass(slots=True)
class _Pending:
    """A key that is to be run: since when, and how urgently. `number` tells the entries of a heap that still count."""

    since: float
    number: int
    priority: int


@dataclass(slots=True)
class _Delayed:
    due: float
    number: int
    priority: int


class WorkQueue(Generic[K]):
    """Keys to be worked on.

    Args:
        clock: seconds that never go back.
        limits: how soon failures are tried again.
        chance: draws from 0 to 1, for jitter.
        observer: is told what happens; may be set later.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        limits: RateLimits | None = None,
        chance: Callable[[], float] = random.random,
        observer: QueueObserver | None = None,
    ) -> None:
        self.observer = observer or Unheard()
        self._clock = clock
        self._limiter = RateLimiter[K](limits or RateLimits(), clock, chance)
        self._dirty: dict[K, _Pending] = {}  # to be run, whether or not it is worked on now
        self._processing: dict[K, float] = {}  # since when
        self._delayed: dict[K, _Delayed] = {}
        self._urgent: list[tuple[int, int, K]] = []  # heaps; entries that no longer count are passed over
        self._oldest: list[tuple[int, K]] = []
        self._due: list[tuple[float, int, K]] = []
        self._numbers = 0
        self._turns = 0
        self._closed = False

    def add(self, key: K, *, priority: int = 0) -> None:
        """Have `key` run as soon as may be; when it is to be already, the higher priority counts."""
        if self._closed:
            return
        delayed = self._delayed.pop(key, None)
        if delayed is not None:
            priority = max(priority, delayed.priority)
        pending = self._dirty.get(key)
        if pending is None:
            pending = self._dirty[key] = _Pending(self._clock(), self._number(), priority)
            self.observer.added()
            if key not in self._processing:
                self._enqueue(key, pending)
        elif priority > pending.priority:
            pending.priority = priority
            if key not in self._processing:
                heappush(self._urgent, (-priority, pending.number, key))
        self._compact()

    def add_after(self, key: K, seconds: float, *, priority: int = 0) -> None:
        """Have `key` run in so many seconds, unless it is to be run earlier anyway: the earliest time counts."""
        if seconds <= 0:
            self.add(key, priority=priority)
            return
        if self._closed or key in self._dirty:
            return
        due, known = self._clock() + seconds, self._delayed.get(key)
        if known is not None:
            due, priority = min(due, known.due), max(priority, known.priority)
            if due == known.due:
                known.priority = priority
                return
        delayed = self._delayed[key] = _Delayed(due, self._number(), priority)
        heappush(self._due, (delayed.due, delayed.number, key))
        self._compact()

    def add_rate_limited(self, key: K, *, priority: int = 0) -> float:
        """Have `key` run again after a failure; later with each one until `forget`. Returns the seconds."""
        seconds = 0.0 if self._closed else self._limiter.delay(key)
        self.observer.retried()
        self.add_after(key, seconds, priority=priority)
        return seconds

    def forget(self, key: K) -> None:
        """It went well: its failures no longer count, and nothing of them is kept."""
        self._limiter.forget(key)

    def failures(self, key: K) -> int:
        """How often it has failed in a row."""
        return self._limiter.failures(key)

    def get(self) -> K | None:
        """The next key, which is the caller's until it says `done`; None when there is none now."""
        self._promote()
        self._turns += 1
        key = self._pop_oldest() if self._turns % TURN == 0 else self._pop_urgent()
        if key is None:
            return None
        now = self._processing[key] = self._clock()
        self.observer.got(now - self._dirty.pop(key).since)
        self._compact()
        return key

    def done(self, key: K) -> None:
        """Its run has ended, however it did. If it was added meanwhile, it runs again.

        Raises:
            ValueError: nobody works on it.
        """
        if key not in self._processing:
            raise ValueError(f"{key!r} is not being worked on")
        self.observer.done(self._clock() - self._processing.pop(key))
        pending = self._dirty.get(key)
        if pending is not None:
            self._enqueue(key, pending)

    def next_due(self) -> float | None:
        """When, by the clock, a delayed key becomes ready: what to sleep until while `get` has nothing."""
        while self._due and not self._is_delayed(self._due[0]):
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def shut_down(self) -> None:
        """Take no more keys, and forget those that wait for a time; what is ready is still handed out."""
        self._closed = True
        self._delayed.clear()
        self._due.clear()

    def abandon(self) -> None:
        """As `shut_down`, and nothing more is handed out: somebody else will see to it."""
        self.shut_down()
        self._dirty.clear()
        self._urgent.clear()
        self._oldest.clear()

    @property
    def closed(self) -> bool:
        """Whether it was shut down."""
        return self._closed

    @property
    def drained(self) -> bool:
        """Whether it was shut down, all was handed out, and every run has ended."""
        return self._closed and not self._dirty and not self._processing

    def __len__(self) -> int:
        """How many keys are to be run, but for those that wait for a time."""
        return len(self._dirty)

    @property
    def processing(self) -> frozenset[K]:
        """The keys that are worked on."""
        return frozenset(self._processing)

    def running_for(self) -> list[float]:
        """For how many seconds each key has been worked on that is worked on now. From any thread."""
        now = self._clock()
        return [now - since for since in list(self._processing.values())]

    def depths(self) -> Counter[int]:
        """How many keys are to be run, by priority; but for those that wait for a time. From any thread."""
        return Counter(pending.priority for pending in list(self._dirty.values()))

    @property
    def oldest_since(self) -> float | None:
        """When the key was added that has waited longest; None when none waits. From any thread."""
        return min((pending.since for pending in list(self._dirty.values())), default=None)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _enqueue(self, key: K, pending: _Pending) -> None:
        heappush(self._urgent, (-pending.priority, pending.number, key))
        heappush(self._oldest, (pending.number, key))

    def _promote(self) -> None:
        """What has waited for its time is ready."""
        now = self._clock()
        while (due := self.next_due()) is not None and due <= now:
            key = self._due[0][2]
            self.add(key, priority=self._delayed[key].priority)

    def _pop_urgent(self) -> K | None:
        while self._urgent:
            priority, number, key = heappop(self._urgent)
            pending = self._dirty.get(key)
            if pending is not None and (pending.number, pending.priority) == (number, -priority):
                return key
        return None

    def _pop_oldest(self) -> K | None:
        while self._oldest:
            number, key = heappop(self._oldest)
            pending = self._dirty.get(key)
            if pending is not None and pending.number == number:
                return key
        return None

    def _is_delayed(self, entry: tuple[float, int, K]) -> bool:
        delayed = self._delayed.get(entry[2])
        return delayed is not None and delayed.number == entry[1]

    def _compact(self) -> None:
        """Heaps keep entries that no longer count until they come up; they are never more than the others and a few."""
        ready = len(self._dirty)
        if len(self._urgent) > 2 * ready + 64 or len(self._oldest) > 2 * ready + 64:
            queued = [(key, pending) for key, pending in self._dirty.items() if key not in self._processing]
            self._urgent = [(-pending.priority, pending.number, key) for key, pending in queued]
            self._oldest = [(pending.number, key) for key, pending in queued]
            heapify(self._urgent)
            heapify(self._oldest)
        if len(self._due) > 2 * len(self._delayed) + 64:
            self._due = [entry for entry in self._due if self._is_delayed(entry)]
            heapify(self._due)

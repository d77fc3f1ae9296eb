"""Which events are written, and when: the same one again is counted, and no object gets more than a few in a short time.

client-go's ``tools/events`` and the spam filter of its ``tools/record`` in one, over a clock from outside and without waiting.

>>> told = Told("1f9b", "shop/clean", "Normal", "Scaled", "to 3")
>>> series = Recorder(clock=lambda: 0.0)
>>> first = series.tell(told)
>>> first.count, series.tell(told).count, series.tell(told)
(1, 2, None)
>>> [series.tell(Told("1f9b", "shop/clean", "Normal", "Scaled", str(number))) is None for number in range(25)][-2:]
[False, True]
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

BURST: Final = 25
"""client-go: tools/record/events_cache.go, defaultSpamBurst: how many events an object may get at once."""

REFILL: Final = 300.0
"""The same, defaultSpamQPS: after so many seconds it may get one more."""

FINISH: Final = 360.0
"""client-go: tools/events/event_broadcaster.go, finishTime: a series ends when it was not told for so many seconds."""

REFRESH: Final = 60.0
"""Between two writes of the count of a series; client-go has 30 minutes, in which nobody sees it grow."""

REMEMBERED: Final = 4096
"""client-go: maxLruCacheEntries."""


class Told(NamedTuple):
    """An event, as far as it makes it the same as another."""

    about: str
    rule: str
    type: str
    reason: str
    note: str


@dataclass(slots=True)
class Series:
    """An event that was told once or more often.

    Attributes:
        told: the event.
        count: how often.
        written: the count that the cluster is to have.
        since: when that was.
        last: when it was told last.
        name: of the object that it was written as; None as long as there is none.
        event: what is written.
    """

    told: Told
    count: int = 1
    written: int = 1
    since: float = 0.0
    last: float = 0.0
    name: str | None = None
    event: Any = None


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Recorder:
    """What was told lately.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._series: OrderedDict[Told, Series] = OrderedDict()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self.suppressed = 0

    def tell(self, told: Told) -> Series | None:
        """The series to write now, if any: of an event that is new, or comes for the second time."""
        now = self._clock()
        found = self._series.get(told)
        if found is not None and now - found.last < FINISH:
            found.count += 1
            found.last = now
            if found.written > 1:
                return None
            return self._due(found, now)
        if not self._takes(told.about, now):
            self.suppressed += 1
            return None
        made = self._series[told] = Series(told, since=now, last=now)
        self._series.move_to_end(told)
        while len(self._series) > REMEMBERED:
            self._series.popitem(last=False)
        return made

    def due(self) -> list[Series]:
        """The series whose count is to be written now. Those that have ended are forgotten."""
        now = self._clock()
        over = [one for one in self._series.values() if now - one.last >= FINISH]
        stale = [
            one
            for one in self._series.values()
            if one.count > one.written and (now - one.since >= REFRESH or now - one.last >= FINISH)
        ]
        for one in over:
            del self._series[one.told]
        for one in stale:
            self._due(one, now)
        return stale

    def rest(self) -> list[Series]:
        """All whose count is not written yet: for the end."""
        now = self._clock()
        return [self._due(one, now) for one in self._series.values() if one.count > one.written]

    def forget(self, series: Series) -> None:
        """It could not be written: when it is told again, it is new."""
        if self._series.get(series.told) is series:
            del self._series[series.told]

    def __len__(self) -> int:
        return len(self._series)

    def _due(self, series: Series, now: float) -> Series:
        series.written, series.since = series.count, now
        return series

    def _takes(self, about: str, now: float) -> bool:
        bucket = self._buckets.pop(about, None) or _Bucket(BURST, now)
        self._buckets[about] = bucket
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.filled) / REFILL)
        bucket.filled = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

"""What is counted of schedules: runs by result, how long they take, when the last one ended, when the next is due, and how late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from poblano.core.schedule.definition import Schedule
    from poblano.core.schedule.record import Result

BUCKETS: Final = (0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)


class ScheduleObserver(Protocol):
    """Is told what happens. Each method must be quick, and not raise."""

    def due(self, schedule: Schedule, at: datetime | None) -> None:
        """When it runs next; None when it does not."""

    def began(self, schedule: Schedule, lag: timedelta) -> None:
        """A run has begun, so long after its time."""

    def ended(self, schedule: Schedule, result: Result, took: timedelta, now: datetime) -> None:
        """A run has ended."""


class Uncounted:
    """A `ScheduleObserver` that does nothing."""

    def due(self, schedule: Schedule, at: datetime | None) -> None:
        """Do nothing."""

    def began(self, schedule: Schedule, lag: timedelta) -> None:
        """Do nothing."""

    def ended(self, schedule: Schedule, result: Result, took: timedelta, now: datetime) -> None:
        """Do nothing."""


UNCOUNTED: Final[ScheduleObserver] = Uncounted()


class ScheduleMetrics:
    """Counts, for ``/metrics``.

    Args:
        registry: where the metrics are read.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        names = ("schedule",)
        self._runs = Counter(
            "poblano_schedule_runs", "Runs that have ended, by result", (*names, "result"), registry=registry
        )
        self._seconds = Histogram(
            "poblano_schedule_run_seconds", "How long runs take", names, registry=registry, buckets=BUCKETS
        )
        self._last = Gauge(
            "poblano_schedule_last_run_timestamp_seconds",
            "When the newest run ended",
            (*names, "result"),
            registry=registry,
        )
        self._next = Gauge(
            "poblano_schedule_next_run_timestamp_seconds",
            "When it runs next; 0 when it does not",
            names,
            registry=registry,
        )
        self._lag = Gauge(
            "poblano_schedule_lag_seconds", "How long after its time the newest run began", names, registry=registry
        )

    def due(self, schedule: Schedule, at: datetime | None) -> None:
        """When it runs next; None when it does not."""
        self._next.labels(schedule.title).set(0 if at is None else at.timestamp())

    def began(self, schedule: Schedule, lag: timedelta) -> None:
        """A run has begun, so long after its time."""
        self._lag.labels(schedule.title).set(lag.total_seconds())

    def ended(self, schedule: Schedule, result: Result, took: timedelta, now: datetime) -> None:
        """A run has ended."""
        self._runs.labels(schedule.title, result).inc()
        self._seconds.labels(schedule.title).observe(took.total_seconds())
        self._last.labels(schedule.title, result).set(now.timestamp())

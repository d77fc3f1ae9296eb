"""What a watcher says of itself: whether a restart would help, and whether it is ready; each part by its name.

Asked from the thread of the health port. What is looked at is read without stopping anybody; a number may be of a moment ago.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from poblano.admission.health import Checks
from poblano.watch.controller import Controller
from poblano.watch.informer import Informer
from poblano.watch.watcher import Watcher, described

QUIET_SECONDS = 300.0
"""How long a watch may be without a sign of life, and without having said why. One lasts half a minute; a pause as long."""

STUCK_SECONDS = 300.0
"""How long an object may wait while nothing is worked on that it could be waiting for."""

STALE_SECONDS = 60.0
"""How long a cache may be behind before the replica is no longer ready."""


def add_liveness(checks: Checks, watcher: Watcher) -> None:
    """Have ``/healthz`` ask: is every watch alive, is every queue worked on, is a lost lease the end?"""
    checks.add("watches", lambda: _all(map(dead_watch, watcher.informers)))
    checks.add("queues", lambda: _all(map(stuck_queue, watcher.controllers)))
    checks.add("leader", lambda: _lost(watcher))


def add_readiness(checks: Checks, watcher: Watcher, *, stale: bool) -> None:
    """Have ``/readyz`` ask: are the caches there, and is it known who leads? Who does not lead is ready, too.

    Args:
        checks: of the page.
        watcher: whose.
        stale: whether caches must also be up to date. Not where webhooks are served beside: if the watches of all replicas
            break, as when a definition is deleted, the webhooks are to be answered all the same.
    """
    checks.add("caches", lambda: watcher.not_ready() or (_all(map(stale_cache, watcher.informers)) if stale else None))
    leadership = watcher.leadership
    if leadership is not None:
        checks.add("leader", leadership.trouble)


def dead_watch(informer: Informer) -> str | None:
    """Why a watch is not alive: silent for longer than it can be, though it says that all is well."""
    quiet = informer.reflector.trouble.quiet_seconds
    if quiet < QUIET_SECONDS or informer.trouble is not None:
        return None
    return f"{described(informer)}: nothing was heard for {quiet:.0f} s"


def stale_cache(informer: Informer) -> str | None:
    """Why what is known may be old."""
    quiet, trouble = informer.reflector.trouble.quiet_seconds, informer.trouble
    if quiet < STALE_SECONDS or trouble is None:
        return None
    return f"{described(informer)} has not been up to date for {quiet:.0f} s: {trouble}"


def stuck_queue(controller: Controller) -> str | None:
    """Why a queue is not worked on: something waits, and nothing runs. Runs that take long are the user's to have."""
    queue = controller.work.queue
    since = queue.oldest_since
    if since is None or queue.processing or time.monotonic() - since < STUCK_SECONDS:
        return None
    return f"{controller.binding.title}: {len(queue)} wait, the first for {time.monotonic() - since:.0f} s, and nothing runs"


def _lost(watcher: Watcher) -> str | None:
    leadership = watcher.leadership
    return str(leadership.failure()) if leadership is not None and leadership.lost.is_set() else None


def _all(problems: Iterable[str | None]) -> str | None:
    return "; ".join(problem for problem in problems if problem is not None) or None

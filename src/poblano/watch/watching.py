"""Runs a watch action: it is told what happened, in order for each object, and not again if it fails."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from poblano.core.binding import Binding
from poblano.core.cache import Change, Key
from poblano.core.errors import ApiError, LeadershipLost
from poblano.core.following import OPERATIONS, Phase, Requeue
from poblano.core.verdict import words_of
from poblano.core.watch_events import Garbled
from poblano.core.workqueue import LOW
from poblano.log import Log
from poblano.watch.calling import TimedOut
from poblano.watch.controller import Shared, about, may, ours, takes
from poblano.watch.informer import Informer
from poblano.watch.selecting import Selection, is_news
from poblano.watch.stepping import Panicked
from poblano.watch.working import Work


class Watching:
    """Runs a watch action.

    Args:
        binding: the rule.
        shared: what it runs in.
    """

    def __init__(self, binding: Binding, shared: Shared) -> None:
        self.binding = binding
        self.informers: tuple[Informer, ...] = shared.informers.of(binding)
        self.work = Work(self._run, binding.concurrency)
        self._shared = shared
        self._selection = Selection(binding, shared.ignored)
        self._heard = shared.observer.controller(
            f"{binding.title}/watch", workers=binding.concurrency, queue=self.work.queue
        )
        self.work.queue.observer = self._heard
        self._untold: dict[Key, deque[Change]] = {}
        self._started = False
        self._explained = False
        for informer in self.informers:
            informer.subscribe(self._hear)

    def start(self) -> None:
        """See `Controller`: all that is there is ADDED."""
        self._started = True
        self._shared.leftovers.look(self.informers)
        self.seed(lambda key: True)

    def seed(self, mine: Callable[[Key], bool]) -> None:
        """See `Controller`."""
        for item in ours(self.informers, self.work, mine):
            self._tell_of(Change("ADDED", item), LOW)

    def stop(self) -> None:
        """See `Controller`."""
        self._started = False
        self._untold.clear()
        self.work.stop()

    def _hear(self, change: Change) -> None:
        if self._started and is_news(self.binding, self._selection, change):
            self._tell_of(change, 0)

    def _tell_of(self, change: Change, priority: int) -> None:
        waiting = self._untold.setdefault(change.item.key, deque())
        if change.type == "MODIFIED" and waiting and waiting[-1].type != "DELETED":
            last = waiting.pop()  # nobody was told of that one: both are told as one
            change = Change(last.type, change.item, last.old)
        waiting.append(change)
        self.work.add(change.item.key, priority=priority)

    async def _run(self, key: Key) -> None:
        with self._shared.lanes.turn(self.binding, key, self, self.work) as is_its_turn:
            if is_its_turn:
                await self._tell_all(key)

    async def _tell_all(self, key: Key) -> None:
        waiting = self._untold.get(key)
        while waiting and may(self.work, key):
            await self._tell(key, waiting.popleft())
        if not self._untold.get(key) or not may(self.work, key):
            self._untold.pop(key, None)

    def _explain(self, returned: str) -> None:
        """Say once what the author of the rule takes it for."""
        if not self._explained:
            self._explained = True
            Log.error(
                f"a watch action returned a {returned}, but is not called again; what has to be is .reconcile(...)",
                rule=self.binding.title,
            )

    async def _lives(self, change: Change) -> bool:
        """Whether an object that is gone has only lost the label by which the server selects."""
        try:
            return any([await informer.has_left(change) for informer in self.informers])
        except (ApiError, Garbled) as error:
            Log.warning(
                "a deletion is told that may be none", **about(self.binding, change.item.key), reason=str(error)
            )
            return False

    async def _tell(self, key: Key, change: Change) -> None:
        phase = Phase(change.type)
        if OPERATIONS[phase] not in self.binding.operations or not takes(self.binding, self._selection, change.item):
            return
        if await self._lives(change):
            return
        began, result = time.monotonic(), "error"
        self._heard.began()
        try:
            obj = self._selection.view(change.item)
            answer = await self._shared.caller.call(self.binding, key, change.item.uid, obj, phase)
            result = "success"
            if isinstance(answer, Requeue | timedelta):
                self._explain(type(answer).__name__)
        except asyncio.CancelledError:
            raise
        except LeadershipLost as error:
            Log.info("a watch action was stopped", **about(self.binding, key), reason=words_of(error))
        except Exception as error:  # noqa: BLE001 -- whatever a user's code raises
            if isinstance(error, TimedOut):
                self._heard.timed_out()
            if isinstance(error, Panicked):
                self._heard.panicked()
            Log.error(error, "a watch action failed", **about(self.binding, key), phase=str(phase))
        finally:
            self._heard.ended("success" if result == "success" else "error", time.monotonic() - began)

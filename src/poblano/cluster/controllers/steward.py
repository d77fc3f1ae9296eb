"""Runs controllers: each is told which of its objects changed, and looks at one of them at a time.

The same level-based loop as everywhere in Kubernetes, over the engine's own events instead of watches: a key that changes
while it is looked at is looked at once more, one that fails comes again later.

Source: k8s.io/client-go/util/workqueue
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from poblano.cluster.status import StatusError
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Event

_FIRST_RETRY: Final = 0.05
_LONGEST_RETRY: Final = 30.0
_NOTICEABLE: Final = 0.005
_LONGEST_REST: Final = 0.05

_log = logging.getLogger("poblano.cluster.controllers")


class Controller(Protocol):
    """One thing that is looked after."""

    @property
    def buckets(self) -> tuple[Bucket | None, ...]:
        """What it wants to hear of; None for everything."""
        ...

    def keys(self, event: Event) -> Iterable[str]:
        """What is to be looked at after an event: keys of the controller's own choice."""
        ...

    def first_keys(self) -> Iterable[str]:
        """What is to be looked at at the start."""
        ...

    async def reconcile(self, key: str) -> float | None:
        """Bring one thing into order; seconds until it is to be looked at again, None for when it changes.

        Raises:
            StatusError: it did not work this time.
        """
        ...


@dataclass(slots=True)
class _Queue:
    """The keys of one controller that wait, are worked on, or come again later."""

    waiting: dict[str, None] = field(default_factory=dict[str, None])
    working: str | None = None
    again: bool = False
    later: dict[str, asyncio.TimerHandle] = field(default_factory=dict[str, asyncio.TimerHandle])
    failures: dict[str, int] = field(default_factory=dict[str, int])


class Steward:
    """Runs controllers in one task each, from `start` to `stop`.

    Args:
        storage: tells what happens.
        controllers: what to run.
    """

    def __init__(self, storage: Storage, controllers: Iterable[Controller]) -> None:
        self._storage = storage
        self._controllers = tuple(controllers)
        self._tasks: list[asyncio.Task[None]] = []
        self._unlisten: list[Callable[[], None]] = []
        self._queues: list[_Queue] = []

    def start(self) -> None:
        """Begin; needs a running loop."""
        for controller in self._controllers:
            queue, woken = _Queue(), asyncio.Event()
            self._queues.append(queue)
            self._listen(controller, queue, woken)
            for key in controller.first_keys():
                queue.waiting[key] = None
            woken.set()
            self._tasks.append(asyncio.create_task(_run(controller, queue, woken), name=type(controller).__name__))

    async def stop(self) -> None:
        """End: what is being looked at is left where it is, as a killed process would leave it."""
        for unlisten in self._unlisten:
            unlisten()
        for queue in self._queues:
            for timer in queue.later.values():
                timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._queues.clear()
        self._unlisten.clear()

    def _listen(self, controller: Controller, queue: _Queue, woken: asyncio.Event) -> None:
        def heard(event: Event) -> None:
            try:
                for key in controller.keys(event):
                    _add(queue, key, woken)
            except Exception:  # noqa: BLE001 - it is called amid somebody's write, which must not fail for it
                _log.exception("%s: %s %s", type(controller).__name__, event.bucket, event.record.key)

        for bucket in controller.buckets:
            self._unlisten.append(self._storage.listen(bucket, heard))


def _add(queue: _Queue, key: str, woken: asyncio.Event) -> None:
    if key == queue.working:
        queue.again = True
    else:
        queue.waiting[key] = None
        woken.set()


async def _run(controller: Controller, queue: _Queue, woken: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    while True:
        while not queue.waiting:
            woken.clear()
            await woken.wait()
        key = next(iter(queue.waiting))
        del queue.waiting[key]
        queue.working, queue.again = key, False
        began = loop.time()
        seconds = await _attempt(controller, queue, key)
        took = loop.time() - began
        queue.working = None
        if queue.again:
            queue.waiting[key] = None
        timer = queue.later.pop(key, None)
        if timer is not None:
            timer.cancel()
        if seconds is not None:
            queue.later[key] = loop.call_later(seconds, _due, queue, key, woken)
        # What is in this process need not wait for anything: let the others have their turn, and what much is to be done
        # for change once more before it is done again.
        await asyncio.sleep(min(_LONGEST_REST, took) if took > _NOTICEABLE else 0)


def _due(queue: _Queue, key: str, woken: asyncio.Event) -> None:
    queue.later.pop(key, None)
    _add(queue, key, woken)


async def _attempt(controller: Controller, queue: _Queue, key: str) -> float | None:
    """One run; after a failure the seconds until the next, twice as long each time."""
    try:
        seconds = await controller.reconcile(key)
    except StatusError as error:
        if error.code >= 500:
            _log.warning("%s %s: %s", type(controller).__name__, key, error)
    except Exception:  # noqa: BLE001 - one controller's mistake must not end it
        _log.exception("%s %s", type(controller).__name__, key)
    else:
        queue.failures.pop(key, None)
        return seconds
    count = queue.failures[key] = queue.failures.get(key, 0) + 1
    return min(_LONGEST_RETRY, _FIRST_RETRY * 2.0 ** min(count, 20))

"""Runs one watch or reconcile action for the objects of its rule.

A reconcile action is given what an object is: one run at a time for each, again on every change, again after a failure, later
each time. A watch action is told what happened: the same, but for the last; and never in another order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from poblano.context import Applying, Context
from poblano.core.binding import Binding
from poblano.core.cache import Change, Item, Key
from poblano.core.errors import Terminal
from poblano.core.following import OPERATIONS, Phase, Requeue
from poblano.core.workqueue import LOW
from poblano.log import Log
from poblano.watch.calling import Caller
from poblano.watch.informer import Informer
from poblano.watch.selecting import Selection
from poblano.watch.working import Work

WORKERS = 10
"""Objects of a rule that are worked on at once."""


class Controller(Protocol):
    """What runs a rule."""

    binding: Binding
    informers: Sequence[Informer]
    work: Work


class Reconciling:
    """Runs a reconcile action.

    Args:
        binding: the rule.
        informers: that bring its objects.
        caller: who calls it.
        api: how it writes.
        ignored: namespaces that it does not see unless it names them.
    """

    def __init__(
        self,
        binding: Binding,
        informers: Sequence[Informer],
        caller: Caller,
        api: Applying,
        ignored: Iterable[str] = (),
    ) -> None:
        self.binding = binding
        self.informers = informers
        self.work = Work(self._run, WORKERS)
        self._caller = caller
        self._api = api
        self._selection = Selection(binding, ignored)
        for informer in informers:
            informer.subscribe(self._hear)

    def _hear(self, change: Change) -> None:
        if change.type != "DELETED":
            self.work.add(change.item.key, priority=LOW if change.type == "ADDED" else 0)

    async def _run(self, key: Key) -> None:
        queue = self.work.queue
        item = _known(self.informers, key)
        if item is None or not _takes(self.binding, self._selection, item):
            queue.forget(key)
            return
        try:
            obj = self._selection.view(item)
            context = Context[Any](obj, self.binding.kind, self._api, failures=queue.failures(key))
            answer = await self._caller.call(self.binding, key, item.uid, obj, context)
        except asyncio.CancelledError:
            raise
        except Terminal as error:
            queue.forget(key)
            Log.error("a reconcile action gave up", **_about(self.binding, key), reason=str(error))
        except Exception as error:  # noqa: BLE001 -- whatever a user's code raises
            seconds = queue.add_rate_limited(key)
            Log.error(error, "a reconcile action failed", **_about(self.binding, key), again_in=round(seconds, 3))
        else:
            queue.forget(key)
            if isinstance(answer, Requeue):
                queue.add_after(key, answer.seconds)


class Watching:
    """Runs a watch action. Arguments as those of `Reconciling`."""

    def __init__(
        self, binding: Binding, informers: Sequence[Informer], caller: Caller, ignored: Iterable[str] = ()
    ) -> None:
        self.binding = binding
        self.informers = informers
        self.work = Work(self._run, WORKERS)
        self._caller = caller
        self._selection = Selection(binding, ignored)
        self._untold: dict[Key, deque[Change]] = {}
        for informer in informers:
            informer.subscribe(self._hear)

    def _hear(self, change: Change) -> None:
        waiting = self._untold.setdefault(change.item.key, deque())
        if change.type == "MODIFIED" and waiting and waiting[-1].type != "DELETED":
            last = waiting.pop()  # nobody was told of that one: both are told as one
            change = Change(last.type, change.item, last.old)
        waiting.append(change)
        self.work.add(change.item.key)

    async def _run(self, key: Key) -> None:
        waiting = self._untold.get(key)
        while waiting:
            await self._tell(key, waiting.popleft())
        if not self._untold.get(key):
            self._untold.pop(key, None)

    async def _tell(self, key: Key, change: Change) -> None:
        phase = Phase(change.type)
        if OPERATIONS[phase] not in self.binding.operations or not _takes(self.binding, self._selection, change.item):
            return
        try:
            await self._caller.call(self.binding, key, change.item.uid, self._selection.view(change.item), phase)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever a user's code raises
            Log.error(error, "a watch action failed", **_about(self.binding, key), phase=str(phase))


def _known(informers: Iterable[Informer], key: Key) -> Item | None:
    return next((item for informer in informers if (item := informer.cache.get(key)) is not None), None)


def _takes(binding: Binding, selection: Selection, item: Item) -> bool:
    try:
        return selection.takes(item)
    except Exception as error:  # noqa: BLE001 -- a predicate is the user's
        Log.error(error, "the predicate of a rule failed, so the rule is skipped", **_about(binding, item.key))
        return False


def _about(binding: Binding, key: Key) -> dict[str, str]:
    return {"capability": binding.capability, "rule": binding.rule, "kind": binding.kind.kind, "object": str(key)}

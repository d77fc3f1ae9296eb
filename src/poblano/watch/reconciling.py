"""Runs a reconcile action: it is given what an object is, one run at a time for each, again on every change, and again after a
failure, later each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from poblano.context import Context
from poblano.core.binding import Binding
from poblano.core.cache import Change, Item, Key
from poblano.core.echoes import Echoes
from poblano.core.workqueue import LOW
from poblano.log import Log
from poblano.watch.controller import Shared, about, known, may, ours, takes
from poblano.watch.finalizing import Finalizing
from poblano.watch.informer import Informer
from poblano.watch.levelling import Levelling
from poblano.watch.owning import Sources
from poblano.watch.selecting import Selection, is_news
from poblano.watch.supporting import Supported
from poblano.watch.working import Work

REPEATS = 10
"""How often in a row an action may be run because of what it wrote itself before that is taken for a loop."""

LONGEST = 300.0
"""Seconds between two runs of a loop, at most."""


class Reconciling:
    """Runs a reconcile action.

    Args:
        binding: the rule.
        shared: what it runs in.
        finalizers: the finalize rules of the same capability and kind: they put their finalizer on an object before it is
            reconciled, and have an object that is being deleted for themselves.
    """

    def __init__(self, binding: Binding, shared: Shared, finalizers: Iterable[Finalizing] = ()) -> None:
        self.binding = binding
        self.work = Work(self._run, binding.concurrency)
        self.at_work: set[Key] = set()
        self._shared = shared
        self._selection = Selection(binding, shared.ignored)
        self._level = Levelling(binding, self.work, shared)
        self._finalizers = tuple(finalizers)
        self._echoes = Echoes()
        self._repeated: dict[Key, int] = {}  # how many runs in a row nobody but the rule itself was the cause of
        self._heard_itself: set[Key] = set()
        self._started = False
        own: tuple[Informer, ...] = shared.informers.of(binding)
        self._own = own
        self._sources = Sources(binding, shared.informers, own, self._concerns)
        self.informers: tuple[Informer, ...] = tuple(dict.fromkeys((*own, *self._sources.informers)))
        for informer in own:
            informer.subscribe(self._hear)
        for finalizer in self._finalizers:
            finalizer.holds_back(self)

    def start(self) -> None:
        """See `Controller`."""
        self._started = self._sources.asked = True
        self._shared.leftovers.look(self._own)
        self.seed(lambda key: True)

    def seed(self, mine: Callable[[Key], bool]) -> None:
        """See `Controller`."""
        for item in ours(self._own, self.work, mine):
            self.work.add(item.key, priority=LOW)

    def stop(self) -> None:
        """See `Controller`."""
        self._started = self._sources.asked = False
        self.work.stop()

    def _hear(self, change: Change) -> None:
        if change.type == "DELETED":
            self._repeated.pop(change.item.key, None)
        elif self._started and is_news(self.binding, self._selection, change):
            self._concerns(change.item.key, change.item.resource_version)

    def _concerns(self, key: Key, version: str) -> None:
        """An object, or something that has to do with it, is of that version now."""
        if self._started:
            self._echoes.heard(key, version, lambda own: self._again(key, own=own))

    def _again(self, key: Key, *, own: bool) -> None:
        """Have the object reconciled; later each time, when nothing but what the action itself wrote is new."""
        if not own:
            self._repeated.pop(key, None)
            self.work.add(key)
            return
        if key not in self._heard_itself:
            self._heard_itself.add(key)
            self._repeated[key] = self._repeated.get(key, 0) + 1
        beyond = self._repeated.get(key, 0) - REPEATS
        if beyond <= 0:
            self.work.add(key)
            return
        seconds = min(0.1 * 2**beyond, LONGEST)
        if beyond == 1:
            Log.warning(
                "a reconcile action writes something else each time it is run, and is run less often now; "
                "leave out what changes by itself, such as the time",
                **about(self.binding, key),
            )
        self.work.add_after(key, seconds)

    async def _run(self, key: Key) -> None:
        with self._shared.lanes.turn(self.binding, key, self, self.work) as is_its_turn:
            if is_its_turn:
                await self._take(key)

    async def _take(self, key: Key) -> None:
        self.at_work.add(key)
        try:
            await self._reconcile(key)
        finally:
            self.at_work.discard(key)
            self._echoes.forget(key)
            if key not in self._heard_itself:
                self._repeated.pop(key, None)
            self._heard_itself.discard(key)
            for finalizer in self._finalizers:
                finalizer.reconciled(key)

    async def _reconcile(self, key: Key) -> None:
        item = known(self._own, key)
        if (
            item is None
            or not may(self.work, key)
            or not takes(self.binding, self._selection, item)
            or any(finalizer.keeps(item, self) for finalizer in self._finalizers)
        ):
            self._level.settled(key)
            return
        await self._level.run(key, obj := self._selection.view(item), lambda: self._call(key, item, obj))

    async def _call(self, key: Key, item: Item, obj: Any) -> Any:
        support = Supported(self.binding, key, self._shared, self._echoes)
        context: Context[Any] = Context(
            obj, self.binding.kind, self._shared.api, failures=self._level.failures(key), support=support
        )
        return await self._shared.caller.call(self.binding, key, item.uid, obj, context)

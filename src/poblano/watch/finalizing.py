"""Runs a finalize action: puts the rule's finalizer on objects, cleans up after those that are being deleted, and lets them go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from poblano.context import Context
from poblano.core.binding import Binding
from poblano.core.cache import Change, Item, Key
from poblano.core.echoes import Echoes
from poblano.core.errors import Conflict, Invalid, NotFound
from poblano.core.finalizers import addition, finalizer, finalizers_of, removal
from poblano.core.following import check_answer
from poblano.core.jsonvalue import Document, as_map
from poblano.core.own_writes import number
from poblano.core.review import decode
from poblano.core.workqueue import LOW
from poblano.watch.controller import Shared, known, may, ours, takes
from poblano.watch.informer import Informer
from poblano.watch.levelling import Levelling
from poblano.watch.selecting import Selection
from poblano.watch.supporting import TRIES, Supported
from poblano.watch.working import Work


class HeldBack(Protocol):
    """A reconcile rule of the same capability and kind, which waits for the finalizer."""

    work: Work
    at_work: set[Key]


class Finalizing:
    """Runs a finalize action.

    Args:
        binding: the rule.
        shared: what it runs in.
    """

    def __init__(self, binding: Binding, shared: Shared) -> None:
        self.binding = binding
        self.informers: tuple[Informer, ...] = shared.informers.of(binding)
        self.work = Work(self._run, binding.concurrency)
        self.name = finalizer(shared.uuid, binding.capability, binding.rule)
        self._mark = f'"{self.name}"'.encode()  # whole: clean is not clean-up
        self._shared = shared
        self._selection = Selection(binding, shared.ignored)
        self._level = Levelling(binding, self.work, shared)
        self._beside: list[HeldBack] = []
        self._held: dict[Key, set[HeldBack]] = {}  # who waits for the finalizer to be there,
        self._asked: dict[Key, Item] = {}  # and for which state of the object: their cache may be ahead of ours
        self._waiting: set[Key] = set()  # which wait for a reconcile run to end
        self._added: dict[Key, _Version] = {}  # what the caches may not know yet: since when who has the finalizer,
        self._cleaned: dict[Key, str] = {}  # and, by uid, who needs it no more
        self._echoes = Echoes()
        self._started = False
        for informer in self.informers:
            informer.subscribe(self._hear)

    def start(self) -> None:
        """See `Controller`."""
        self._started = True
        self._shared.leftovers.look(self.informers)
        self.seed(lambda key: True)

    def seed(self, mine: Callable[[Key], bool]) -> None:
        """See `Controller`."""
        for item in ours(self.informers, self.work, mine):
            self.work.add(item.key, priority=LOW)

    def stop(self) -> None:
        """See `Controller`."""
        self._started = False
        self.work.stop()

    def holds_back(self, other: HeldBack) -> None:
        """`other` is a rule that has to ask `keeps`, and to tell `reconciled`."""
        self._beside.append(other)

    def keeps(self, item: Item, other: HeldBack) -> bool:
        """Whether `other` must not run for the object: it has no finalizer yet, and `other` is called when it has; or it is being
        deleted, and ours alone."""
        found = _State.of(item)
        if found.deleting:
            return self._has(item.key, found) or takes(self.binding, self._selection, item)
        if self._has(item.key, found) or not takes(self.binding, self._selection, item):
            return False
        self._held.setdefault(item.key, set()).add(other)
        self._asked[item.key] = item
        self.work.add(item.key)
        return True

    def reconciled(self, key: Key) -> None:
        """A run of one that asks `keeps` has ended."""
        if key in self._waiting:
            self._waiting.discard(key)
            self.work.add(key)

    def _has(self, key: Key, found: _State) -> bool:
        return self.name in found.finalizers or found.is_older(self._added.get(key))

    def _hear(self, change: Change) -> None:
        key = change.item.key
        if change.type == "DELETED":
            self._held.pop(key, None)
            self._asked.pop(key, None)
            self._forget(key)
            return
        marked = self._mark in change.item.raw
        if marked:
            self._added.pop(key, None)
        if self._started and not (marked and b'"deletionTimestamp"' not in change.item.raw):
            self._echoes.heard(key, change.item.resource_version, lambda own: self.work.add(key))

    async def _run(self, key: Key) -> None:
        with self._shared.lanes.turn(self.binding, key, self, self.work) as is_its_turn:
            if not is_its_turn:
                return
            try:
                await self._see_to(key)
            finally:
                self._echoes.forget(key)
                if known(self.informers, key) is None:  # it went while we were at it
                    self._forget(key)

    def _forget(self, key: Key) -> None:
        self._added.pop(key, None)
        self._cleaned.pop(key, None)

    async def _see_to(self, key: Key) -> None:
        item, asked = known(self.informers, key), self._asked.pop(key, None)
        if item is not None and asked is not None and item.uid == asked.uid and not _State.of(item).deleting:
            item = asked
        if item is None or not may(self.work, key):
            self._level.settled(key)
            return
        found = _State.of(item)
        if found.deleting and self.name in found.finalizers:
            await self._let_go(key, item)
        elif not found.deleting and not self._has(key, found) and takes(self.binding, self._selection, item):
            if await self._level.run(key, self._selection.view(item), lambda: self._add(key, found)):
                self._release(key)
        else:
            self._level.settled(key)
            self._release(key)

    def _release(self, key: Key) -> None:
        for other in self._held.pop(key, ()):
            other.work.add(key)

    async def _let_go(self, key: Key, item: Item) -> None:
        if any(key in other.at_work for other in self._beside):
            self._waiting.add(key)
            return
        obj = self._selection.view(item)
        await self._level.run(key, obj, lambda: self._clean_up(key, item, obj))

    async def _clean_up(self, key: Key, item: Item, obj: Any) -> Any:
        if self._cleaned.get(key) != item.uid:
            support = Supported(self.binding, key, self._shared, self._echoes)
            context: Context[Any] = Context(
                obj, self.binding.kind, self._shared.api, failures=self._level.failures(key), support=support
            )
            answer = await self._shared.caller.call(self.binding, key, item.uid, obj, context)
            check_answer(
                answer
            )  # one that means nothing is a failure, and the finalizer stays: who writes False means "not yet"
            if answer is not None:
                return answer
            self._cleaned[key] = item.uid
        await self._patch(key, decode(item.raw) or {}, item.uid, removal)
        return None

    async def _add(self, key: Key, found: _State) -> None:
        made = await self._patch(key, found.document, found.uid, addition)
        if made is not None and self.name in finalizers_of(made):
            self._added[key] = _State(made).version

    async def _patch(
        self,
        key: Key,
        obj: Document,
        uid: str,
        made: Callable[[Document, str, str], list[Document] | None],
    ) -> Document | None:
        """Put the finalizer on the object, or take it off; the object as it is then, None when it is gone."""
        kind, api = self.binding.kind, self._shared.api
        for left in reversed(range(TRIES)):
            patch = made(obj, self.name, uid)
            if patch is None:
                return obj
            try:
                answer = await api.patch(kind, key.name, patch, key.namespace)
            except NotFound:
                return None
            except (Invalid, Conflict):
                if not left:
                    raise
            else:
                if finalizers_of(answer) or not _State(answer).deleting:  # else it has just gone
                    self._shared.informers.wrote(kind, answer)
                return answer
            try:
                obj = await api.get(kind, key.name, key.namespace)
            except NotFound:
                return None
        raise AssertionError


class _Version(NamedTuple):
    """Of an object; without a number where versions have no order."""

    uid: str
    number: int | None


class _State:
    """What of an object decides what is to be done."""

    __slots__ = ("deleting", "document", "finalizers", "uid", "version")

    def __init__(self, document: Document) -> None:
        metadata = as_map(document.get("metadata")) or {}
        self.document = document
        self.uid = str(metadata.get("uid", ""))
        self.version = _Version(self.uid, number(str(metadata.get("resourceVersion", ""))))
        self.finalizers = finalizers_of(document)
        self.deleting = bool(metadata.get("deletionTimestamp"))

    @classmethod
    def of(cls, item: Item) -> _State:
        """Of what a cache has."""
        return cls(decode(item.raw) or {})

    def is_older(self, than: _Version | None) -> bool:
        """Whether it is a state of the same object before that one; also where versions have no order."""
        if than is None or than.uid != self.uid:
            return False
        return self.version.number is None or than.number is None or self.version.number < than.number

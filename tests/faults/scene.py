"""A module that follows the cluster while something goes wrong; and, afterwards, what it missed.

::

    async with Scene.over(wire_access, target, seed=7) as scene:
        outcome = await scene.survives(lambda: wire.tell("drop"))
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from poblano import Capability, Context, Module, a
from poblano.client import Access, ApiClient
from poblano.core.errors import ApiError
from poblano.core.kinds import Kind
from poblano.watch.informer import Informer
from poblano.watch.watcher import Watcher
from tests.faults.auditor import Auditor
from tests.faults.evidence import Brackets, Told, versions
from tests.faults.pace import PACE
from tests.faults.targets import Target
from tests.faults.writers import Writer

CONFIGMAPS = Kind("", "v1", "ConfigMap", "configmaps")
SETTLING = 120.0
"""Seconds for what has no bound: a start, and what follows once a cache is right."""

HANDS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whoever breaks things")
"""One thread for all of them: a server that is told to end with its parent ends with the thread that started it."""

_numbers = itertools.count()


async def by_hand(do: Callable[[], object]) -> None:
    """Do something that takes its time, while the loop goes on."""
    await asyncio.get_running_loop().run_in_executor(HANDS, do)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went.

    Attributes:
        recovery: seconds from the fault's end, or from its beginning when it has none, until the caches knew what was
            written and deleted meanwhile.
        writes: made in all.
        counts: what the reflectors counted since the fault began.
    """

    recovery: float
    writes: int
    counts: Counter[str]


class Scene:
    """A running watcher and a second informer, a writer, an auditor. Made by `over`."""

    def __init__(self, target: Target, client: ApiClient, writer: Writer) -> None:
        self.target = target
        self.writer = writer
        self.space = writer.namespace
        self.auditor = Auditor(target.url, target.ca, target.token)
        self.brackets = (Brackets(), Brackets())
        self.told = Told()
        self.slowness = 0.01
        self.was_set_back = False  # then what was deleted may be there again, and be deleted again
        self._client = client
        self.watcher = Watcher(Module(self._capability()).bindings, client, uuid="hello")
        self.everywhere = Informer(client, CONFIGMAPS, lasting=PACE.lasting)
        (self.here,) = self.watcher.informers
        _hasten(self.here)

    @classmethod
    @asynccontextmanager
    async def over(cls, access: Access, target: Target, *, seed: int = 1, pause: float = 0.05) -> AsyncIterator[Scene]:
        """A scene in a namespace of its own, whose module reaches the cluster by `access`; it has begun."""
        space = f"faults-{os.getpid()}-{next(_numbers)}"
        made = await asyncio.to_thread(Writer, target.port, target.ca, target.token, space, seed=seed, pause=pause)
        async with AsyncExitStack() as stack:
            writer = stack.enter_context(made)
            client = await stack.enter_async_context(ApiClient(access))
            scene = cls(target, client, writer)
            await stack.enter_async_context(_running(scene.watcher, scene.everywhere))
            await asyncio.to_thread(writer.mark, "witness")
            await scene.until(lambda: scene.knows("witness"), "the caches know what there is", SETTLING)
            await scene.until(scene.is_well, "it is watched", SETTLING)
            yield scene

    @property
    def informers(self) -> tuple[Informer, ...]:
        return (self.here, self.everywhere)

    async def survives(
        self,
        begin: Callable[[], object],
        end: Callable[[], object] | None = None,
        *,
        lasting: float | None = None,
        forgets: bool = False,
        bound: float = PACE.bound,
    ) -> Outcome:
        """Let something go wrong while others write; look what becomes of it.

        Args:
            begin: makes it go wrong.
            end: makes it right again, after `lasting` seconds; None when it stays so.
            lasting: how long; None is the usual.
            forgets: the server forgets with `end` what was written before it.
            bound: seconds until it must be over.
        """
        before = self._counts()
        await by_hand(begin)
        since = time.monotonic()
        missed = asyncio.create_task(asyncio.to_thread(self._write_what_is_missed)) if not forgets else None
        if end is not None:
            await asyncio.sleep(PACE.outage if lasting is None else lasting)
            await by_hand(end)
            since = time.monotonic()
        await (missed or asyncio.to_thread(self._write_what_is_missed))
        await self.until(lambda: self.knows("mark") and not self.knows("witness"), "it recovers", bound, since)
        outcome = Outcome(time.monotonic() - since, self.writer.written, self._counts() - before)
        await self.audit()
        return outcome

    async def audit(self, *, seconds: float = SETTLING) -> None:
        """Nobody writes any more: the caches are what the server has, and every action knows it too."""
        await asyncio.to_thread(self.writer.stop)
        path = CONFIGMAPS.path(self.space)
        found = await asyncio.to_thread(self.auditor.audit, path, lambda: _cached(self.here), seconds)
        await asyncio.to_thread(self.auditor.audit, CONFIGMAPS.path(""), lambda: _cached(self.everywhere), seconds)
        now = versions(found)
        for brackets in self.brackets:
            await self.until(lambda one=brackets: not one.wrong(now), lambda one=brackets: one.wrong(now), SETTLING)
            assert brackets.overlaps == []
        await self.until(lambda: not self.told.wrong(now), lambda: self.told.wrong(now), SETTLING)
        assert self.told.nonsense == [] or self.was_set_back
        await self.until(self.is_well, "no trouble is left", SETTLING)

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Other requests by the same client: there are connections that wait for the next one."""

        async def ask() -> None:
            while True:
                with suppress(ApiError):
                    await self._client.request("GET", CONFIGMAPS.path(self.space), query={"limit": "1"})
                await asyncio.sleep(0.3)

        asking = [asyncio.create_task(ask()) for _ in range(4)]
        try:
            await asyncio.sleep(1)
            yield
        finally:
            for task in asking:
                task.cancel()
            await asyncio.wait(asking)

    def is_well(self) -> bool:
        """Whether nothing troubles an informer."""
        return not any(informer.trouble for informer in self.informers)

    def knows(self, name: str) -> bool:
        """Whether every cache has an object of that name."""
        keys = {item.key for item in self.here.cache}, {item.key for item in self.everywhere.cache}
        return all((self.space, name) in known for known in keys)

    async def until(
        self,
        probe: Callable[[], object],
        promise: str | Callable[[], object],
        seconds: float,
        since: float | None = None,
    ) -> None:
        deadline = (time.monotonic() if since is None else since) + seconds
        while not probe():
            await asyncio.sleep(0.02)
            if time.monotonic() > deadline:
                said = promise if isinstance(promise, str) else promise()
                states = [(one.trouble, one.reflector.command, dict(one.reflector.counts)) for one in self.informers]
                raise AssertionError(f"not in {seconds:g} s: {said}; {states}")

    def _write_what_is_missed(self) -> None:
        self.writer.mark("mark")
        self.writer.erase("witness")

    def _counts(self) -> Counter[str]:
        return self.here.reflector.counts + self.everywhere.reflector.counts

    def _capability(self) -> Capability:
        shop, (on_the_loop, in_threads) = Capability("shop", namespaces=[self.space]), self.brackets

        @shop.when(a.ConfigMap).reconcile
        async def tend(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
            with on_the_loop.run(one):
                await asyncio.sleep(self.slowness)

        @shop.when(a.ConfigMap).reconcile
        def tend_in_a_thread(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
            with in_threads.run(one):
                time.sleep(self.slowness)

        shop.when(a.ConfigMap).is_created_or_updated().watch(self.told.hear)
        shop.when(a.ConfigMap).is_deleted().watch(self.told.hear_of_the_end)
        return shop


@asynccontextmanager
async def _running(watcher: Watcher, informer: Informer) -> AsyncIterator[None]:
    watching, informing = asyncio.create_task(watcher.run()), asyncio.create_task(informer.run())
    try:
        yield
    finally:
        informing.cancel()
        watcher.stop()
        async with asyncio.timeout(60):
            await asyncio.wait([watching, informing])
        assert informing.cancelled()
        watching.result()


def _hasten(informer: Informer) -> None:
    """A watcher takes the usual times; let this one's watches last as long as this run wants."""
    informer.reflector._lasting = PACE.lasting
    informer.reflector._stream()


def _cached(informer: Informer) -> dict[tuple[str, str], dict[str, Any]]:
    return {tuple(item.key): json.loads(item.raw) for item in informer.cache}


@contextmanager
def closing_all(*closed: Any) -> Iterator[None]:
    """Close each in the end."""
    try:
        yield
    finally:
        for one in closed:
            one.close()

"""All that follows the cluster for a module: the informers at once, and the controllers once this replica may work.

::

    async with connect() as client:
        await Watcher(module, client, uuid="hello").run()

Every replica keeps warm caches. With a `Leadership` the controllers of one replica work (or of each, for its share of the
objects); without one they all do. The end comes in the reverse order: no action begins, those under way have 30 s, the
informers end, and the lease is given back last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from typing import Any

from poblano.client import ApiClient, Resources
from poblano.client.ambient import settle
from poblano.core.binding import Binding
from poblano.core.context import permitted
from poblano.log import Log
from poblano.watch.calling import THREADS, caller
from poblano.watch.companion import Companion, MakeCompanion
from poblano.watch.controller import Controller
from poblano.watch.controllers import controllers_of
from poblano.watch.eventing import Events
from poblano.watch.informer import Informer
from poblano.watch.informers import Informers
from poblano.watch.leadership import Leadership
from poblano.watch.metrics import NOBODY, Observer
from poblano.watch.parts import cancelled, first_ended, part

SYNC_SECONDS = 120.0
"""controller-runtime: CacheSyncTimeout; it is said then what is missing."""

GRACE_SECONDS = 30.0
"""How long actions may go on once they are to stop. controller-runtime: GracefulShutdownTimeout."""

SETTLE_SECONDS = 0.05
"""How often it is looked whether a cache that is not there yet is in trouble."""


class Watcher:
    """The watch and reconcile actions of a module, running.

    Args:
        bindings: of a module; those of webhooks are passed over.
        client: an open client.
        uuid: of the module, for the field manager.
        ignored: namespaces that no rule sees unless it names them.
        leadership: who may work; None where nobody else runs the module.
        observer: who counts.
        grace: seconds that actions may go on once they are to stop.
        threads: how many ``def`` actions run at once.
        warm: is called once, when what there is is known; or is not, and nobody knows for how long.
        beside: what else works where this replica may, such as schedules.
        needs: what a capability's rules have to know besides, which somebody else runs: its store. Of "" it is that of all.
    """

    def __init__(
        self,
        bindings: Iterable[Binding],
        client: ApiClient,
        *,
        uuid: str,
        ignored: Iterable[str] = (),
        leadership: Leadership | None = None,
        observer: Observer = NOBODY,
        grace: float = GRACE_SECONDS,
        threads: int = THREADS,
        warm: Callable[[], None] = lambda: None,
        beside: Iterable[MakeCompanion] = (),
        needs: Callable[[str], Iterable[Informer]] = lambda capability: (),
    ) -> None:
        self._client, self._field_manager = client, f"poblano-{uuid}"
        self._leadership = leadership
        self._grace = grace
        self._warm = warm
        self._needs = needs
        self._caller = caller(threads)
        api = Resources(client, field_manager=self._field_manager)
        self._events = Events(api, uuid=uuid)
        self._informers = Informers(client, metrics=observer)
        self._controllers: list[Controller] = controllers_of(
            bindings,
            self._informers,
            caller=self._caller,
            api=api,
            uuid=uuid,
            ignored=ignored,
            observer=observer,
            events=self._events,
        )
        self._companions: list[Companion] = [make(self._caller) for make in beside]
        self._working: list[asyncio.Task[None]] = []
        self._begun: list[Controller] = []
        self._leads = asyncio.Event()
        self._stopping = asyncio.Event()
        self._hurried = asyncio.Event()

    @property
    def informers(self) -> tuple[Informer, ...]:
        """What is watched: each kind and namespace once, however many rules there are."""
        return (*self._informers, *(informer for one in self._companions for informer in one.informers))

    @property
    def controllers(self) -> tuple[Controller, ...]:
        """What runs the rules."""
        return tuple(self._controllers)

    @property
    def leadership(self) -> Leadership | None:
        """Who may work."""
        return self._leadership

    def not_ready(self) -> str | None:
        """What is not known yet; None once all that was there at the start is."""
        missing = [informer for informer in self.informers if not informer.reflector.has_synced]
        return f"not synced: {', '.join(map(described, missing))}" if missing else None

    def stop(self) -> None:
        """Begin nothing more, and let what is under way end."""
        self._stopping.set()

    def hurry(self) -> None:
        """End what is under way, too."""
        self._stopping.set()
        self._hurried.set()

    async def run(self) -> None:
        """Follow the cluster until `stop`. What its actions call `K8s` is this client.

        Raises:
            LeadershipLost: another replica may work now; nothing of this one does any more.
            RuntimeError: a part of it has ended though it never should; named.
        """
        settle(self._client, field_manager=self._field_manager)
        informing = [part(f"the watch of {described(one)}", one.run()) for one in self.informers]
        self._working = [part(f"the controller of {one.binding.title}", self._work(one)) for one in self._controllers]
        self._working += [part(one.name, self._accompany(one)) for one in self._companions]
        leading = part("the election", self._lead())
        telling = part("the writing of events", self._events.run())
        ends = [asyncio.create_task(self._stopping.wait(), name="stop")]
        if self._leadership is not None:
            ends.append(asyncio.create_task(self._leadership.lost.wait(), name="loss"))
        try:
            await first_ended([*informing, *self._working, telling], leading, ends=ends)
            self._raise_loss()
            await self._finish()
            self._raise_loss()
        finally:
            self._stop_working()
            await cancelled([leading, *self._working])
            await cancelled([*ends, *informing])
            self._caller.close()
            await self._let_go()
            self._events.stop()
            await asyncio.gather(telling, return_exceptions=True)

    async def _lead(self) -> None:
        """Stand for election once the caches are there, or will not be for a while: then the other rules can work."""
        for informer in self.informers:
            await _settled(informer)
            reflector = informer.reflector
            if not reflector.has_synced and not reflector.trouble.refused:  # a refusal is told by itself
                Log.warning("what there is cannot be read yet", of=described(informer), reason=informer.trouble)
        self._warm()
        if self._leadership is not None:
            self._leadership.follow(self._ours, self._busy)
            await self._leadership.acquired()
        self._leads.set()

    def _ours(self, gained: Callable[[Hashable], bool]) -> None:
        """Keys have become ours: what there is of them is worked on."""
        for controller in self._begun:
            controller.seed(gained)

    def _busy(self) -> set[Hashable]:
        """The keys that are worked on. From any thread."""
        keys = {key for controller in self._controllers for key in controller.work.queue.processing}
        return keys.union(*(companion.keys for companion in self._companions))

    async def _work(self, controller: Controller) -> None:
        """Work once all is known that the rule is about, and this replica may."""
        for informer in (*controller.informers, *self._needs(controller.binding.capability)):
            await _synced(informer)
        await self._leads.wait()
        if self._leadership is not None:
            controller.work.may = self._leadership.may
        controller.start()
        self._begun.append(controller)
        await controller.work.run()

    async def _accompany(self, companion: Companion) -> None:
        for informer in (*companion.informers, *self._needs("")):
            await _synced(informer)
        await self._leads.wait()
        if self._leadership is not None:
            companion.may = self._leadership.may
            leadership = self._leadership
            permitted.set(lambda: leadership.leads)  # for this task, and all that it begins
        await companion.run()

    def _stop_working(self) -> None:
        for controller in self._controllers:
            controller.stop()
        for companion in self._companions:
            companion.stop()

    async def _finish(self) -> None:
        """Begin nothing more, and wait for what is under way: as long as the grace is, and as nobody is in a hurry."""
        self._stop_working()
        both = zip(self._controllers, self._working, strict=False)
        busy = [task for controller, task in both if controller.work.queue.processing]
        busy += [task for one in self._companions for task in one.busy]
        if not busy:
            return
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(asyncio.wait(busy))]
        waits.append(asyncio.create_task(self._hurried.wait()))
        if self._leadership is not None:
            waits.append(asyncio.create_task(self._leadership.lost.wait()))
        try:
            await asyncio.wait(waits, timeout=self._grace, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled(waits)

    def _raise_loss(self) -> None:
        if self._leadership is not None and self._leadership.lost.is_set():
            raise self._leadership.failure()

    async def _let_go(self) -> None:
        """Give the lease back: last, and only if nothing works any more. A thread cannot be made to stop."""
        if self._leadership is None:
            return
        if self._caller.busy:
            Log.warning(
                "an action is still in a thread, so that the lease is not given back", actions=self._caller.busy
            )
            await self._leadership.leave()
        else:
            await self._leadership.release()


def described(informer: Informer) -> str:
    """What it watches, in words."""
    return f"{informer.kind.plural} in {informer.namespace}" if informer.namespace else informer.kind.plural


async def _settled(informer: Informer) -> None:
    """Wait until the informer is synced, or has failed: nobody knows how long that lasts."""
    while not informer.reflector.counts["errors"]:
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                await informer.synced()
                return


async def _synced(informer: Informer) -> None:
    """Wait for the informer; say so, loudly, while that takes too long."""
    while True:
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await informer.synced()
                return
        except TimeoutError:
            Log.error("what there is could not be read yet", of=described(informer), reason=informer.trouble)

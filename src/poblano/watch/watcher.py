"""All that follows the cluster for a module: one informer for each kind and namespace, one controller for each rule.

::

    async with connect() as client:
        await Watcher(module, client, uuid="hello").run()
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from poblano.client import ApiClient, Resources
from poblano.core.binding import Binding
from poblano.log import Log
from poblano.watch.calling import Caller
from poblano.watch.controller import Controller, Reconciling, Watching
from poblano.watch.informer import Informer
from poblano.watch.informers import Informers

SYNC_SECONDS = 120.0
"""controller-runtime: CacheSyncTimeout; it is said then what is missing."""

GRACE_SECONDS = 30.0
"""How long actions may go on once they are to stop. controller-runtime: GracefulShutdownTimeout."""


class Watcher:
    """The watch and reconcile actions of a module, running.

    Args:
        bindings: of a module; those of webhooks are passed over.
        client: an open client.
        uuid: of the module, for the field manager.
        ignored: namespaces that no rule sees unless it names them.
    """

    def __init__(
        self, bindings: Iterable[Binding], client: ApiClient, *, uuid: str, ignored: Iterable[str] = ()
    ) -> None:
        followers = [binding for binding in bindings if binding.phase in {"watch", "reconcile"}]
        self._api = Resources(client, field_manager=f"poblano-{uuid}")
        self._ignored = tuple(ignored)
        self._caller = Caller()
        self._informers = Informers(client)
        self._informers.expect(followers)
        self._controllers: list[Controller] = [self._controller(binding) for binding in followers]
        self._stopping = asyncio.Event()

    @property
    def informers(self) -> tuple[Informer, ...]:
        """What is watched: each kind and namespace once, however many rules there are."""
        return tuple(self._informers)

    def not_ready(self) -> str | None:
        """What is not known yet; None once all that was there at the start is."""
        missing = [_named(informer) for informer in self.informers if not informer.reflector.has_synced]
        return f"not synced: {', '.join(missing)}" if missing else None

    async def run(self) -> None:
        """Follow the cluster until `stop`."""
        informing = [asyncio.create_task(informer.run()) for informer in self.informers]
        working = [asyncio.create_task(self._work(controller)) for controller in self._controllers]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([stopping, *informing, *working], return_when=asyncio.FIRST_COMPLETED)
            for task in (*informing, *working):
                if task.done():
                    task.result()  # a defect of ours: it ends the process rather than leave a part of it silent
            for controller in self._controllers:
                controller.work.stop()
            both = zip(self._controllers, working, strict=True)
            busy = [task for controller, task in both if controller.work.queue.processing]
            if busy:
                await asyncio.wait(busy, timeout=GRACE_SECONDS)
        finally:
            tasks: list[asyncio.Task[Any]] = [stopping, *informing, *working]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._caller.close()

    def stop(self) -> None:
        """Begin nothing more, and let what is under way end."""
        self._stopping.set()

    async def _work(self, controller: Controller) -> None:
        """Work once all is known that the rule is about."""
        for informer in controller.informers:
            await _synced(informer)
        await controller.work.run()

    def _controller(self, binding: Binding) -> Controller:
        informers = self._informers.of(binding)
        if binding.phase == "watch":
            return Watching(binding, informers, self._caller, self._ignored)
        return Reconciling(binding, informers, self._caller, self._api, self._ignored)


async def _synced(informer: Informer) -> None:
    """Wait for the informer; say so, loudly, while that takes too long."""
    while True:
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await informer.synced()
                return
        except TimeoutError:
            Log.error("what there is could not be read yet", of=_named(informer), reason=informer.trouble)


def _named(informer: Informer) -> str:
    return f"{informer.kind.plural} in {informer.namespace}" if informer.namespace else informer.kind.plural

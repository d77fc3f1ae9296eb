"""The stores of a module, in each process that runs it: admission reads and writes them as watches do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from poblano.core.verdict import described
from poblano.log import Log
from poblano.store.speaking import keeps_something

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from poblano.admission.health import Checks
    from poblano.cli.project import Project
    from poblano.client import ApiClient
    from poblano.store.stores import Stores

KNOWN_SECONDS = 60.0
"""How long `poblano dev` waits for what is in the stores of a module that it loads anew, before it serves it."""


def has_store(project: Project) -> bool:
    """Whether any capability of the module keeps something."""
    return keeps_something(project.module)


@asynccontextmanager
async def kept(
    project: Project,
    client: ApiClient | None = None,
    readiness: Checks | None = None,
    observe: Callable[..., Any] | None = None,
    registry: CollectorRegistry | None = None,
    liveness: Checks | None = None,
) -> AsyncGenerator[None]:
    """The stores are there within this block, and what is left is sent at its end.

    Args:
        project: whose.
        client: an open client; None opens one where there is something to keep.
        readiness: is told whether what there is is known.
        observe: told of each request of a client that is opened here.
        registry: where the sizes of the stores are read.
        liveness: is told when they are kept no longer, by an error that nobody has foreseen: only a restart helps.
    """
    if not has_store(project):
        yield
        return
    if client is None:
        from poblano.client import ApiClient, find_access

        async with (
            ApiClient(find_access(), observe=observe) as own,
            kept(project, own, readiness, registry=registry, liveness=liveness),
        ):
            yield
        return
    keeping = Keeping(project, client)
    if registry is not None:
        keeping.show(registry)
    if readiness is not None:
        readiness.add("store", keeping.problem)
    if liveness is not None:
        liveness.add("store", keeping.ended)
    try:
        yield
    finally:
        await keeping.close()


class Keeping:
    """Keeps the stores of one module, from now on.

    Args:
        project: whose.
        client: an open client.
    """

    def __init__(self, project: Project, client: ApiClient) -> None:
        self.stores = stores_of(project, client)
        self.stores.bind()
        self._task = asyncio.create_task(self.stores.run(), name="the stores")
        self._task.add_done_callback(_ended)

    def show(self, registry: CollectorRegistry) -> None:
        """Have metrics say how much is kept."""
        from poblano.store.metrics import StoreMetrics

        metrics = StoreMetrics(registry)
        for capability, keeper in self.stores.keepers:
            metrics.follow(capability.name, keeper)

    def problem(self) -> str | None:
        """What is not as it is to be."""
        return self.ended() or self.stores.not_ready()

    def ended(self) -> str | None:
        """Why nothing is kept any more; None as long as it is."""
        if not self._task.done():
            return None
        error = None if self._task.cancelled() else self._task.exception()
        return "it has ended" if error is None else f"it has ended ({described(error)})"

    async def known(self, seconds: float) -> None:
        """Wait until what there is is known, but not for longer, nor once there is a reason why it is not."""
        until = time.monotonic() + seconds
        while self.problem() and not self._trouble() and time.monotonic() < until:  # noqa: ASYNC110 -- an informer has no event for it
            await asyncio.sleep(0.02)

    def _trouble(self) -> bool:
        return self._task.done() or any(one.trouble for one in self.stores.informers)

    async def close(self) -> None:
        """Send what is left, and end."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait([self._task])


class Changing:
    """The stores of one module after the other: `poblano dev` loads it anew on each save.

    Args:
        client: an open client.
    """

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._now: Keeping | None = None
        self._next: Keeping | None = None

    async def begin(self, project: Project) -> None:
        """Keep those of `project` as well, which is about to be served: it finds what was written until now."""
        await self.drop()
        if self._now is not None:
            await self._now.stores.sent()
        if has_store(project):
            self._next = Keeping(project, self._client)
            await self._next.known(KNOWN_SECONDS)

    async def settle(self) -> None:
        """It is served: keep those that were there before no longer, once what they have is sent."""
        before, self._now, self._next = self._now, self._next, None
        if before is not None:
            await before.close()

    async def drop(self) -> None:
        """It is not served after all."""
        dropped, self._next = self._next, None
        if dropped is not None:
            await dropped.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drop()
        await self.settle()


def stores_of(project: Project, client: ApiClient) -> Stores:
    """What keeps them: see `Stores`."""
    from poblano.cli.followers import namespace_of
    from poblano.store.stores import Stores
    from poblano.watch.standing import own_identity

    settings = project.settings
    return Stores(
        project.module.capabilities,
        client,
        uuid=settings.uuid,
        namespace=namespace_of(project, client.access),
        # Of many that have written, the first by name are forgotten first: those that began first.
        process=f"{int(time.time()):012x}-{own_identity()}",
        interval=settings.store_flush_seconds,
    )


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        Log.error(error, "the stores are no longer kept")

"""The stores of a module, kept as long as it runs: in every process, for all of them read and write.

Only capabilities whose code speaks of their store have one kept, so that a module that keeps nothing needs no custom resource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from poblano.client import ApiClient
from poblano.core.binding import name_part
from poblano.core.deployed import CAPABILITY_LABEL, UUID_LABEL
from poblano.core.store.definition import schedules_name
from poblano.core.store.layout import SECRET, STORED
from poblano.log import Log
from poblano.store.keeper import ClusterKeeper
from poblano.store.speaking import speaks_of_store

if TYPE_CHECKING:
    from poblano.capability import Capability
    from poblano.watch.informer import Informer

GRACE_SECONDS = 10.0
"""How long what is left may take to be sent at the end."""

LABELS = {"app.kubernetes.io/managed-by": "poblano"}


def store_name(uuid: str, capability: str) -> str:
    """The object of a capability's store, which is not that of the schedules.

    >>> store_name("hello", "shop"), store_name("hello", "schedules")
    ('poblano-hello-shop', 'poblano-hello-schedules.store')
    """
    name = f"poblano-{uuid}-{capability}"
    return name_part(f"{name}.store" if name == schedules_name(uuid) else name, 253)


class Stores:
    """The stores of capabilities, as far as they use them. To be made on the event loop that they are used on.

    Args:
        capabilities: whose.
        client: an open client.
        uuid: of the module.
        namespace: of the module.
        process: who this is, unlike all others.
        interval: seconds between batches.
    """

    def __init__(
        self,
        capabilities: Iterable[Capability[Any]],
        client: ApiClient,
        *,
        uuid: str,
        namespace: str,
        process: str,
        interval: float,
    ) -> None:
        self.name = "the stores"
        self.namespace = namespace
        self._kept: list[tuple[Capability[Any], ClusterKeeper]] = []
        for capability in capabilities:
            if not speaks_of_store(capability):
                continue
            labels = {**LABELS, UUID_LABEL: uuid, CAPABILITY_LABEL: capability.name}
            keeper = ClusterKeeper(
                client,
                SECRET if capability.store.secret else STORED,
                name=store_name(uuid, capability.name),
                namespace=namespace,
                labels=labels,
                process=process,
                interval=interval,
                field_manager=f"poblano-{uuid}",
            )
            self._kept.append((capability, keeper))

    def __bool__(self) -> bool:
        return bool(self._kept)

    @property
    def keepers(self) -> list[tuple[Capability[Any], ClusterKeeper]]:
        """Whose store is kept by whom."""
        return list(self._kept)

    @property
    def informers(self) -> list[Informer]:
        """What keeps them known."""
        return [keeper.informer for _, keeper in self._kept]

    def not_ready(self) -> str | None:
        """What is not known yet."""
        missing = [keeper for _, keeper in self._kept if not keeper.is_known]
        told = [f"{keeper.name} ({keeper.trouble or 'it is being read'})" for keeper in missing]
        return f"not known yet: {', '.join(told)}" if told else None

    def bind(self) -> None:
        """Have the stores of the capabilities be kept here from now on."""
        for capability, keeper in self._kept:
            capability.store.bind(keeper)

    async def sent(self) -> None:
        """Send what has been written until now, for ten seconds at the most."""
        sending = [asyncio.create_task(keeper.landed(GRACE_SECONDS)) for _, keeper in self._kept if keeper.unsent]
        await asyncio.gather(*sending, return_exceptions=True)

    async def run(self) -> None:
        """Keep them until cancelled; then send what is left, for ten seconds at the most."""
        self.bind()
        informing = [
            asyncio.create_task(one.run(), name=f"the watch of the store {one.kind.plural}") for one in self.informers
        ]
        kept_by = {asyncio.create_task(one.run(), name=f"the store {one.name}"): one for _, one in self._kept}
        keeping = list(kept_by)
        try:
            done, _ = await asyncio.wait([*informing, *keeping], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for _, keeper in self._kept:
                keeper.stop()
            # One that has nothing to send may be waiting for an API server that is gone.
            if left := [task for task, keeper in kept_by.items() if keeper.unsent]:
                with suppress(asyncio.CancelledError):
                    await asyncio.wait(left, timeout=GRACE_SECONDS)
            self._report()
            for task in (*keeping, *informing):
                task.cancel()
            await asyncio.gather(*keeping, *informing, return_exceptions=True)
            for capability, keeper in self._kept:
                if capability.store.keeper is keeper:
                    capability.store.bind(None)

    def _report(self) -> None:
        for _, keeper in self._kept:
            if keeper.unsent:
                Log.error("writes to a store could not be sent before the end, and are lost", store=keeper.name)

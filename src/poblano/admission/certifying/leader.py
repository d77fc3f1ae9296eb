"""The work of the one replica that leads: whom the webhooks trust is kept right, and they are armed once somebody is ready.

It looks at what there is whenever something of it has changed, does one thing, and looks again. What it reads is never older than
its look, and what it writes names the version that it has read: two that lead for a moment do not undo each other's work.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from poblano.admission.certifying.bundles import bundle
from poblano.admission.certifying.configurations import Configuration
from poblano.admission.certifying.replica import Replica
from poblano.admission.certifying.sources import Source, Told
from poblano.client import Resources
from poblano.core.backoff import Backoff
from poblano.core.entries import Policy
from poblano.core.errors import ApiError, Conflict, Forbidden, NotFound
from poblano.core.kinds import Kind
from poblano.core.verdict import described
from poblano.log import Log

PAUSE: Final = 0.1
"""Seconds between two looks: somebody may take back at once whatever is written."""

READY_EVERY: Final = 0.5
"""Seconds after which it is asked again whether this replica is ready."""


class Leader:
    """Does it as long as it is run.

    Args:
        api: the API server; its field manager must be nobody else's.
        manager: that field manager.
        name: of the webhook configurations.
        policies: the real failure policy of each webhook, by configuration and name.
        source: who makes the certificates.
        replica: what this process serves.
        ready: whether this process may be asked.
    """

    def __init__(
        self,
        api: Resources,
        *,
        manager: str,
        name: str,
        policies: Mapping[Kind, Mapping[str, Policy]],
        source: Source,
        replica: Replica,
        ready: Callable[[], bool],
    ) -> None:
        self._api = api
        self._manager = manager
        self._name = name
        self._policies = policies
        self._source = source
        self._replica = replica
        self._ready = ready
        self._changed = asyncio.Event()
        self._trouble = ""
        self._backoff = Backoff(clock=time.monotonic, chance=random.random)

    @property
    def trouble(self) -> str:
        """Why it cannot do what is to be done; "" when it can."""
        return self._trouble

    def changed(self) -> None:
        """Something may be to do."""
        self._changed.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._changed.clear()
            was_ready = self._ready()
            try:
                seconds = await self.look()
            except Conflict:  # somebody was faster: what there is now is to be looked at
                seconds = 0.0
            except ApiError as error:
                self._say(_remedy(error))
                seconds = self._backoff.next()
            except Exception as error:  # noqa: BLE001 -- whatever it is, what is served has to be renewed in time
                self._say(described(error))
                seconds = self._backoff.next()
            else:
                self._say("")
            await asyncio.sleep(PAUSE)
            await self._rest(seconds, was_ready=was_ready)

    async def look(self) -> float:
        """Do what is next; after how many seconds to look again.

        Raises:
            ApiError: the API server refuses, or does not answer.
        """
        read = [found for kind in self._policies if (found := await self._read(kind)) is not None]
        told = await self._source.next(self._api, read)
        written = [await self._write(one, told) for one in read]
        return 0.0 if any(written) else told.seconds

    async def _read(self, kind: Kind) -> Configuration | None:
        try:
            return Configuration.of(kind, await self._api.get(kind, self._name))
        except NotFound:
            return None

    async def _write(self, read: Configuration, told: Told) -> bool:
        """Make a configuration what it is to be; whether it was not so."""
        policies = self._armed(read, told)
        wanted = read.changed(policies, bundle=told.bundle, injected=self._source.injected)
        after = read
        if wanted is not None:
            after = Configuration.of(read.kind, await self._api.apply(read.kind, wanted, force=True))
            self._tell(read, after)
        if (patch := after.disowned(self._manager)) is not None:
            await self._api.patch(read.kind, self._name, patch)
        return wanted is not None

    def _armed(self, read: Configuration, told: Told) -> Mapping[str, Policy]:
        """The policies of those webhooks whose API server will believe what is served here."""
        if not self._ready():
            return {}
        policies, given = self._policies[read.kind], None if told.bundle is None else bundle(told.bundle)
        believing = (
            one.name
            for one in read.webhooks
            if self._replica.objection(one.trusted if given is None else given) is None
        )
        return {name: policies[name] for name in believing if name in policies}

    def _tell(self, before: Configuration, after: Configuration) -> None:
        was = {one.name: one for one in before.webhooks}
        changes: Sequence[tuple[str, list[str]]] = (
            ("trust", [one.name for one in after.webhooks if one.name in was and one.text != was[one.name].text]),
            ("policy", [one.name for one in after.webhooks if one.name in was and one.policy != was[one.name].policy]),
        )
        for what, names in changes:
            if names:
                Log.info("webhooks are put right", configuration=before.kind.kind, what=what, webhooks=names)

    async def _rest(self, seconds: float, *, was_ready: bool) -> None:
        """Wait until something has changed, this replica has become ready, or so many seconds are over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self._changed.is_set() and (left := until - loop.time()) > 0 and self._ready() == was_ready:
            try:
                async with asyncio.timeout(min(left, READY_EVERY)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            Log.error("the webhooks' certificates cannot be looked after", reason=trouble)
        elif self._trouble and not trouble:
            Log.info("the webhooks' certificates are looked after again")
        self._trouble = trouble


def _remedy(error: ApiError) -> str:
    if isinstance(error, Forbidden):
        return (
            f"{error}; let the account of the admission pods get, list, watch and patch its Secret and its webhook "
            "configurations: what poblano build writes does"
        )
    if isinstance(error, NotFound):
        return f"{error}; apply what poblano build writes: it has that Secret, empty, and the pods fill it"
    return str(error)

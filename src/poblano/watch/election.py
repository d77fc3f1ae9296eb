"""Who of several replicas does the work: the one that holds a Lease, as `poblano.core.lease` has it.

The Lease is renewed in a thread with an event loop and a client of its own, so that nothing a user's code does to the other
loop keeps it from that. Whether this process leads is answered by the clock, in whichever thread it is asked.

::

    election = Election(lambda: connect(), namespace="shop", name="poblano-hello", identity=own_identity())
    await election.acquired()
    if election.leads: ...
    await election.release()
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable

from poblano.client import ApiClient, Resources
from poblano.core.lease import Elector, LeaseTimes, Read, Write
from poblano.watch.leadership import Mine
from poblano.watch.leases import Held, read_lease, wall
from poblano.watch.metrics import NOBODY, Observer
from poblano.watch.standing import Standing, clock


class Election(Standing):
    """One Lease, and one candidate for it. Arguments as of `Standing`."""

    def __init__(
        self,
        connect: Callable[[], ApiClient],
        *,
        namespace: str,
        name: str,
        identity: str,
        times: LeaseTimes | None = None,
        observer: Observer = NOBODY,
        abandon: Callable[[], None] | None = None,
    ) -> None:
        times = times or LeaseTimes()
        self._elector = Elector(identity, clock=clock, wall=wall, times=times)
        self._held = Held()
        super().__init__(
            connect,
            self._elector,
            namespace=namespace,
            name=name,
            identity=identity,
            times=times,
            observer=observer,
            abandon=abandon,
        )

    def may(self, key: Hashable) -> bool:
        """Whoever leads works on everything."""
        return self._elector.leads

    @property
    def holder(self) -> str:
        """Who leads, as far as is known."""
        return self._elector.holder

    def follow(self, changed: Callable[[Mine], None], busy: Callable[[], Collection[Hashable]]) -> None:
        """Nothing is added to what a leader works on."""

    async def _carry_out(self, api: Resources, command: object) -> None:
        if isinstance(command, Read):
            self._held = await read_lease(api, self.namespace, self.name)
            self._elector.read(self._held.record, self._held.version)
        elif isinstance(command, Write):
            self._held = await self._held.written(api, self.namespace, self.name, command.record, command.version)
            self._elector.written(self._held.version)

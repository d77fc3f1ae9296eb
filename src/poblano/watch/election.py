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

import asyncio
import contextlib
import socket
import time
import uuid
from collections.abc import Callable, Hashable
from typing import Protocol

from poblano.admission.loop_thread import LoopThread
from poblano.client import ApiClient, Resources
from poblano.core.errors import ApiError, Conflict, LeadershipLost
from poblano.core.lease import Elector, LeaseTimes, Over, Pause, Read, Write
from poblano.log import Log
from poblano.watch.leases import Held, read_lease, remedy, wall
from poblano.watch.metrics import NOBODY, Observer

RELEASE_SECONDS = 5.0
"""How long giving it back may take; after that the others wait until it has run out."""

LOSS_SECONDS = 3.0
"""How long after a loss the process may live on: less than from `renew` to `duration`, when another may begin."""


def clock() -> float:
    """Seconds that never go back, and go on while the machine sleeps: a leader that slept must know that it did."""
    return time.clock_gettime(_CLOCK)


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def own_identity() -> str:
    """Unlike that of any other process: in a pod, the host's name is the pod's."""
    return f"{socket.gethostname()}_{uuid.uuid4()}"


class Leadership(Protocol):
    """Who may work now. `may` and `leads` are asked before each action and each write, from any thread."""

    lost: asyncio.Event
    """Set when it was lost: no action begins any more, and the process is to end."""

    @property
    def leads(self) -> bool:
        """Whether this process takes part in the work, now."""
        ...

    def may(self, key: Hashable) -> bool:
        """Whether this process may work on that key, now."""
        ...

    async def acquired(self) -> None:
        """Stand for it from now on, and wait until there is something to work on."""
        ...

    def follow(self, changed: Callable[[Callable[[Hashable], bool]], None]) -> None:
        """Have `changed` told, on the loop, which keys have become ours after `acquired`."""
        ...

    def trouble(self) -> str | None:
        """Why nobody knows who leads; None when all is well, whoever leads."""
        ...

    def failure(self) -> Exception:
        """What ends the process, once `lost` is set."""
        ...

    async def release(self) -> None:
        """Give it back, once all work has stopped; after a loss, say that it has. Harmless before `acquired`."""
        ...

    async def leave(self) -> None:
        """Give nothing back: some work cannot be stopped. The others wait until the lease has run out."""
        ...


class Election:
    """One Lease, and one candidate for it.

    Args:
        connect: makes a client; called in the thread.
        namespace: where the Lease is.
        name: of the Lease.
        identity: of this process: see `own_identity`.
        times: how long things take.
        observer: who is told whether it leads.
        abandon: ends the process at once, whatever it is at. Called when it still lives 3 seconds after a loss.
    """

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
        self.lost = asyncio.Event()
        self.namespace = namespace
        self.name = name
        self._times = times or LeaseTimes()
        self._elector = Elector(identity, clock=clock, wall=wall, times=self._times)
        self._connect = connect
        self._observer = observer
        self._abandon = abandon
        self._thread = LoopThread("poblano-election")
        self._acquired = asyncio.Event()
        self._to_release = asyncio.Event()
        self._held = Held()
        self._trouble: str | None = None
        self._error: Exception | None = None
        self._told = False
        self._left = False

    @property
    def leads(self) -> bool:
        """Whether this process leads, by the clock."""
        return self._elector.leads

    def may(self, key: Hashable) -> bool:
        """Whoever leads works on everything."""
        return self._elector.leads

    @property
    def holder(self) -> str:
        """Who leads, as far as is known."""
        return self._elector.holder

    def follow(self, changed: Callable[[Callable[[Hashable], bool]], None]) -> None:
        """Nothing is added to what a leader works on."""

    def trouble(self) -> str | None:
        """Why nobody knows who leads."""
        return self._trouble

    def failure(self) -> Exception:
        """What ends the process."""
        if self._error is not None:
            return self._error
        return LeadershipLost(
            f"the Lease {self.name} in {self.namespace} was not renewed in {self._times.renew:g} s or was taken by another"
        )

    async def acquired(self) -> None:
        """Stand for election, and wait until it leads."""
        self._observer.leading(self.name, leads=False)
        self._thread.start(self._drive)
        await self._acquired.wait()

    async def release(self) -> None:
        """Give the Lease back, so that the next one need not wait. To be said when no action runs any more."""
        if self._thread.started:
            self._thread.call(self._to_release.set)
            await self._thread.ended()

    async def leave(self) -> None:
        """Renew it no more; after a loss, the process is ended soon."""
        self._left = True
        if not self.lost.is_set():
            await self.release()

    # What follows runs in the thread.

    async def _drive(self) -> None:
        try:
            async with self._connect() as client:
                await self._campaign(Resources(client, field_manager=self._elector.identity))
        except Exception as error:  # noqa: BLE001 -- raised again where it is waited for
            self._error = error
        over = self._elector.command
        lost = self._error is not None or (isinstance(over, Over) and over.lost)
        self._observer.leading(self.name, leads=False)
        if lost:
            self._thread.tell(self.lost.set)
            await self._last_resort()

    async def _last_resort(self) -> None:
        """Whoever still works must not any more when another may begin: with the process if need be."""
        try:
            async with asyncio.timeout(LOSS_SECONDS):
                await self._to_release.wait()
        except TimeoutError:
            if self._abandon is not None:
                self._abandon()

    async def _campaign(self, api: Resources) -> None:
        until = float("inf")
        while time.monotonic() < until:
            if self._to_release.is_set() and not self._elector.releasing:
                if self._left:
                    return
                until = time.monotonic() + RELEASE_SECONDS
                self._elector.release()
            match self._elector.command:
                case Over():
                    return
                case Pause() as pause:
                    await self._sleep(pause.seconds)
                    self._elector.slept()
                case Read() | Write() as command:
                    await self._ask(api, command)
            self._tell()

    async def _sleep(self, seconds: float) -> None:
        left = self._elector.left
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds if left is None else min(seconds, left)):
                await (asyncio.Event() if self._elector.releasing else self._to_release).wait()

    async def _ask(self, api: Resources, command: Read | Write) -> None:
        """Send the request and say what came of it."""
        self._elector.begin()
        left, limit = self._elector.left, self._times.renew / 2
        try:
            async with asyncio.timeout(limit if left is None else min(limit, left)):
                if isinstance(command, Read):
                    self._held = await read_lease(api, self.namespace, self.name)
                    self._elector.read(self._held.record, self._held.version)
                else:
                    self._held = await self._held.written(api, self.namespace, self.name, command)
                    self._elector.written(self._held.version)
        except TimeoutError:
            self._failed(f"the API server did not answer in {limit:g} s")
        except Conflict:
            self._elector.failed()
        except ApiError as error:
            self._failed(remedy(error, self.namespace, self.name))
        else:
            self._trouble = None

    def _failed(self, why: str) -> None:
        self._elector.failed()
        if why != self._trouble:
            Log.error("who leads cannot be found out", lease=f"{self.namespace}/{self.name}", reason=why)
        self._trouble = why

    def _tell(self) -> None:
        if self._elector.leads and not self._told:
            self._told = True
            Log.info("leads", lease=f"{self.namespace}/{self.name}", identity=self._elector.identity)
            self._observer.leading(self.name, leads=True)
            self._thread.tell(self._acquired.set)

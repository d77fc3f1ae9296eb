"""Stands for a Lease in a thread with an event loop and a client of its own: what elections and shares have in common.

So nothing a user's code does to the other loop keeps a Lease from being renewed. The thinking is a state machine's, of
`poblano.core.lease` or `poblano.core.membership`; here is what it takes to do as it says.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from poblano.admission.loop_thread import LoopThread
from poblano.client import ApiClient, Resources
from poblano.core.errors import ApiError, Conflict, LeadershipLost, NotFound
from poblano.core.lease import LeaseTimes, Over, Pause
from poblano.log import Log
from poblano.watch.leases import remedy
from poblano.watch.metrics import NOBODY, Observer

RELEASE_SECONDS = 5.0
"""How long giving it back may take; after that the others wait until it has run out."""

LOSS_SECONDS = 3.0
"""How long after a loss the process may live on: less than from `renew` to `duration`, when another may begin."""

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock() -> float:
    """Seconds that never go back, and go on while the machine sleeps: a leader that slept must know that it did."""
    return time.clock_gettime(_CLOCK)


def own_identity() -> str:
    """Unlike that of any other process: in a pod, the host's name is the pod's."""
    return f"{socket.gethostname()}_{uuid.uuid4()}"


class Machine(Protocol):
    """What says what to do: `poblano.core.lease.Elector` or `poblano.core.membership.Member`."""

    @property
    def leads(self) -> bool: ...

    @property
    def left(self) -> float | None: ...

    @property
    def releasing(self) -> bool: ...

    @property
    def command(self) -> object: ...

    def begin(self) -> None: ...

    def failed(self) -> None: ...

    def slept(self) -> None: ...

    def release(self) -> None: ...


class Standing(ABC):
    """Stands for a Lease, and holds it.

    Args:
        connect: makes a client; called in the thread.
        machine: says what to do.
        namespace: where the Lease is.
        name: of the Lease.
        identity: of this process: see `own_identity`.
        times: how long things take.
        observer: who is told whether it leads.
        abandon: ends the process at once, whatever it is at. Called when it still works 3 seconds after a loss.
    """

    def __init__(
        self,
        connect: Callable[[], ApiClient],
        machine: Machine,
        *,
        namespace: str,
        name: str,
        identity: str,
        times: LeaseTimes,
        observer: Observer = NOBODY,
        abandon: Callable[[], None] | None = None,
    ) -> None:
        self.lost = asyncio.Event()
        self.namespace = namespace
        self.name = name
        self.identity = identity
        self._machine = machine
        self._times = times
        self._connect = connect
        self._observer = observer
        self._abandon = abandon
        self._thread = LoopThread("poblano-election")
        self._acquired = asyncio.Event()
        self._to_release = asyncio.Event()
        self._trouble: str | None = None
        self._error: Exception | None = None
        self._told = False
        self._left = False

    @property
    def leads(self) -> bool:
        """Whether this process takes part in the work, by the clock."""
        return self._machine.leads

    def trouble(self) -> str | None:
        """Why nobody knows who leads."""
        return self._trouble

    def failure(self) -> Exception:
        """What ends the process."""
        if self._error is not None:
            return self._error
        late = f"the Lease {self.name} in {self.namespace} was not renewed in {self._times.renew:g} s"
        return LeadershipLost(f"{late}: {self._trouble}" if self._trouble else f"{late} or was taken by another")

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
                await self._campaign(Resources(client, field_manager=self.identity))
        except Exception as error:  # noqa: BLE001 -- raised again where it is waited for
            self._error = error
        over = self._machine.command
        lost = self._error is not None or (isinstance(over, Over) and over.lost)
        self._observer.leading(self.name, leads=False)
        if lost:
            self._thread.tell(self.lost.set)
            await self._last_resort()

    async def _last_resort(self) -> None:
        """Whoever still works must not any more when another may begin: with the process if need be."""
        try:
            async with asyncio.timeout(min(LOSS_SECONDS, (self._times.duration - self._times.renew) / 2)):
                await self._to_release.wait()
        except TimeoutError:
            if self._abandon is not None:
                self._abandon()

    async def _campaign(self, api: Resources) -> None:
        until = float("inf")
        while time.monotonic() < until:
            if self._to_release.is_set() and not self._machine.releasing:
                if self._left:
                    return
                until = time.monotonic() + RELEASE_SECONDS
                self._machine.release()
            match self._machine.command:
                case Over():
                    return
                case Pause() as pause:
                    await self._sleep(pause.seconds)
                    self._machine.slept()
                case command:
                    await self._ask(api, command)
            self._tell()

    async def _sleep(self, seconds: float) -> None:
        left = self._machine.left
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds if left is None else min(seconds, left)):
                await (asyncio.Event() if self._machine.releasing else self._to_release).wait()

    async def _ask(self, api: Resources, command: object) -> None:
        """Send the request and say what came of it."""
        self._machine.begin()
        left, limit = self._machine.left, self._times.renew / 2
        try:
            async with asyncio.timeout(limit if left is None else min(limit, left)):
                await self._carry_out(api, command)
        except TimeoutError:
            self._failed(f"the API server did not answer in {limit:g} s")
        except ApiError as error:
            self._refused(error)
        else:
            self._trouble = None

    @abstractmethod
    async def _carry_out(self, api: Resources, command: object) -> None:
        """Send the request, and tell the machine what was answered."""

    def _refused(self, error: ApiError) -> None:
        if isinstance(error, Conflict) or (error.method == "PUT" and isinstance(error, NotFound)):
            self._machine.failed()  # it is not as it was read: it is to be read again
        else:
            self._failed(remedy(error, self.namespace, self.name))

    def _failed(self, why: str) -> None:
        self._machine.failed()
        if why != self._trouble:
            Log.error("who leads cannot be found out", lease=f"{self.namespace}/{self.name}", reason=why)
        self._trouble = why

    def _tell(self) -> None:
        """Tell the other loop what has become of it."""
        if self._machine.leads and not self._told:
            self._told = True
            Log.info("leads", lease=f"{self.namespace}/{self.name}", identity=self.identity)
            self._observer.leading(self.name, leads=True)
            self._thread.tell(self._acquired.set)

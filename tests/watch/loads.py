"""Changes without an end, for replicas that come and go; and how long nobody worked."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from poblano.client import Resources, connect
from poblano.core.errors import ApiError
from tests.watch.clusters import space_of, until, write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.watch.replicas import Line, Replica, Replicas

OBJECTS = 20


@asynccontextmanager
async def changing(kubeconfig: Path, space: str, pause: float = 0.05) -> AsyncIterator[dict[str, str]]:
    """Change one object after the other within the block. What it gives is what each was last set to."""
    wanted: dict[str, str] = {}
    enough = asyncio.Event()

    async def change(api: Resources) -> None:
        for number in itertools.count():
            name = f"item-{number % OBJECTS}"
            while wanted.get(name) != str(number):
                with suppress(ApiError):  # the server may be away
                    await write(api, space, name, n=str(number))
                    wanted[name] = str(number)
                await asyncio.sleep(pause)
            if enough.is_set():  # not in the middle of a write: who knows whether that one arrived
                return

    async with connect(kubeconfig) as client:
        task = asyncio.create_task(change(Resources(client)))
        try:
            yield wanted
        finally:
            enough.set()
            await task


async def replace_leaders(replicas: Replicas, times: int, number: signal.Signals = signal.SIGKILL) -> list[float]:
    """Send the one that leads a signal, wait for another to work, start a new one; so many times.

    Returns:
        from each signal until another one worked, in seconds.
    """
    gaps: list[float] = []
    for _ in range(times):
        await until(replicas.leader, "somebody leads", 120)
        leader = replicas.leader()
        assert leader is not None
        await until(partial(_works, replicas, leader), "it works", 120)
        await until(lambda: all(one.is_ready() for one in replicas.alive), "the other one is warm", 120)
        told = time.monotonic()
        leader.process.send_signal(number)
        await asyncio.to_thread(leader.process.wait)
        leader.died = time.monotonic()
        while len(replicas.alive) < 2:  # another may have lost its lease where the machine is busy
            replicas.start()

        await until(partial(_next_run, replicas, leader, told), "another one works", 120)
        following = _next_run(replicas, leader, told)
        assert following is not None
        gaps.append(following.at - told)
    return gaps


def _works(replicas: Replicas, replica: Replica) -> bool:
    return any(one.pid == replica.pid for one in replicas.runs())


def _next_run(replicas: Replicas, other: Replica, after: float) -> Line | None:
    return next((one for one in replicas.runs() if one.at > after and one.pid != other.pid), None)


async def make_space(kubeconfig: Path, name: str) -> None:
    """A namespace."""
    async with connect(kubeconfig) as client:
        await space_of(Resources(client), name)

"""A process that shares a store with others, and writes down what it does: ``python -m tests.faults.sharing JSON``.

It obeys lines of its input: ``quiet`` (write no more, and have all of it sent), ``view`` (say what you see) and ``end``.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time

from poblano.client import Access, ApiClient
from poblano.client.access import Cluster, Material, User
from poblano.core.errors import ApiError
from poblano.core.store.keeping import StoreUnacknowledged
from poblano.core.store.layout import STORED
from poblano.core.store.room import Sharding
from poblano.store.keeper import ClusterKeeper
from poblano.store_handle import Store
from tests.store.history import ACCOUNTS, COUNTER, CREDIT

KEYS = tuple(f"key/{number}" for number in range(8))
PATIENCE = 120.0


class Sharer:
    """One process: a store, and random operations on it, one after the other."""

    def __init__(self, store: Store[str], process: str, log: int) -> None:
        self._store, self._process, self._log = store, process, log
        self._chance = random.Random(process)
        self._number = 0

    async def begin(self) -> None:
        """Have the accounts there, whoever makes them."""
        while True:
            try:
                async with self._store.transaction() as items:
                    if ACCOUNTS[0] not in items:
                        for name in ACCOUNTS:
                            items[name] = str(CREDIT)
                return
            except (ApiError, StoreUnacknowledged):
                await asyncio.sleep(0.05)

    async def act(self) -> None:
        """Do something."""
        kinds = (self._set, self._set_and_wait, self._remove, self._remove_and_wait, self._count, self._transfer)
        await self._chance.choices(kinds, (30, 20, 6, 6, 20, 18))[0]()

    def note(self, **what: object) -> None:
        """Write something down; what is written is not lost with the process."""
        os.write(self._log, json.dumps({"process": self._process, "at": time.monotonic(), **what}).encode() + b"\n")

    def _next(self, **what: object) -> int:
        self._number += 1
        self.note(number=self._number, begins=True, **what)
        return self._number

    async def _set(self) -> None:
        key = self._chance.choice(KEYS)
        value = f"{self._process}-{self._number + 1}"
        self._next(what="write", key=key, value=value)
        self._store.set_item(key, value)

    async def _set_and_wait(self) -> None:
        key = self._chance.choice(KEYS)
        value = f"{self._process}-{self._number + 1}"
        number = self._next(what="write", key=key, value=value)
        await self._store.set(key, value, timeout=PATIENCE)
        self.note(number=number, outcome="acknowledged")

    async def _remove(self) -> None:
        key = self._chance.choice(KEYS)
        self._next(what="write", key=key, value=None)
        self._store.remove_item(key)

    async def _remove_and_wait(self) -> None:
        key = self._chance.choice(KEYS)
        number = self._next(what="write", key=key, value=None)
        await self._store.remove(key, timeout=PATIENCE)
        self.note(number=number, outcome="acknowledged")

    async def _count(self) -> None:
        number = self._next(what="count")
        try:
            await self._store.update(COUNTER, lambda old: str(int(old or "0") + 1))
        except ApiError:  # then nothing was written
            self.note(number=number, outcome="refused")
        except StoreUnacknowledged:  # nobody knows, as of one whose process was killed
            pass
        else:
            self.note(number=number, outcome="acknowledged")

    async def _transfer(self) -> None:
        giver, taker = self._chance.sample(ACCOUNTS, 2)
        try:
            async with self._store.transaction() as items:
                items[giver] = str(int(items[giver]) - 1)
                items[taker] = str(int(items[taker]) + 1)
        except (ApiError, StoreUnacknowledged):
            pass


async def share(given: dict[str, str]) -> None:
    """Act until told to be quiet."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    trust = Material(data=given["ca"].encode()) if given["ca"] else Material()
    access = Access(Cluster(given["url"], certificate_authority=trust), User(token=given["token"]))
    log = os.open(given["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    async with ApiClient(access) as client:
        keeper = ClusterKeeper(
            client,
            STORED,
            name=given["name"],
            namespace=given["namespace"],
            labels={},
            process=given["process"],
            interval=0.5,
            field_manager="poblano-sharing",
            # So little, that it is spread in mid-run, and again and again.
            sharding=Sharding(parts=4, spread_at=250, limit=100_000),
        )
        store: Store[str] = Store()
        store.bind(keeper)
        keeping = asyncio.gather(keeper.informer.run(), keeper.run())
        sharer = Sharer(store, given["process"], log)
        await sharer.begin()
        _say("began")
        told = asyncio.create_task(lines.readline())
        while not told.done():
            await sharer.act()
            await asyncio.sleep(0.01)
        await _landed(keeper)
        _say("quiet")
        while (await lines.readline()).strip() == b"view":
            _say(store.items())
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    os.close(log)


async def _landed(keeper: ClusterKeeper) -> None:
    while True:
        try:
            return await keeper.landed(PATIENCE)
        except StoreUnacknowledged:
            continue


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(share(json.loads(sys.argv[1])))

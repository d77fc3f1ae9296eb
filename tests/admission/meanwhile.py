"""A client as any API server is one, that asks all the time while a test is unkind to the server. Not a test."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from tests.admission.hostile import GOOD
from tests.admission.reviewing import MUTATE, VALIDATE
from tests.admission.serving import Client, HasPort, connected, post


async def ask_well(client: Client) -> None:
    """Ask what any API server might, and see that the answer is right."""
    for path in (MUTATE, VALIDATE):
        async with asyncio.timeout(60):
            answer = await client.ask(post(GOOD, path))
        found = json.loads(answer.body)["response"]
        assert (answer.status, found["uid"], found["allowed"]) == (200, "good", True)
        assert ("patch" in found) == (path == MUTATE)


@contextlib.asynccontextmanager
async def answered_meanwhile(server: HasPort) -> AsyncIterator[None]:
    """Another client asks all the time, and gets what it should."""
    async with connected(server) as client:
        over = asyncio.Event()

        async def keep_asking() -> None:
            while not over.is_set():
                await ask_well(client)
                await asyncio.sleep(0)

        asking = asyncio.ensure_future(keep_asking())
        try:
            yield
        finally:
            over.set()
            await asking
        await ask_well(client)

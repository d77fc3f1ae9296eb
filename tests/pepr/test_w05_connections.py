"""W5: in Pepr a resource that is quiet is listed anew every five minutes, and each time a watch is left open."""

from __future__ import annotations

import asyncio

from poblano.client import find_access
from poblano.watch.informer import Informer
from tests.pepr.watchers import Counting, until
from tests.watch.clusters import CONFIGMAPS, audited, write


async def test_w5_a_quiet_resource_has_one_watch_and_is_not_listed_again(embedded, client, api, space):
    await write(api, space, "web")
    async with Counting(find_access(embedded.kubeconfig)) as counting:
        informer = Informer(counting, CONFIGMAPS, space, lasting=(1, 1))
        running = asyncio.create_task(informer.run())
        try:
            await until(lambda: informer.reflector.counts["watches"] >= 5, "watches end and begin")
            await audited(client, informer)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert counting.most == 1
        assert counting.open == 0

    assert informer.reflector.counts["lists"] <= 2 < informer.reflector.counts["watches"]

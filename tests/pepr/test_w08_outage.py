"""W8: with the API server gone Pepr tries again every five seconds, and the process dies after 31."""

from __future__ import annotations

import random

import pytest

from poblano import a
from poblano.core.listwatch import Sleep
from poblano.core.reflector import Reflector
from poblano.core.watch_events import Failure, Page
from tests.pepr.watchers import failing, quick, shop_in, until, watching
from tests.watch.clusters import on, write


async def test_w8_an_outage_ends_nothing_and_what_happened_meanwhile_is_acted_on(
    embedded, client, api, space, monkeypatch
):
    shop, seen = shop_in(space), set()
    shop.when(a.ConfigMap).with_name_regex("^item").reconcile(lambda one, ctx: seen.add(one.metadata.name))
    await write(api, space, "item-before")
    with quick(monkeypatch):
        async with watching(client, shop) as watcher:
            (informer,) = watcher.informers
            await until(lambda: seen == {"item-before"}, "what is there is seen")
            resets = [
                lambda faults, verb=verb: faults.reset(verb=verb, plural="configmaps") for verb in ("list", "watch")
            ]
            async with failing(embedded, *resets):
                await on(embedded, lambda cluster: cluster.server.hub.end_all())
                await write(api, space, "item-meanwhile")
                await until(lambda: informer.reflector.counts["errors"] >= 12, "it goes on trying")
                assert informer.trouble
            await until(lambda: seen == {"item-before", "item-meanwhile"}, "it comes back")


@pytest.fixture
def pauses():
    """How long a reflector leaves a server alone that is gone, time after time."""

    def of(chance, failures=50):
        clock = [0.0]
        reflector = Reflector(clock=lambda: clock[0], chance=chance, streaming=False)
        reflector.listed(Page((), "7"))
        found = []
        for _ in range(failures):
            reflector.failed(Failure(message="connection refused"))
            assert isinstance(reflector.command, Sleep)
            found.append(reflector.command.seconds)
            clock[0] += reflector.command.seconds
            reflector.slept()
        return found

    return of


def test_w8_pauses_grow_to_a_bound_and_are_not_the_same_for_all(pauses):
    one, other = (pauses(random.Random(seed).random) for seed in (1, 2))

    assert one[0] < 2 < one[4] <= max(one) <= 30
    assert one != other

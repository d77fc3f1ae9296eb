"""A store that is larger than one object may be: spread over several, and to be used as before."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from poblano.client import Resources
from poblano.core.errors import Conflict, ConnectionFailed, NotFound
from poblano.core.store.contents import contents_of
from poblano.core.store.keeping import StoreFull
from poblano.core.store.layout import SECRET, STORED
from poblano.core.store.room import SHARDING, Sharding
from poblano.core.store.spreading import freezing, is_under_way
from poblano.store.spreading import Spreader
from poblano.store_handle import Store
from tests.store.keeping import demanded, keeper_of, kept, process
from tests.watch.clusters import until

SMALL = Sharding(parts=3, spread_at=400, limit=20_000)
MANY = {f"key/{number}": "x" * 40 for number in range(30)}


async def head_of(client, name, layout=STORED):
    return contents_of(await Resources(client).get(layout.kind, name, "default"), layout)


async def spread(client, name, layout=STORED):
    """Wait until nothing is on its way, and return the head."""
    while not (head := await head_of(client, name, layout)).parts or is_under_way(head):
        await asyncio.sleep(0.02)
    return head


async def filled(store, items=MANY):
    for key, text in items.items():
        store.set_item(key, text)
    await store.set("last", "1")


@pytest.mark.parametrize("layout", (STORED, SECRET), ids=("stored", "secret"))
async def test_a_store_that_grows_is_spread_over_objects_and_says_what_it_said(client, name, layout):
    everything = {**MANY, "last": "1"}
    options = {"sharding": SMALL, "layout": layout}
    async with process(client, name, **options) as one, process(client, name, **options) as other:
        await filled(one)
        head = await spread(client, name, layout)
        assert (head.parts, demanded(head)) == (3, [0, 1, 2])
        assert not head.items
        assert one.items() == everything
        await until(lambda: other.items() == everything, "the other process sees it")
        assert await kept(client, name, layout) == everything
        late = keeper_of(client, name, **options)  # as a command does: it has not followed anything
        assert await late.fresh() == everything
    async with process(client, name, **options) as anew:
        assert anew.items() == everything


async def test_what_is_in_the_parts_is_changed_and_taken_away_and_expires_like_all_else(client, name):
    times = [datetime(2026, 1, 1, tzinfo=UTC)]
    options = {"sharding": SMALL, "now": lambda: times[0]}
    async with process(client, name, **options) as one, process(client, name, **options) as other:
        one.set_item("brief", "1", ttl=timedelta(hours=1))
        await filled(one)
        await spread(client, name)
        await one.remove("key/1")
        await one.set("key/2", "new")
        assert await one.update("key/3", lambda old: f"{len(old)}") == "40"
        wanted = {**MANY, "last": "1", "key/2": "new", "key/3": "40", "brief": "1"}
        del wanted["key/1"]
        await until(lambda: other.items() == wanted, "the other sees it")
        times[0] += timedelta(hours=1)
        del wanted["brief"]
        assert one.items() == other.items() == wanted
        one.set_item("again", "1")
        while await kept(client, name) != {**wanted, "again": "1"}:
            await asyncio.sleep(0.02)
        one.clear()
        await one.set("end", "1")
        assert await kept(client, name) == {"end": "1"}
        await until(lambda: other.items() == {"end": "1"}, "the other sees that, too")


async def test_transactions_and_updates_go_on_while_a_store_is_spread(client, name):
    """Nothing counted is lost, and nothing half is ever seen, though two processes write and spread all the time."""
    async with process(client, name, sharding=SMALL) as one, process(client, name, sharding=SMALL) as other:
        async with one.transaction() as items:
            items["a"], items["b"] = "100", "100"
        sums = set()
        other.subscribe(lambda items: sums.add(int(items["a"]) + int(items["b"])))

        async def work(store, mark):
            for number in range(10):
                await store.update("n", lambda old: str(int(old or "0") + 1))
                store.set_item(f"{mark}{number}", "x" * 100)
                try:
                    async with store.transaction() as items:
                        items["a"], items["b"] = str(int(items["a"]) - 1), str(int(items["b"]) + 1)
                except Conflict:
                    continue

        await asyncio.gather(work(one, "one/"), work(other, "other/"))
        await asyncio.gather(one.set("end", ""), other.set("end", ""))
        found = await kept(client, name)
        assert (found["n"], int(found["a"]) + int(found["b"])) == ("20", 200)
        assert len(found) == 24
        assert (await spread(client, name)).generation > 1
        await until(lambda: one.items() == other.items() == found, "both see the same")
        assert sums == {200}


async def test_a_store_that_is_full_says_so_and_all_that_is_in_it_stays(client, name):
    async with process(client, name, sharding=SMALL) as store:
        await filled(store)

        def fill():
            for number in itertools.count():
                try:
                    store.set_item(f"more/{number}", "y" * 100)
                except StoreFull as error:
                    return number, str(error)
            raise AssertionError

        number, said = fill()
        assert f"the store {name} is full" in said
        assert "20000 is the most of each of its 3 parts" in said
        assert f"more/{number}" not in store
        assert number > 200  # well over what one object takes

        async def too_much():
            async with store.transaction() as items:
                for more in range(200):
                    items[f"t/{more}"] = "z" * 100

        with pytest.raises(StoreFull, match="write them in several"):
            await too_much()
        await store.set("last", "2")
        found = await kept(client, name)
        assert found == store.items()
        assert len(found) == len(MANY) + 1 + number
        for more in range(number):
            store.remove_item(f"more/{more}")
        await store.set("roomy", "y" * 10_000)
        assert await kept(client, name) == {**MANY, "last": "2", "roomy": "y" * 10_000}


async def test_what_a_process_has_begun_to_spread_another_brings_to_its_end(client, name):
    async with process(client, name, sharding=SMALL) as other:
        await other.set("key/0", "old")
        dead = keeper_of(client, name, sharding=SMALL)  # it is never run: as one that was killed after this patch
        await dead.fresh()
        dead.set("key/1", "x", None)
        await dead.landed(60)
        await dead._sender.send(lambda known: freezing(known, STORED, 3), conditional=True)
        head = await spread(client, name)
        assert (head.generation, head.settled) == (1, 1)
        assert await kept(client, name) == other.items() == {"key/0": "old", "key/1": "x"}


@pytest.mark.parametrize("which", ("the head", "a part", "all"))
async def test_objects_that_somebody_deleted_are_made_again_of_what_is_known(client, name, which):
    async with process(client, name, sharding=SMALL) as store:
        await filled(store)
        head = await spread(client, name)
        names = {"the head": [name], "a part": [f"{name}.{demanded(head)[0]}"]}
        for one in names.get(which, [name, *(f"{name}.{number}" for number in demanded(head))]):
            await Resources(client).delete(STORED.kind, one, "default")

        async def back():
            try:
                return await kept(client, name) == {**MANY, "last": "1"}
            except NotFound:
                return False

        while not await back():
            await asyncio.sleep(0.02)
        assert store.items() == {**MANY, "last": "1"}
        await store.set("key/0", "new")
        assert (await kept(client, name))["key/0"] == "new"


async def test_a_part_that_is_gone_while_nobody_runs_takes_nothing_else_with_it(client, name):
    async with process(client, name, sharding=SMALL) as store:
        await filled(store)
        head = await spread(client, name)
    await Resources(client).delete(STORED.kind, f"{name}.0", "default")
    async with process(client, name, sharding=SMALL) as store:
        known = asyncio.Event()
        store.on_ready(known.set)
        await known.wait()
        left = store.items()
        assert 0 < len(left) < len(MANY)
        assert left.items() <= {**MANY, "last": "1"}.items()
        await filled(store)
        while (await head_of(client, name)).generation == head.generation:
            await asyncio.sleep(0.02)
        await spread(client, name)
        assert await kept(client, name) == {**MANY, "last": "1"}


async def test_a_part_whose_answers_are_lost_is_written_once(client, name):
    async with process(client, name, sharding=SMALL) as store:
        objects = store.keeper._objects
        patch, create, lost = objects.patch, objects.create, []

        def lossy(real):
            async def asked(number, what):
                answer = await real(number, what)
                if number >= 0 and len(lost) < 6:
                    lost.append(number)
                    raise ConnectionFailed("the answer was lost")
                return answer

            return asked

        objects.patch, objects.create = lossy(patch), lossy(create)
        await filled(store)
        await spread(client, name)
        assert lost
        assert await kept(client, name) == store.items() == {**MANY, "last": "1"}


async def test_items_that_are_more_than_one_object_takes_are_written_by_one_process_at_once(client, name):
    """With the sizes that there are: twice what fits into one object, of items of all sizes."""
    big = {f"big/{number}": chr(97 + number) * 300_000 for number in range(4)}
    small = {f"small/{number}": '<&>\n"é' * 5 for number in range(2000)}
    async with process(client, name, interval=3600) as store:
        for key, text in {**big, **small}.items():
            store.set_item(key, text)
        await store.set("end", "1", timeout=300)
        wanted = {**big, **small, "end": "1"}
        assert await kept(client, name) == store.items() == wanted
        head = await head_of(client, name)
        assert head.parts == SHARDING.parts
        assert store.keeper.size > SHARDING.limit


async def test_an_update_that_is_given_up_is_not_taken_for_the_next_write(client, name):
    async with process(client, name, interval=3600, store=Store()) as store:
        await store.set("k", "0")
        objects, real = store.keeper._objects, store.keeper._objects.patch
        begun, go = asyncio.Event(), asyncio.Event()

        async def slow(number, steps):
            begun.set()
            await go.wait()
            return await real(number, steps)

        objects.patch = slow
        updating = asyncio.create_task(store.update("k", lambda old: "1"))
        await begun.wait()
        updating.cancel()
        await asyncio.gather(updating, return_exceptions=True)
        go.set()
        objects.patch = real
        await store.set("other", "2")
        assert await kept(client, name) == {"k": "1", "other": "2"}


async def test_a_store_that_is_not_spread_by_an_error_is_spread_when_it_is_written_to(
    client, name, monkeypatch, capsys
):
    spread_of, failing = Spreader.spread, [1]

    async def failing_once(self):
        if failing:
            failing.pop()
            raise LookupError("what nobody has thought of")
        await spread_of(self)

    monkeypatch.setattr(Spreader, "spread", failing_once)
    async with process(client, name, sharding=SMALL) as store:
        await filled(store)
        await until(lambda: not failing, "it has failed")
        await store.set("more", "1")
        assert (await spread(client, name)).parts == 3
    assert "a store was not spread" in capsys.readouterr().out

"""A store in a cluster, and each way in which Pepr's loses what it was given (S1 to S10)."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from poblano.client import Resources
from poblano.core.context import Running, running
from poblano.core.errors import Conflict, ConnectionFailed, NotFound
from poblano.core.kinds import Kind
from poblano.core.store import room
from poblano.core.store.keeping import StoreFull, StoreNotRunning, StoreUnacknowledged
from poblano.core.store.layout import SECRET, STORED
from poblano.store_handle import Store
from poblano.waiting import home, wait
from tests.store.keeping import keeper_of, kept, process
from tests.watch.clusters import on, until

CONFIGMAPS = Kind("", "v1", "ConfigMap", "configmaps")


async def test_what_is_written_is_read_at_once_and_sent_as_one_patch(client, name):
    async with process(client, name, interval=3600) as store:
        await store.set("first", "0")
        store.set_item("later", "1")
        assert await kept(client, name) == {"first": "0"}
        await store.remove("later")
    async with process(client, name, interval=0.2) as store:
        await store.set("first", "0")
        before = await Resources(client).get(STORED.kind, name, "default")
        store.set_item("a", "1")
        store.set_item("b", "2")
        store.remove_item("first")
        assert (store["a"], store["b"], "first" in store) == ("1", "2", False)
        await until(lambda: not store.keeper.unsent, "it is sent")
        after = await Resources(client).get(STORED.kind, name, "default")
        assert await kept(client, name) == {"a": "1", "b": "2"}
        assert sum(after["writers"].values()) == sum(before["writers"].values()) + 1


async def test_what_an_awaited_write_returned_from_is_at_the_server(client, name):
    async with process(client, name, interval=3600) as store:
        await store.set("a", "1")
        assert await kept(client, name) == {"a": "1"}
        await store.set_item_and_wait("b", "2")
        await store.remove("a")
        assert await kept(client, name) == {"b": "2"}


async def test_s1_clear_of_several_keys_clears_them(client, name):
    async with process(client, name) as store:
        for key in ("a", "b", "c/d"):
            await store.set(key, "x")
        store.clear()
        assert len(store) == 0
        await store.set("new", "y")
        assert await kept(client, name) == {"new": "y"}


async def test_s2_the_removal_of_a_missing_key_takes_nothing_else_with_it(client, name):
    async with process(client, name) as store:
        store.set_item("c", "1")
        store.remove_item("missing")
        await store.remove_item_and_wait("missing too")
        assert await kept(client, name) == {"c": "1"}


@pytest.mark.parametrize("fault", (429, 500, 503, 409, "reset"))
async def test_s3_a_write_that_fails_is_sent_again_once(embedded, embedded_client, name, fault):
    async with process(embedded_client, name) as store:
        await store.set("n", "0")
        if fault == "reset":
            await on(embedded, lambda one: one.faults.reset(verb="patch", plural="poblanostores", times=2))
        else:
            await on(embedded, lambda one: one.faults.refuse(fault, verb="patch", plural="poblanostores", times=2))
        try:
            await store.set("n", "1", timeout=60)
        finally:
            await on(embedded, lambda one: one.faults.clear())
        assert await kept(embedded_client, name) == {"n": "1"}


async def test_s3_a_write_whose_answer_was_lost_is_not_made_again_over_that_of_another(client, name):
    """Its second attempt must not undo what others wrote meanwhile."""
    async with process(client, name) as one, process(client, name) as other:
        await one.set("k", "0")
        real = one.keeper._sender._objects.patch

        async def lossy(*arguments, **options):
            await real(*arguments, **options)
            one.keeper._sender._objects.patch = real
            await other.set("k", "other")
            raise ConnectionFailed("the answer was lost")

        one.keeper._sender._objects.patch = lossy
        await one.set("k", "one", timeout=60)
        assert await kept(client, name) == {"k": "other"}


async def test_s4_what_is_written_while_a_patch_is_under_way_is_not_lost(client, name):
    async with process(client, name, interval=3600) as store:
        await store.set("k", "0")
        writes = [asyncio.create_task(store.set(f"k{number}", str(number))) for number in range(20)]
        await asyncio.gather(*writes)
        assert await kept(client, name) == {"k": "0", **{f"k{number}": str(number) for number in range(20)}}


async def test_s5_the_last_write_counts(client, name):
    async with process(client, name, interval=3600) as store:
        for text in ("1", "2", "1"):
            store.set_item("a", text)
        store.set_item("b", "x")
        store.remove_item("b")
        await store.set("b", "x")
        assert await kept(client, name) == {"a": "1", "b": "x"}


async def test_s6_two_stores_have_nothing_of_each_other(client, name):
    async with process(client, name) as foo, process(client, f"{name}-bar") as bar:
        await bar.set("z", "1")
        await foo.set("a", "1")
        foo.clear()
        await foo.set("b", "1")
        assert await kept(client, f"{name}-bar") == {"z": "1"}


async def test_s7_updates_of_several_processes_are_all_counted(client, name):
    async with process(client, name, store=Store(int)) as one, process(client, name, store=Store(int)) as other:

        async def count(store):
            for _ in range(10):
                await store.update("n", lambda old: (old or 0) + 1)

        await asyncio.gather(count(one), count(other), count(one))
        assert (await kept(client, name))["n"] == "30"


async def test_s7_an_update_and_a_transaction_are_tried_again_when_the_server_cannot_be_read(
    embedded, embedded_client, name
):
    async with process(embedded_client, name, store=Store(int)) as store:
        await store.set("n", 1)
        for fault in (500, 429):
            await on(
                embedded, lambda one, fault=fault: one.faults.refuse(fault, verb="get", plural="poblanostores", times=1)
            )
            assert await store.update("n", lambda old: (old or 0) + 1, timeout=60) == store["n"]
        await on(embedded, lambda one: one.faults.reset(verb="get", plural="poblanostores", times=1))
        async with store.transaction(timeout=60) as items:
            items["n"] += 1
        assert await kept(embedded_client, name) == {"n": "4"}


async def test_s7_an_update_and_a_transaction_say_so_when_their_time_is_over(embedded, embedded_client, name):
    async with process(embedded_client, name) as store:
        await store.set("a", "1")
        await on(embedded, lambda one: one.faults.refuse(500, verb="get", plural="poblanostores"))

        async def transact():
            async with store.transaction(timeout=0.05) as items:
                items["a"] = "2"

        try:
            with pytest.raises(StoreUnacknowledged, match=r"in 0\.05 s"):
                await store.update("a", lambda old: "2", timeout=0.05)
            with pytest.raises(StoreUnacknowledged):
                await transact()
        finally:
            await on(embedded, lambda one: one.faults.clear())
        assert await kept(embedded_client, name) == {"a": "1"}


async def test_s7_a_transaction_writes_all_or_nothing(client, name):
    async with process(client, name) as store:
        await store.set("a", "1")
        await store.set("b", "2")
        async with store.transaction() as items:
            items["a"], items["b"] = items["b"], items["a"]
            items["c"] = "3"
            assert sorted(items) == ["a", "b", "c"]
        assert await kept(client, name) == {"a": "2", "b": "1", "c": "3"}
        assert store["c"] == "3"

        async def broken():
            async with store.transaction() as items:
                items["a"] = "x"
                raise RuntimeError("half way")

        with pytest.raises(RuntimeError, match="half way"):
            await broken()
        assert (await kept(client, name))["a"] == "2"


@pytest.mark.parametrize("key", ("a", "absent"))
async def test_s7_a_transaction_whose_reads_no_longer_hold_writes_nothing(client, name, key):
    async with process(client, name) as one, process(client, name) as other:
        await one.set("a", "1")

        async def overtaken():
            async with one.transaction() as items:
                items.get(key)
                items["b"] = "2"
                await other.set(key, "other")

        with pytest.raises(Conflict, match="faster"):
            await overtaken()
        assert await kept(client, name) == {"a": "1", key: "other"} | ({"a": "other"} if key == "a" else {})


async def test_s7_transactions_that_touch_nothing_of_each_other_both_succeed(client, name):
    async with process(client, name) as one, process(client, name) as other:
        await one.set("a", "1")
        await one.set("b", "1")
        async with one.transaction() as items:
            items["a"] += "!"
            async with other.transaction() as others:
                others["b"] += "!"
        assert await kept(client, name) == {"a": "1!", "b": "1!"}


async def test_s8_an_empty_text_is_a_value_and_a_missing_key_is_taken_away_without_waiting(client, name):
    async with process(client, name, interval=3600) as store:
        await store.set("empty", "")
        assert store.get_item("empty") == ""
        assert "empty" in store
        await store.remove_item_and_wait("missing")


async def test_s8_a_write_that_is_not_acknowledged_in_time_says_so_and_is_sent_all_the_same(
    embedded, embedded_client, name
):
    async with process(embedded_client, name) as store:
        await store.set("a", "1")
        await on(embedded, lambda one: one.faults.refuse(500, verb="patch", plural="poblanostores"))
        try:
            with pytest.raises(StoreUnacknowledged, match="still to be sent"):
                await store.set("a", "2", timeout=0.05)
            assert store["a"] == "2"
        finally:
            await on(embedded, lambda one: one.faults.clear())
        await until(lambda: not store.keeper.unsent, "it is sent")
        assert await kept(embedded_client, name) == {"a": "2"}


async def test_s9_another_process_sees_every_write_though_they_never_pause(client, name):
    """Pepr's readers wait for a second without writes."""
    async with process(client, name) as writer, process(client, name, store=Store(int)) as reader:
        seen = []
        reader.subscribe(lambda items: seen.append(items.get("n", 0)))
        for number in range(1, 30):
            await writer.set("n", str(number))
        await until(lambda: reader.get("n") == 29, "the last write arrives")
        assert len(set(seen)) > 3
        assert seen == sorted(seen)


async def test_s9_a_store_that_somebody_deleted_is_made_again_of_what_is_known(client, name):
    async with process(client, name) as store:
        await store.set("a", "1")
        store.set_item("b", "2")
        await Resources(client).delete(STORED.kind, name, "default")

        async def back():
            try:
                return await kept(client, name) == {"a": "1", "b": "2"}
            except NotFound:
                return False

        while not await back():
            await asyncio.sleep(0.02)
        assert (store["a"], store["b"]) == ("1", "2")


async def test_s10_a_store_that_would_be_too_large_says_so_and_stays_as_it_was(client, name):
    async with process(client, name) as store:
        await store.set("a", "1")
        with pytest.raises(StoreFull, match="800000 is the most") as refused:
            store.set_item("b", "x" * 1_000_000)
        assert name in str(refused.value)
        assert store.items() == {"a": "1"}
        with pytest.raises(StoreFull):
            await store.update("b", lambda old: "x" * 1_000_000)
        await store.set("b", "y")
        assert await kept(client, name) == {"a": "1", "b": "y"}


async def test_s10_an_item_with_a_ttl_is_gone_after_it_and_is_taken_away(client, name):
    times = [datetime(2026, 1, 1, tzinfo=UTC)]
    async with process(client, name, now=lambda: times[0]) as store:
        await store.set("a", "1", ttl=timedelta(hours=1))
        await store.set("b", "2")
        assert store["a"] == "1"
        times[0] += timedelta(hours=1)
        assert store.get_item("a") is None
        assert list(store) == ["b"]
        store.set_item("c", "3")
        while await kept(client, name) != {"b": "2", "c": "3"}:
            await asyncio.sleep(0.02)


async def test_s10_a_secret_store_keeps_its_values_in_a_secret(client, name):
    async with process(client, name, store=Store(secret=True), layout=SECRET) as store:
        await store.set("token/of é", "hunter2")
        assert await kept(client, name, SECRET) == {"token/of é": "hunter2"}
        assert store["token/of é"] == "hunter2"
        with pytest.raises(NotFound):
            await Resources(client).get(STORED.kind, name, "default")


async def test_values_are_in_no_log_and_no_error(embedded, embedded_client, name, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    async with process(embedded_client, name) as store:
        await store.set("a", "1")
        await on(embedded, lambda one: one.faults.refuse(422, verb="patch", plural="poblanostores", times=1))
        await store.set("a", "hunter2", timeout=60)
        await on(embedded, lambda one: one.faults.clear())
        with pytest.raises(StoreFull) as refused:
            store.set_item("b", "hunter2" * 200_000)
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err + caplog.text + str(refused.value) + repr(store)


async def test_nothing_is_written_under_a_dry_run(client, name):
    async with process(client, name) as store:
        await store.set("a", "1")
        token = running.set(Running("shop", "rule", dry_run=True))
        try:
            store.set_item("b", "2")
            store.remove_item("a")
            store.clear()
            await store.set("c", "3")
            assert await store.update("a", lambda old: f"{old}!") == "1!"
            async with store.transaction() as items:
                items["d"] = "4"
        finally:
            running.reset(token)
        assert store.items() == {"a": "1"}
        await store.set("z", "")
        assert await kept(client, name) == {"a": "1", "z": ""}


async def test_a_thread_writes_and_waits_as_the_loop_does(client, name):
    async with process(client, name) as store:
        home.set(asyncio.get_running_loop())

        def work():
            store.set_item("a", "1")
            wait(store.set("b", "2"))
            return store["a"]

        assert await asyncio.to_thread(work) == "1"
        assert await kept(client, name) == {"a": "1", "b": "2"}


async def test_a_stop_sends_what_is_left(client, name):
    async with process(client, name, interval=3600) as store:
        store.set_item("a", "1")
    assert await kept(client, name) == {"a": "1"}


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit, asyncio.CancelledError])
async def test_who_subscribes_before_the_module_runs_is_told_and_who_ends_it_is_not(client, name, error):
    store, seen, ready = Store(), [], []

    def fails(_items: object) -> None:
        raise error

    other = store.subscribe(fails)
    end = store.subscribe(seen.append)
    store.on_ready(lambda: ready.append(1))
    async with process(client, name, store=store):
        store.on_ready(lambda: ready.append(2))
        await until(lambda: sorted(ready) == [1, 2], "it is ready")
        await store.set("a", "1")
        await until(lambda: {"a": "1"} in seen, "it is told")
        end()
        other()
        count = len(seen)
        await store.set("a", "2")
        raw = lambda: next(iter(store.keeper.informer.cache)).raw  # noqa: E731
        await until(lambda: b'"a":"2"' in raw(), "it has come back")
        assert len(seen) == count


async def test_a_store_without_a_module_says_where_it_is():
    with pytest.raises(StoreNotRunning, match="in_memory"):
        Store().get_item("a")


@pytest.mark.parametrize("key", ("", "x" * 513, 7, None))
def test_a_key_is_a_text_of_some_length(key):
    with pytest.raises((TypeError, StoreNotRunning)):
        Store().set_item(key, "x")


async def test_an_object_of_a_store_is_readable(client, name):
    async with process(client, name) as store:
        await store.set("colour", "red")
    document = await Resources(client).get(STORED.kind, name, "default")
    assert document["data"] == {"colour": "red"}
    assert document["metadata"]["labels"]["poblano.dev/capability"] == "test"
    assert json.dumps(document["writers"])


async def test_a_write_counts_what_it_adds_and_not_all_that_there_is(client, name, monkeypatch):
    """A review that writes takes as long in a full store as in an empty one."""
    counted = []
    real = room.cost_of
    monkeypatch.setattr(room, "cost_of", lambda *item: (counted.append(1), real(*item))[1])
    async with process(client, name, interval=3600) as store:
        for number in range(1000):
            store.set_item(f"k{number}", "x")
        assert len(counted) < 3000
        for _ in range(12):  # the same key again takes no room, however often
            store.set_item("k0", "x" * 100_000)
        assert len(store["k0"]) == 100_000


async def test_a_stop_sends_what_is_left_though_nothing_can_be_watched(embedded, embedded_client, name):
    await on(embedded, lambda one: one.faults.refuse(403, verb="list", plural="poblanostores"))
    await on(embedded, lambda one: one.faults.refuse(403, verb="watch", plural="poblanostores"))
    try:
        keeper = keeper_of(embedded_client, name, interval=3600)
        informing, keeping = asyncio.create_task(keeper.informer.run()), asyncio.create_task(keeper.run())
        keeper.set("a", "1", None)
        keeper.stop()
        await asyncio.wait_for(keeping, 120)
        assert await kept(embedded_client, name) == {"a": "1"}
    finally:
        await on(embedded, lambda one: one.faults.clear())
        informing.cancel()
        await asyncio.gather(informing, return_exceptions=True)

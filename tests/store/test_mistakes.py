"""What people do to a store, and with one, that it was not made for: it says so, and goes on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from poblano import Capability
from poblano.client import Resources
from poblano.core.deployed import CAPABILITY_LABEL, UUID_LABEL
from poblano.core.errors import ApiError, Conflict, InvalidDefinition
from poblano.core.store.definition import schedules_name
from poblano.core.store.keeping import StoreNotRunning, StoreUnacknowledged
from poblano.core.store.layout import SECRET, STORED
from poblano.store import keeper as keeping
from poblano.store.memory import in_memory
from poblano.store.objects import Objects
from poblano.store.stores import store_name
from poblano.store_handle import Store
from tests.store.keeping import kept, process
from tests.watch.acting import finally_

TAKEN = ("data", "expires", "writers", "state", "state/parts")


async def test_what_somebody_takes_out_of_the_object_by_hand_is_put_back_with_the_next_write(client, name):
    async def taken(part: str) -> None:
        of = f"{name}-{part.replace('/', '-')}"
        async with process(client, of) as store:
            await store.set("a", "1")
            await Resources(client).patch(STORED.kind, of, [{"op": "remove", "path": f"/{part}"}], "default")
            await store.set("b", "2", ttl=timedelta(hours=1), timeout=60)
            assert (await kept(client, of))["b"] == "2"

    async with asyncio.TaskGroup() as together:  # each waits a second before it looks again
        for part in TAKEN:
            together.create_task(taken(part))


async def test_a_key_that_a_secret_can_spell_is_one(client, name):
    keys = ("x" * 250, "é" * 41, "\n", "..", "😀", "\x00", "/~")
    async with process(client, name, store=Store(secret=True), layout=SECRET) as store:
        for key in keys:
            store.set_item(key, "v", ttl=timedelta(hours=1))
        await store.set("last", "v")
        assert await kept(client, name, SECRET) == dict.fromkeys((*keys, "last"), "v")


UNSPEAKABLE = {"x" * 251: "251 characters in a Secret", "é" * 42: "252", "\ud800": "half"}


async def test_a_key_that_it_cannot_is_refused_and_stops_no_other(client, name):
    async with process(client, name, store=Store(secret=True), layout=SECRET) as store:
        for key, says in UNSPEAKABLE.items():
            with pytest.raises(TypeError, match=says):
                await store.set(key, "v")
            with pytest.raises(TypeError, match=says):
                async with store.transaction() as items:
                    items[key] = "v"
        await store.set("other", "v")
        assert await kept(client, name, SECRET) == {"other": "v"}


def test_half_a_character_is_no_text():
    shop = Capability("shop")
    with in_memory(shop), pytest.raises(TypeError, match="half a character"):
        shop.store.set_item("key", "\ud800")


@pytest.mark.parametrize(
    ("ttl", "error"),
    [
        (5, TypeError),
        ("5", TypeError),
        (timedelta(0), ValueError),
        (timedelta(-1), ValueError),
        (timedelta.max, ValueError),
    ],
)
async def test_a_ttl_in_which_nothing_could_be_read_is_refused(ttl, error):
    shop = Capability("shop")
    with in_memory(shop):
        with pytest.raises(error, match="the ttl of an item is"):
            shop.store.set_item("key", "value", ttl=ttl)
        with pytest.raises(error, match="the ttl of an item is"):
            await shop.store.update("key", lambda old: "value", ttl=ttl)
        assert not shop.store.items()


async def test_what_would_not_be_awaited_is_refused():
    async def tell(*_):
        raise AssertionError

    shop = Capability("shop")
    with pytest.raises(InvalidDefinition, match=r"test_mistakes.py.*the subscriber of a store is an async def"):
        shop.store.subscribe(tell)
    with pytest.raises(InvalidDefinition, match="make it a def"):
        shop.store.on_ready(tell)
    with pytest.raises(InvalidDefinition, match="give it a function"):
        shop.store.on_ready(None)
    with in_memory(shop), pytest.raises(InvalidDefinition, match="what changes an item is an async def"):
        await shop.store.update("key", tell)


async def test_a_loop_of_ones_own_is_told_of_the_modules(client, name):
    async with process(client, name) as store:
        with pytest.raises(StoreNotRunning, match=r"wait\(shop.store.set"):
            await asyncio.to_thread(lambda: asyncio.run(store.set("a", "1")))
        with pytest.raises(StoreNotRunning, match=r"no asyncio\.run"):
            await asyncio.to_thread(lambda: asyncio.run(store.update("a", lambda old: "1")))


async def test_a_transaction_that_looked_at_all_keys_is_told_of_one_that_came_meanwhile(client, name):
    async with process(client, name) as store, process(client, name) as other:
        await _is_told(store, other)


async def test_so_is_one_in_memory():
    shop = Capability("shop")
    with in_memory(shop):
        await _is_told(shop.store, shop.store)


async def _is_told(store, other):
    await store.set("a", "1")
    with pytest.raises(Conflict):
        await _counting(store, other.set("b", "2"))
    await _counting(store, asyncio.sleep(0))
    assert store.items() == {"a": "1", "b": "2", "count": "2"}


async def _counting(store, meanwhile):
    async with store.transaction() as items:
        count = len(list(items))
        await meanwhile
        items["count"] = str(count)


def test_a_value_that_is_null_is_a_value():
    shop = Capability("shop", store=Store(int | None))
    with in_memory(shop):
        shop.store.set_item("key", None)
        assert "key" in shop.store
        assert shop.store["key"] is None
        assert shop.store.get("key", 7) is None
        assert shop.store.get("other", 7) == 7


async def test_an_item_that_has_expired_is_taken_away_though_nothing_is_written(client, name, monkeypatch):
    monkeypatch.setattr(keeping, "LATE_SECONDS", 0.2)
    async with process(client, name) as store:
        await store.set("a", "1", ttl=timedelta(seconds=0.2))

        async def gone() -> bool:
            return await kept(client, name) == {}

        await finally_(gone, "it is gone")


async def test_the_store_of_another_module_whose_name_comes_to_the_same_is_left_alone(client, name):
    ours, theirs = ({UUID_LABEL: uuid, CAPABILITY_LABEL: "prices"} for uuid in ("shop", "shop-eu"))
    async with process(client, name, labels=ours) as store:
        await store.set("a", "1")
        async with process(client, name, labels=theirs) as other:
            assert not other.keeper.is_known
            assert "of the capability prices of the module shop:" in other.keeper.trouble
            assert other.items() == {}
            with pytest.raises(StoreUnacknowledged):
                await other.update("a", lambda old: "2", timeout=0.2)
        assert await kept(client, name) == {"a": "1"}


async def test_so_is_what_is_left_of_one_whose_first_object_somebody_has_deleted(client, name):
    def objects(uuid: str) -> Objects:
        labels = {UUID_LABEL: uuid, CAPABILITY_LABEL: "prices"}
        return Objects(client, STORED, name=name, namespace="default", labels=labels, field_manager="test")

    await objects("shop").create(3, {"data": {"a": "1"}})
    assert len(await objects("shop").list()) == 1
    with pytest.raises(ApiError, match="of the capability prices of the module shop: give this module another"):
        await objects("shop-eu").list()  # with which a first object is made again


async def test_what_is_told_that_a_store_is_known_and_fails_stops_nobody(embedded_client, name, capsys):
    def fails() -> None:
        raise LookupError("of the user")

    async with process(embedded_client, name) as store:
        await store.set("a", "1")
        store.on_ready(fails)
        assert store["a"] == "1"
    assert "a subscriber of a store failed" in capsys.readouterr().out


def test_a_capability_may_be_called_schedules():
    assert store_name("shop", "schedules") != schedules_name("shop")

"""What the rules of a running module come to on /metrics."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from poblano import Capability, Module, Requeue, Terminal, a
from poblano.client import Resources, connect
from poblano.watch.counting import Counted
from poblano.watch.watcher import Watcher
from tests.watch.clusters import space_of, until, write


@asynccontextmanager
async def counting(embedded, *capabilities):
    counted = Counted()
    async with connect(embedded.kubeconfig, observe=counted.requested) as client:
        watcher = Watcher(Module(*capabilities).bindings, client, uuid="hello", observer=counted)
        task = asyncio.create_task(watcher.run())
        try:
            yield counted
        finally:
            watcher.stop()
            watcher.hurry()
            await asyncio.wait([task])
        task.result()


@pytest.fixture
async def shop(client, space_name):
    await space_of(Resources(client), space_name)
    await write(Resources(client), space_name, "web")
    return Capability("shop", namespaces=[space_name])


def sums(counted, controller):
    return {
        sample.labels.get("result", sample.name): sample.value
        for family in counted.collect()
        for sample in family.samples
        if sample.labels.get("controller") == controller and "le" not in sample.labels
    }


async def test_what_a_reconcile_comes_to_is_its_result(embedded, shop):
    runs = []

    @shop.when(a.ConfigMap).with_name("web").reconcile(name="mixed")
    async def mixed(one, ctx):
        runs.append(1)
        match len(runs):
            case 1:
                raise RuntimeError("not yet")
            case 2:
                raise SystemExit
            case 3:
                return Requeue(after=timedelta(seconds=0.01))
            case 4:
                return Requeue()
        return None

    async with counting(embedded, shop) as counted:
        await until(lambda: sums(counted, "shop/mixed").get("success", 0) >= 1, "it works in the end")
        found = sums(counted, "shop/mixed")

    assert (found["error"], found["requeue_after"], found["requeue"]) == (2, 1, 1)
    assert found["controller_runtime_reconcile_errors_total"] == 2
    assert found["controller_runtime_reconcile_panics_total"] == 1
    assert found["workqueue_retries_total"] >= 2


async def test_terminal_errors_and_timeouts_are_told_apart(embedded, shop):
    @shop.when(a.ConfigMap).with_name("web").reconcile(name="terminal")
    async def terminal(one, ctx):
        raise Terminal("never")

    @shop.when(a.ConfigMap).with_name("web").reconcile(name="late", timeout=0.02)
    async def late(one, ctx):
        await asyncio.Event().wait()

    async with counting(embedded, shop) as counted:
        await until(lambda: sums(counted, "shop/late").get("error", 0) >= 1, "it is late")
        await until(lambda: sums(counted, "shop/terminal").get("error", 0) >= 1, "it gives up")
        assert sums(counted, "shop/terminal")["controller_runtime_terminal_reconcile_errors_total"] >= 1
        assert sums(counted, "shop/late")["controller_runtime_reconcile_timeouts_total"] >= 1


async def test_a_watch_rule_is_a_controller_too(embedded, shop):
    @shop.when(a.ConfigMap).is_created().with_name("web").watch(name="told")
    async def told(one, phase):
        raise SystemExit

    async with counting(embedded, shop) as counted:
        await until(lambda: sums(counted, "shop/told/watch").get("error", 0) >= 1, "it is told")
        assert sums(counted, "shop/told/watch")["controller_runtime_reconcile_panics_total"] >= 1
        assert [key for key in counted.requests if key[0] == "200"]

"""What it costs to have `K8s`, and that nothing stays of its use."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from contextlib import aclosing

from poblano import K8s, a
from tests.client.loopback import Reply, client_of, serving


def loaded_after(statement: str) -> set[str]:
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_a_module_that_says_k8s_loads_no_http_client_before_it_uses_it():
    program = """
from poblano import Capability, K8s, Module, a, wait
shop = Capability("shop")
pods = K8s(a.Pod).in_namespace("shop").with_label("tier", "data")
@shop.when(a.Pod).is_created().validate
async def counted(pod):
    return pod.approve() if len(await pods.list()) < 9 else pod.deny("nine are enough")
Module(shop)
"""
    loaded = loaded_after(program)

    assert not {"aiohttp", "ssl", "asyncio", "cryptography", "yaml"} & loaded
    assert not {
        name for name in loaded if name.startswith(("poblano.admission", "poblano.watch.", "poblano.client.transport"))
    }


async def test_ten_thousand_chains_and_a_thousand_requests_leave_nothing():
    async with serving(Reply(200, {"metadata": {"name": "web"}})) as server, client_of(server.url) as client:
        pods = K8s(a.Pod, client=client).in_namespace("shop")

        async def use() -> int:
            for _ in range(1000):
                pods.with_label("tier", "data").with_name("web")
            await asyncio.gather(*(pods.get("web") for _ in range(100)))
            server.asked.clear()
            gc.collect()
            return len(gc.get_objects())

        first = [await use() for _ in range(3)]
        last = [await use() for _ in range(7)]

        assert min(last) <= max(first) + 50, "connections are kept, and nothing else"


async def test_a_watch_that_is_left_leaves_no_connection(client, space):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)
    await maps.create({"metadata": {"name": "x"}})
    for _ in range(20):
        async with aclosing(maps.watch()) as changes:
            await anext(changes)

    async with asyncio.timeout(60):
        while len(client._pool._open) > 2:
            await asyncio.sleep(0.01)

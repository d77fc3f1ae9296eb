from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap

import pytest

from poblano import wait
from poblano.client import ambient
from poblano.client.ambient import connected, current_client, current_resources, settle, using
from poblano.client.errors import InvalidKubeconfig
from poblano.core.kinds import Kind
from tests.client.loopback import Reply, client_of, serving

PODS = Kind("", "v1", "Pod", "pods")


@pytest.fixture(autouse=True)
def _no_cluster_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


@pytest.fixture
def kubeconfig_of(tmp_path, monkeypatch):
    def write(url: str) -> None:
        path = tmp_path / "kubeconfig"
        path.write_text(
            "current-context: dev\n"
            "contexts: [{name: dev, context: {cluster: here}}]\n"
            f"clusters: [{{name: here, cluster: {{server: '{url}'}}}}]\n"
        )
        monkeypatch.setenv("KUBECONFIG", str(path))

    return write


async def test_what_is_said_is_meant_within_the_block_and_what_it_begins():
    async with serving() as server, client_of(server.url) as client:
        with using(client):
            task = asyncio.create_task(current_client())
            assert await current_client() is client
        assert await task is client
    with pytest.raises(InvalidKubeconfig):
        await current_client()


async def test_a_thread_that_an_action_runs_in_means_the_same():
    async with serving(Reply(200, {"a": 1})) as server, client_of(server.url) as client:
        with using(client):

            def action() -> object:
                return wait(wait(current_client()).request("GET", "/version")).json()

            assert await asyncio.to_thread(action) == {"a": 1}


async def test_a_block_ends_with_what_was_meant_before():
    async with serving() as server, client_of(server.url) as one, client_of(server.url) as two:
        settle(one)
        with using(two):
            assert await current_client() is two
        assert await current_client() is one
        async with connected(one.access) as third:
            assert await current_client() is third
        assert await current_client() is one


async def test_the_field_manager_goes_along():
    async with serving(Reply(200, {})) as server, client_of(server.url) as client:
        with using(client, field_manager="poblano-shop"):
            api = await current_resources()
            await api.patch(PODS, "web", {"a": 1}, "shop")

    assert server.asked[0].query["fieldManager"] == "poblano-shop"


def test_the_first_use_on_a_loop_connects_once_and_its_end_closes(kubeconfig_of):
    """With warnings as errors: nothing is left open when the loop ends."""
    seen = []

    async def use(url: str) -> None:
        kubeconfig_of(url)
        clients = await asyncio.gather(*(current_client() for _ in range(5)))
        seen.append(set(map(id, clients)))
        await clients[0].request("GET", "/version")

    async def main() -> None:
        async with serving() as server:
            await asyncio.to_thread(asyncio.run, use(server.url))
            await asyncio.to_thread(asyncio.run, use(server.url))

    asyncio.run(main())
    gc.collect()

    assert [len(one) for one in seen] == [1, 1]
    assert ambient._own == {}


async def test_a_client_of_another_loop_is_not_used_but_its_access(kubeconfig_of):
    async with serving(Reply(200, {"a": 1})) as server, client_of(server.url) as client:
        with using(client):

            async def elsewhere() -> object:
                other = await current_client()
                assert other is not client
                assert other is await current_client()
                return (await other.request("GET", "/version")).json()

            assert await asyncio.to_thread(asyncio.run, elsewhere()) == {"a": 1}
    assert [asked.headers["Authorization"] for asked in server.asked] == ["Bearer secret-token"]


@pytest.mark.parametrize("runner", ["asyncio", "uvloop"])
def test_a_script_leaves_nothing_open_over_tls(runner, pki, tmp_path):
    """Connections over TLS take a turn of the loop to close: a process that forgot one would warn at its end."""
    program = f"""
        import asyncio, uvloop
        from poblano import K8s, a

        async def main():
            print((await K8s(a.Node).get("one")).metadata.name)

        {runner}.run(main())
    """
    kubeconfig = tmp_path / "kubeconfig"

    async def main() -> subprocess.CompletedProcess[str]:
        async with serving(Reply(200, {"metadata": {"name": "one"}}), tls=pki.server_context()) as server:
            kubeconfig.write_text(
                "current-context: dev\n"
                "contexts: [{name: dev, context: {cluster: here}}]\n"
                f"clusters: [{{name: here, cluster: {{server: '{server.url}', certificate-authority: '{pki.ca}'}}}}]\n"
            )
            return await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
                capture_output=True,
                text=True,
                env={**os.environ, "KUBECONFIG": str(kubeconfig)},
            )

    done = asyncio.run(main())

    assert (done.stdout, done.stderr, done.returncode) == ("one\n", "", 0)


@pytest.mark.parametrize(("imported", "loaded"), [("K8s", "True"), ("a", "False")])
def test_a_process_loads_the_http_client_before_it_serves_if_its_module_may_need_it(imported, loaded):
    program = f"""
        import asyncio, sys
        from poblano import {imported}
        from poblano.client.ambient import settle

        async def main():
            settle(field_manager="poblano-shop")
            print("poblano.client.transport" in sys.modules)

        asyncio.run(main())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == (f"{loaded}\n", "")

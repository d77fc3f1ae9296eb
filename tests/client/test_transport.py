from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from poblano.client.access import Access, Cluster, Impersonation, Material, User
from poblano.client.messages import Timeouts
from poblano.client.transport import ApiClient, connect
from poblano.core.errors import ApiError, ConnectionFailed, NotFound, ServerError, TooManyRequests, Unauthorized
from tests.client.loopback import Clock, Pki, Reply, client_of, proxying, serving, silent, status, tcp_server
from tests.ports import free_port

BUSY = Reply(429, status(429, "TooManyRequests"), {"Retry-After": "3"})
DOWN = Reply(503, status(503, "ServiceUnavailable"))
RESET = Reply(reset=True)
METHODS = ["GET", "PUT", "DELETE", "POST", "PATCH"]


async def test_a_request_arrives_as_it_was_meant():
    async with serving(Reply(200, {"a": 1})) as server, client_of(server.url) as client:
        response = await client.request(
            "PATCH",
            "/api/v1/namespaces/a%2Fb/pods/db",
            query={"fieldManager": "me & you", "force": "true"},
            body={"n": 2**70},
            content_type="application/apply-patch+yaml",
            headers={"X-Extra": "1"},
        )

    asked = server.asked[0]
    assert response.json() == {"a": 1}
    assert asked.method == "PATCH"
    assert asked.path == "/api/v1/namespaces/a%2Fb/pods/db?fieldManager=me+%26+you&force=true"
    assert asked.body == b'{"n":1180591620717411303424}'
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert asked.headers["Authorization"] == "Bearer secret-token"
    assert asked.headers["User-Agent"].startswith("poblano")
    assert asked.headers["X-Extra"] == "1"


async def test_the_servers_own_path_comes_first():
    async with serving() as server, client_of(f"{server.url}/k8s/clusters/c-1") as client:
        await client.request("GET", "/version")

    assert server.asked[0].path == "/k8s/clusters/c-1/version"


async def test_a_large_object_arrives_whole_also_the_second_time():
    body = {"data": "x" * 3_000_000}
    async with serving(DOWN, Reply()) as server, client_of(server.url) as client:
        await client.request("PUT", "/api", body=body)

    assert [len(asked.body) for asked in server.asked] == [3_000_011, 3_000_011]


async def test_integers_are_exact_both_ways():
    async with (
        serving(Reply(200, b'{"n": 123456789012345678901234567890, "f": 1.0}')) as server,
        client_of(server.url) as client,
    ):
        assert (await client.request("GET", "/api")).json() == {"n": 123456789012345678901234567890, "f": 1.0}


async def test_impersonation_is_asked_for_in_headers():
    user = User("admin", impersonate=Impersonation("joe", ("devs", "ops"), "7", {"Shop/Floor": ("2", "3")}))
    async with serving() as server, client_of(server.url, user=user) as client:
        await client.request("GET", "/api")

    headers = server.asked[0].headers
    assert headers["impersonate-user"] == "joe"
    assert headers.getall("Impersonate-Group") == ["devs", "ops"]  # type: ignore[attr-defined]
    assert headers["Impersonate-Uid"] == "7"
    assert headers.getall("Impersonate-Extra-shop%2Ffloor") == ["2", "3"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", METHODS)
async def test_a_busy_server_is_asked_again_when_it_says(method: str):
    clock = Clock()
    async with serving(BUSY, BUSY, Reply()) as server, client_of(server.url, clock=clock) as client:
        await client.request(method, "/api")

    assert len(server.asked) == 3
    assert clock.slept == [3.25, 3.25]


@pytest.mark.parametrize("method", METHODS)
async def test_a_server_that_is_down_is_asked_again_only_for_what_is_idempotent(method: str):
    async with serving(DOWN, Reply()) as server, client_of(server.url) as client:
        if method in {"POST", "PATCH"}:
            with pytest.raises(ServerError):
                await client.request(method, "/api")
        else:
            assert (await client.request(method, "/api")).status == 200


@pytest.mark.parametrize("method", METHODS)
async def test_a_broken_connection_is_tried_again_only_for_what_is_idempotent(method: str):
    async with serving(RESET, RESET, RESET, Reply()) as server, client_of(server.url) as client:
        if method in {"POST", "PATCH"}:
            with pytest.raises(ConnectionFailed, match=r"broke before the answer came.*may have been carried out"):
                await client.request(method, "/api")
            assert len(server.asked) == 1
        else:
            assert (await client.request(method, "/api")).status == 200


async def test_a_caller_may_say_that_a_patch_is_idempotent():
    async with serving(RESET, Reply()) as server, client_of(server.url) as client:
        assert (await client.request("PATCH", "/api", idempotent=True)).status == 200


@pytest.mark.parametrize("method", METHODS)
async def test_a_refused_connection_is_tried_again_whatever_the_method(method: str):
    clock = Clock()
    async with client_of(f"http://127.0.0.1:{free_port()}", clock=clock) as client:
        with pytest.raises(
            ConnectionFailed, match=r"no connection to http://127\.0\.0\.1:\d+: .*is the API server running"
        ):
            await client.request(method, "/api")

    assert clock.slept == [0.25, 0.5, 1.0, 2.0, 4.0]


async def test_a_request_that_failed_otherwise_is_not_sent_again():
    async with serving(Reply(404, status(404, "NotFound", name="db"))) as server, client_of(server.url) as client:
        with pytest.raises(NotFound):
            await client.request("GET", "/api")

    assert len(server.asked) == 1


async def test_the_time_of_a_request_bounds_all_its_attempts():
    clock = Clock()
    async with serving(BUSY) as server, client_of(server.url, clock=clock) as client:
        with pytest.raises(TooManyRequests):
            await client.request("GET", "/api", timeout=10)

    assert sum(clock.slept) < 10
    assert len(server.asked) == 4


async def test_a_retry_after_beyond_the_deadline_fails_at_once():
    clock = Clock()
    async with serving(Reply(429, {}, {"Retry-After": "60"})) as server, client_of(server.url, clock=clock) as client:
        with pytest.raises(TooManyRequests):
            await client.request("GET", "/api")

    assert clock.slept == []


async def test_a_server_that_says_nothing_is_given_up():
    async with tcp_server(silent) as port:
        access = Access(Cluster(f"http://127.0.0.1:{port}"))
        async with ApiClient(access, timeouts=Timeouts(total=0.2), environ={}) as client:
            with pytest.raises(ConnectionFailed, match=r"gave no answer in 0\.2 s"):
                await client.request("GET", "/api")


async def test_a_401_reads_the_token_again_and_asks_once_more(tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("old")
    async with (
        serving(Reply(), Reply(401), Reply()) as server,
        client_of(server.url, user=User(token_file=file)) as client,
    ):
        await client.request("GET", "/api")
        file.write_text("new")
        await client.request("POST", "/api")

    assert [asked.headers["Authorization"] for asked in server.asked] == ["Bearer old", "Bearer old", "Bearer new"]


async def test_a_401_that_cannot_be_healed_is_raised():
    async with serving(Reply(401, status(401, "Unauthorized"))) as server, client_of(server.url) as client:
        with pytest.raises(Unauthorized, match="log in again"):
            await client.request("GET", "/api")

    assert len(server.asked) == 1


async def test_a_redirect_is_not_followed():
    async with (
        serving() as other,
        serving(Reply(302, b"", {"Location": f"{other.url}/steal"})) as server,
        client_of(server.url) as client,
    ):
        with pytest.raises(ApiError, match="HTTP 302"):
            await client.request("GET", "/api")

    assert other.asked == []


@pytest.mark.parametrize("password", ("", "jane:secret"))
async def test_the_clusters_proxy_is_used(pki: Pki, password: str):
    async with proxying(password) as proxy, serving(tls=pki.server_context()) as server:
        url = server.url.replace("127.0.0.1", "cluster.invalid")
        cluster = Cluster(url, certificate_authority=Material(pki.ca), tls_server_name="api.test", proxy_url=proxy.url)
        async with ApiClient(Access(cluster), environ={}) as client:
            assert (await client.request("GET", "/api")).status == 200

    assert proxy.targets == [url.removeprefix("https://")]


async def test_the_environments_proxy_is_used(pki: Pki):
    async with proxying() as proxy, serving(tls=pki.server_context()) as server:
        url = server.url.replace("127.0.0.1", "cluster.invalid")
        cluster = Cluster(url, certificate_authority=Material(pki.ca), tls_server_name="api.test")
        async with ApiClient(Access(cluster), environ={"HTTPS_PROXY": proxy.url}) as client:
            await client.request("GET", "/api")

    assert len(proxy.targets) == 1


async def test_a_proxy_that_refuses_is_named_without_its_password(pki: Pki):
    async with proxying("jane:right") as proxy:
        url = proxy.url.replace("right", "secret")
        async with ApiClient(Access(Cluster("https://cluster.invalid", proxy_url=url)), environ={}) as client:
            with pytest.raises(ConnectionFailed, match=r"the proxy http://127.* answered HTTP 407") as caught:
                await client.request("GET", "/api")

    assert "secret" not in str(caught.value)


async def test_a_proxy_that_is_not_there_is_named():
    proxy = f"http://jane:secret@127.0.0.1:{free_port()}"
    time = Clock()
    access = Access(Cluster("https://cluster.invalid", proxy_url=proxy))
    async with ApiClient(access, environ={}, clock=time, sleep=time.sleep) as client:
        with pytest.raises(
            ConnectionFailed, match=r"the proxy http://127.* cannot be reached.*check proxy-url"
        ) as caught:
            await client.request("GET", "/api")

    assert "secret" not in str(caught.value)


async def test_one_client_keeps_its_connections():
    async with serving() as server, client_of(server.url) as client:
        for _ in range(5):
            await client.request("GET", "/api")
        assert client._pool is not None
        assert len(client._pool.idle) == 1


async def test_closing_leaves_no_socket_and_no_task(pki: Pki):
    async with serving(tls=pki.server_context()) as server:
        cluster = Cluster(server.url, certificate_authority=Material(pki.ca))
        async with ApiClient(Access(cluster), environ={}) as client:
            await asyncio.gather(*(client.request("GET", "/api") for _ in range(10)))
        tasks = [task for task in asyncio.all_tasks() if task.get_coro().__qualname__ != "RequestHandler.start"]
        assert tasks == [asyncio.current_task()]
    gc.collect()  # an open socket would be a ResourceWarning, and so an error


async def test_a_cancelled_request_leaves_a_client_that_works():
    started = asyncio.Event()

    async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        started.set()
        await silent(reader, writer)

    async with tcp_server(hanging) as port, serving() as server, client_of(f"http://127.0.0.1:{port}") as client:
        waiting = asyncio.create_task(client.request("GET", "/api"))
        await started.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        client.access = Access(Cluster(server.url))
        assert (await client.request("GET", "/api")).status == 200


async def test_a_client_that_is_not_open_says_so():
    with pytest.raises(RuntimeError, match="write `async with client:`"):
        await client_of("http://127.0.0.1:1").request("GET", "/api")


async def test_compression_can_be_turned_off():
    async with serving() as server:
        access = Access(Cluster(server.url, disable_compression=True))
        async with ApiClient(access, environ={}) as client:
            await client.request("GET", "/api")
        async with client_of(server.url) as client:
            await client.request("GET", "/api")

    assert [asked.headers["Accept-Encoding"] for asked in server.asked] == ["identity", "gzip"]


async def test_connect_takes_a_kubeconfig(kubeconfig):
    async with serving() as server, connect(kubeconfig("{token: abc}", f"{{server: '{server.url}'}}")) as client:
        await client.request("GET", "/api")

    assert server.asked[0].headers["Authorization"] == "Bearer abc"

"""Commands, in a container that a server plays: there are no nodes here."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from poblano import ApiError, Forbidden, K8s, MalformedObject, a
from poblano.core.context import Running, running
from poblano.core.errors import ConnectionFailed, ServerError
from poblano.fluent.executing import Executed
from tests.client.loopback import client_of

SUCCESS = {"kind": "Status", "status": "Success"}
FAILED = {
    "kind": "Status",
    "status": "Failure",
    "reason": "NonZeroExitCode",
    "message": "command terminated with non-zero exit code",
    "details": {"causes": [{"reason": "ExitCode", "message": "7"}]},
}
NEVER_RUN = {"kind": "Status", "status": "Failure", "code": 500, "message": "container not found"}


class Container:
    """Echoes stdin where there is some; ends with `status`, or hangs, or breaks off."""

    def __init__(self) -> None:
        self.status = SUCCESS
        self.protocols = ("v5.channel.k8s.io", "v4.channel.k8s.io")
        self.refuses = 0
        self.hangs = False
        self.asked = []
        self.ended = asyncio.Event()

    async def answer(self, request):
        self.asked.append((request.raw_path, dict(request.headers)))
        if self.refuses:
            return web.Response(status=self.refuses)
        socket = web.WebSocketResponse(protocols=self.protocols)
        await socket.prepare(request)
        await socket.send_bytes(b"\x01out ")
        await socket.send_bytes(b"\x02err")
        if request.query.get("stdin"):
            async for message in socket:
                if message.data == b"\xff\x00":
                    break
                await socket.send_bytes(b"\x01" + message.data[1:])
        if self.hangs:
            await self.ended.wait()
        if self.status is not None:
            await socket.send_bytes(b"\x03" + json.dumps(self.status).encode())
        await socket.close()
        return socket


@pytest.fixture
async def container():
    return Container()


@pytest.fixture
async def pods(container):
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", container.answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with client_of(f"http://{host}:{port}") as client:
        yield K8s(a.Pod, client=client).in_namespace("shop")
    container.ended.set()
    await runner.cleanup()


async def test_a_command_says_how_it_ended_and_what_it_wrote(container, pods):
    assert await pods.exec(["ls", "-l", "/a b"], "web", container="nginx") == Executed(0, b"out ", b"err")

    ((path, headers),) = container.asked
    assert path == (
        "/api/v1/namespaces/shop/pods/web/exec"
        "?command=ls&command=-l&command=%2Fa+b&stdout=true&stderr=true&container=nginx"
    )
    assert headers["Authorization"] == "Bearer secret-token"


async def test_a_command_that_fails_is_an_answer_too(container, pods):
    container.status = FAILED
    assert (await pods.with_name("web").exec(["false"])).code == 7


async def test_a_command_reads_what_it_is_given(container, pods):
    assert (await pods.exec(["cat"], "web", stdin=b"hello")).stdout == b"out hello"
    container.protocols = ("v4.channel.k8s.io",)
    assert (await pods.exec(["ls"], "web")).code == 0
    with pytest.raises(MalformedObject, match="ends; leave it out"):
        await pods.exec(["cat"], "web", stdin=b"hello")


async def test_a_command_that_is_never_run_is_an_error(container, pods):
    container.status = NEVER_RUN
    with pytest.raises(ServerError, match="container not found"):
        await pods.exec(["ls"], "web")
    container.status = None
    with pytest.raises(ConnectionFailed, match="before the command ended"):
        await pods.exec(["ls"], "web")
    container.refuses = 403
    with pytest.raises(Forbidden):
        await pods.exec(["ls"], "web")


async def test_a_command_that_takes_too_long_is_left(container, pods):
    container.hangs = True
    with pytest.raises(TimeoutError):
        await pods.exec(["sleep", "9"], "web", seconds=0.3)


async def test_nothing_is_run_in_a_dry_run_nor_in_what_is_no_pod(container, pods):
    with pytest.raises(MalformedObject, match="a Pod runs commands"):
        await K8s(a.Service).in_namespace("shop").exec(["ls"], "web")
    token = running.set(Running("shop", "rule", dry_run=True))
    try:
        with pytest.raises(MalformedObject, match="cannot be a dry run"):
            await pods.exec(["ls"], "web")
    finally:
        running.reset(token)
    assert container.asked == []


async def test_a_server_that_is_not_there_is_named():
    async with client_of("http://127.0.0.1:1") as client:
        with pytest.raises(ApiError, match="no connection"):
            await K8s(a.Pod, client=client).in_namespace("shop").exec(["ls"], "web")

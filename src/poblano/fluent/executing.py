"""Running a command in a container of a Pod, over a WebSocket.

apimachinery: ``pkg/util/remotecommand`` and ``pkg/util/httpstream/wsstream``: each message begins with the number of its channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from poblano.client.paths import object_path
from poblano.core.context import is_dry_run
from poblano.core.errors import ConnectionFailed, MalformedObject
from poblano.core.objects import Resource
from poblano.fluent.chain import Chain, Which

if TYPE_CHECKING:
    from poblano.client.sockets import WebSocket

R = TypeVar("R", bound=Resource)

PROTOCOLS: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR = 0, 1, 2, 3
END_OF_STDIN: Final = b"\xff\x00"
"""v5: a channel is closed by its number after 255."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What a command came to: its exit code, and what it wrote."""

    code: int
    stdout: bytes
    stderr: bytes


class Executing(Chain[R]):
    """What commands can be run in."""

    __slots__ = ()

    async def exec(
        self,
        command: Sequence[str],
        which: Which = None,
        *,
        container: str | None = None,
        stdin: bytes | None = None,
        seconds: float = 60.0,
    ) -> Executed:
        """Run a command in a container, and wait until it ends. No shell reads it: ``["sh", "-c", "..."]`` asks for one.

        Args:
            command: the program and its arguments.
            which: the Pod's name, or a Pod that was read; by default the one that the chain names.
            container: in which; it may be left out where there is one.
            stdin: what the command reads; this needs Kubernetes 1.30.
            seconds: how long it may take.

        Raises:
            ApiError: the API server refused, the container cannot run it, or the connection broke.
            TimeoutError: it took longer; it may go on.
            MalformedObject: the chain is about another kind; or this is a dry run, and a command may do anything.
        """
        import asyncio

        from poblano.client.sockets import websocket

        if (self._kind.group, self._kind.kind) != ("", "Pod"):
            raise MalformedObject(f"a Pod runs commands, and a {self._kind.kind} does not; write K8s(a.Pod)")
        if is_dry_run():
            raise MalformedObject("a command cannot be a dry run, and this request is one; look at is_dry_run before")
        client, (name, namespace) = await self._connection(), self._one(which, verb="exec")
        query = [("command", word) for word in command] + [("stdout", "true"), ("stderr", "true")]
        query += [("stdin", "true")] if stdin is not None else []
        query += [("container", container)] if container else []
        path = f"{object_path(self._kind, name, namespace)}/exec"
        async with asyncio.timeout(seconds), websocket(client, path, query=query, protocols=PROTOCOLS) as opened:
            if stdin is not None:
                await _write(opened, stdin)
            return await _read(opened, path)


async def _write(opened: WebSocket, stdin: bytes) -> None:
    if opened.protocol != PROTOCOLS[0]:
        raise MalformedObject("this API server cannot say where stdin ends; leave it out, or use Kubernetes 1.30")
    await opened.send_bytes(bytes([STDIN]) + stdin)
    await opened.send_bytes(END_OF_STDIN)


async def _read(opened: WebSocket, path: str) -> Executed:
    said = {STDOUT: bytearray(), STDERR: bytearray(), ERROR: bytearray()}
    async for message in opened:
        data = message.data.encode() if isinstance(message.data, str) else bytes(message.data)
        if data and data[0] in said:
            said[data[0]] += data[1:]
    if not said[ERROR]:
        raise ConnectionFailed(
            "the connection broke before the command ended",
            method="GET",
            path=path,
            remedy="it may have run, or still run",
        )
    return Executed(_code(bytes(said[ERROR]), path), bytes(said[STDOUT]), bytes(said[STDERR]))


def _code(status: bytes, path: str) -> int:
    """The exit code, in the ``Status`` that ends it.

    Raises:
        ApiError: it was never run.

    >>> _code(b'{"kind": "Status", "status": "Success"}', "")
    0
    """
    import msgspec

    from poblano.client.failures import failure

    said = msgspec.json.decode(status)
    if said.get("status") == "Success":
        return 0
    error = failure(said.get("code") or 500, status, method="GET", path=path)
    for cause in error.causes:
        if cause.reason == "ExitCode" and cause.message.isdigit():
            return int(cause.message)
    raise error

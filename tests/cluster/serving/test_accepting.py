"""Accepting connections, and going on when the system has no more to give."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

from poblano.cluster.serving import accepting
from poblano.cluster.serving.accepting import Acceptor
from poblano.cluster.serving.credentials import make
from poblano.cluster.serving.listener import tls_context
from poblano.cluster.serving.sockets import Address, bind

if TYPE_CHECKING:
    import pytest


class Exhausted:
    """A listening socket of a process that has no file descriptor left, as often as it is told."""

    def __init__(self, real: socket.socket, times: int) -> None:
        self.left = times
        self._real = real

    def accept(self) -> tuple[socket.socket, object]:
        if self.left:
            self.left -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self._real.accept()

    def fileno(self) -> int:
        return self._real.fileno()

    def close(self) -> None:
        self._real.close()


async def test_without_descriptors_it_waits_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "WHEN_FULL_SECONDS", 0.001)
    (real,) = bind(Address("127.0.0.1", 0))
    exhausted = Exhausted(real, 3)
    acceptor = Acceptor([exhausted], asyncio.Protocol, tls_context(make().serving))  # type: ignore[list-item]
    acceptor.start()
    _, writer = await asyncio.open_connection(*real.getsockname())
    while exhausted.left or not acceptor._handshakes:
        await asyncio.sleep(0.001)
    await acceptor.stop()
    assert acceptor._handshakes == set()
    writer.close()


async def test_an_end_while_it_waits_is_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "WHEN_FULL_SECONDS", 0.001)
    (real,) = bind(Address("127.0.0.1", 0))
    exhausted = Exhausted(real, 1_000_000)
    acceptor = Acceptor([exhausted], asyncio.Protocol, tls_context(make().serving))  # type: ignore[list-item]
    acceptor.start()
    _, writer = await asyncio.open_connection(*real.getsockname())
    while exhausted.left == 1_000_000:
        await asyncio.sleep(0.001)
    await acceptor.stop()
    seen = exhausted.left
    await asyncio.sleep(0.01)
    assert exhausted.left == seen
    writer.close()

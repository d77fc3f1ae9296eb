"""Accepting connections, so that those that are still in the TLS handshake are known too: a loop's own server knows none."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

AT_ONCE: Final = 16  # per turn of the loop, so that a flood of connections does not starve those that are in
HANDSHAKE_SECONDS: Final = 10.0
CLOSING_SECONDS: Final = 0.5  # that a client has to say goodbye
WHEN_FULL_SECONDS: Final = 0.05


class Acceptor:
    """Brings connections from listening sockets through the handshake.

    Args:
        sockets: listening ones, not blocking; they are closed at the end.
        make: the protocol of a connection.
    """

    def __init__(
        self, sockets: Sequence[socket.socket], make: Callable[[], asyncio.Protocol], tls: ssl.SSLContext
    ) -> None:
        self._sockets = sockets
        self._make = make
        self._tls = tls
        self._handshakes: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Accept from now on."""
        loop = asyncio.get_running_loop()
        for listening in self._sockets:
            loop.add_reader(listening, self._accept, listening)

    async def stop(self) -> None:
        """Accept no more, and cut who has not got through the handshake."""
        loop = asyncio.get_running_loop()
        for listening in self._sockets:
            if listening.fileno() >= 0:
                loop.remove_reader(listening)
                listening.close()
        handshakes = list(self._handshakes)
        for task in handshakes:
            task.cancel()
        await asyncio.gather(*handshakes, return_exceptions=True)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # out of file descriptors, or of memory
                self._pause(listening)
                return
            self._welcome(connection)

    def _pause(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)

        def resume() -> None:
            if listening.fileno() >= 0:
                loop.add_reader(listening, self._accept, listening)

        loop.call_later(WHEN_FULL_SECONDS, resume)

    def _welcome(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = asyncio.get_running_loop().create_task(self._shake_hands(connection))
        self._handshakes.add(task)
        # A task that is cancelled before its first step runs none of its own clean-up.
        task.add_done_callback(partial(self._done, connection))

    def _done(self, connection: socket.socket, task: asyncio.Task[None]) -> None:
        self._handshakes.discard(task)
        if task.cancelled() or task.exception() is not None:
            with suppress(OSError):
                connection.close()

    async def _shake_hands(self, connection: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            self._make,
            connection,
            ssl=self._tls,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=CLOSING_SECONDS,
        )

"""How connections come in: addresses, accepting, and the TLS handshake under a deadline."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from poblano.admission.limits import Limits

BACKLOG = 1024
ACCEPTED_AT_ONCE = 16  # per turn of the loop, so that a flood of connections does not starve those that are in
WHEN_FULL_SECONDS = 0.02
SHUTDOWN_SECONDS = 2.0


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets on every address of `host`, all on one port; 0 takes any that is free on all of them.

    ``localhost`` is 127.0.0.1 and ::1, an empty host is everything. An address this machine does not have is left
    out, as long as one remains.

    Raises: OSError when nothing could be bound.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
    attempts = 20 if port == 0 and len(addresses) > 1 else 1
    for attempt in range(attempts):
        sockets: list[socket.socket] = []
        chosen = port
        problem: OSError | None = None
        for family, address in addresses:
            try:
                listening = _listening(family, (address[0], chosen, *address[2:]))
            except OSError as error:
                problem = error
                continue
            sockets.append(listening)
            chosen = listening.getsockname()[1]
        # A free port of the first address may be taken on the second; with a given port that is no accident.
        taken = problem is not None and problem.errno == errno.EADDRINUSE
        if sockets and not taken:
            return sockets
        for listening in sockets:
            listening.close()
        if not taken or attempt == attempts - 1:
            raise problem or OSError(f"{host!r} has no address")
    raise AssertionError


def _listening(family: int, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening


class Listener:
    """Accepts connections and brings them through the handshake.

    A loop's own server counts nobody before the end of the handshake, so that thousands can sit in it. Here there are
    at most ``limits.handshakes``; the next one cuts the oldest.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        make: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
        limits: Limits,
        make_room: Callable[[], bool],
    ) -> None:
        self.sockets = sockets
        self.failed_handshakes = 0
        self._make = make
        self._tls = tls
        self._limits = limits
        self._make_room = make_room
        self._handshakes: dict[asyncio.Task[bool], None] = {}  # oldest first
        self._resumptions: set[asyncio.TimerHandle] = set()

    def start(self) -> None:
        """Accept from now on."""
        for listening in self.sockets:
            self._listen(listening)

    async def close(self, seconds: float = 0) -> None:
        """Accept no more than those who are at the door; handshakes that take longer than `seconds` are cut."""
        loop = asyncio.get_running_loop()
        for resumption in self._resumptions:
            resumption.cancel()
        for listening in self.sockets:
            loop.remove_reader(listening)
            with suppress(OSError):
                self._accept_waiting(listening)
            listening.close()
        if self._handshakes and seconds > 0:
            await asyncio.wait(self._handshakes, timeout=min(seconds, self._limits.handshake_seconds))
        unfinished = list(self._handshakes)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    def _listen(self, listening: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        try:
            self._accept_waiting(listening)
        except OSError:  # out of file descriptors, or of memory
            self._pause(listening)

    def _accept_waiting(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, _address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            self._welcome(connection)

    def _pause(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        # The kernel says "no descriptor left" even when nobody is waiting: the only one in its handshake is to stay.
        if not self._make_room() and len(self._handshakes) > 1:
            self._cut_oldest()

        def resume() -> None:
            self._resumptions.discard(handle)
            self._listen(listening)

        handle = loop.call_later(WHEN_FULL_SECONDS, resume)
        self._resumptions.add(handle)

    def _welcome(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        if len(self._handshakes) >= self._limits.handshakes:
            self._cut_oldest()
        task = asyncio.get_running_loop().create_task(self._shake_hands(connection))
        self._handshakes[task] = None
        # A task that is cancelled before its first step runs none of its own clean-up.
        task.add_done_callback(partial(self._done, connection))

    def _done(self, connection: socket.socket, task: asyncio.Task[bool]) -> None:
        self._handshakes.pop(task, None)
        if task.cancelled() or not task.result():
            self.failed_handshakes += 1
            with suppress(OSError):
                connection.close()

    def _cut_oldest(self) -> None:
        oldest = next(iter(self._handshakes), None)
        if oldest is not None:
            del self._handshakes[oldest]
            oldest.cancel()

    async def _shake_hands(self, connection: socket.socket) -> bool:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=self._limits.handshake_seconds if self._tls else None,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS if self._tls else None,
            )
        except OSError:  # ssl.SSLError and TimeoutError among them
            return False
        return True

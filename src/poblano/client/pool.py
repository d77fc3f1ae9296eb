"""The connections of a client: which are kept for the next request, and how many requests may be under way at once."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from poblano.client.answers import Answer
from poblano.client.connection import Connection
from poblano.client.dialing import Request, Target, dial
from poblano.client.no_answer import Broken

AT_ONCE = 64
"""Requests under way; more wait for a place. Watches and logs do not count: they would take the places for good. There is
no limit of requests in a second: the API server says with 429 when it has enough (API priority and fairness)."""

IDLE_SECONDS = 15.0
"""How long a connection is kept for the next request."""

CLOSING_SECONDS = 5.0
"""How long the event loop has to say that connections are gone."""


class Pool:
    """Connections to wherever is asked. It sends nothing twice: where a connection breaks, the caller hears of it."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self._idle: dict[Target, list[tuple[Connection, float]]] = {}
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def idle(self) -> list[Connection]:
        """Those that wait for a request."""
        return [connection for waiting in self._idle.values() for connection, _ in waiting if connection.usable]

    def ask(
        self,
        request: Request,
        *,
        connect: float,
        silence: float | None = None,
        alone: bool = False,
    ) -> Asking:
        """A request that is sent when its block is entered, which yields the answer once its head has come.

        Args:
            request: what is sent, and where to.
            connect: seconds for a new connection and its handshake.
            silence: seconds after which an answer is given up of which nothing comes; None is never.
            alone: on a connection of its own: one that waited may be dead, and for a list or watch that shows late.

        Raises:
            NoAnswer: on entry, or while the answer is read.
            TimeoutError: nothing came for `silence`.
        """
        return Asking(self, request, connect, silence, alone=alone)

    def take(self, target: Target) -> Connection | None:
        """One that waits for a request there: the one that was used last."""
        waiting = self._idle.get(target, [])
        while waiting:
            connection, _ = waiting.pop()
            if connection.usable:
                return connection
        return None

    def give_back(self, target: Target, connection: Connection) -> None:
        """Keep it for the next request."""
        if self._closed:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        self._idle.setdefault(target, []).append((connection, loop.time()))
        if self._sweeping is None:
            self._sweeping = loop.call_later(IDLE_SECONDS, self._sweep)

    async def dial(self, target: Target, seconds: float) -> Connection:
        """A new one.

        Raises:
            NoAnswer: it cannot be had, or the client was closed meanwhile.
        """
        connection = await dial(target, seconds)
        if self._closed:
            connection.abort()
            raise Broken("the client was closed")
        self._open.add(connection)
        connection.lost.add_done_callback(lambda _: self._open.discard(connection))
        return connection

    async def close(self) -> None:
        """Break all of them, also those in use; there are no more."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        self._idle.clear()
        if going := [connection.lost for connection in self._open]:
            for connection in tuple(self._open):
                connection.abort()
            await asyncio.wait(going, timeout=CLOSING_SECONDS)

    def _sweep(self) -> None:
        self._sweeping = None
        loop = asyncio.get_running_loop()
        since = loop.time() - IDLE_SECONDS
        for target, waiting in tuple(self._idle.items()):
            self._idle[target] = [(connection, at) for connection, at in waiting if at > since]
            if not self._idle[target]:
                del self._idle[target]
            for connection, at in waiting:
                if at <= since:
                    loop.call_soon(connection.abort)  # each by itself: one that cannot be closed keeps no other open
        oldest = min((at for waiting in self._idle.values() for _, at in waiting), default=None)
        if oldest is not None:
            self._sweeping = loop.call_at(oldest + IDLE_SECONDS, self._sweep)


class Asking(AbstractAsyncContextManager[Answer]):
    """A request that was prepared. Leaving the block breaks the connection if the answer was not read to its end."""

    __slots__ = ("_alone", "_answer", "_connect", "_connection", "_pool", "_request", "_silence")

    def __init__(
        self,
        pool: Pool,
        request: Request,
        connect: float,
        silence: float | None,
        *,
        alone: bool,
    ) -> None:
        self._pool = pool
        self._request = request
        self._connect = connect
        self._silence = silence
        self._alone = alone
        self._connection: Connection | None = None
        self._answer: Answer | None = None

    async def __aenter__(self) -> Answer:
        request = self._request
        head = request.head
        connection = None if self._alone else self._pool.take(request.target)
        if connection is None:
            connection = await self._pool.dial(request.target, self._connect)
        self._connection = connection
        try:
            answer = self._answer = connection.ask(head, request.body, silence=self._silence)
            await answer.begins()
        except BaseException:
            connection.abort()
            raise
        return answer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        connection, answer = self._connection, self._answer
        if connection is None or answer is None:
            return
        if not self._alone and answer.kept and connection.usable:
            self._pool.give_back(self._request.target, connection)
        else:  # at once: the other side may be silent, and never agree to close it
            connection.abort()

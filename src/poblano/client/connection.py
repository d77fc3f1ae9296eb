"""One HTTP/1.1 connection: a request goes out, its answer comes in, and then the next may be asked."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools

from poblano.client.answers import Answer
from poblano.client.no_answer import Broken, NoAnswer


class Connection(asyncio.Protocol):
    """What asyncio tells of what happens to one connection.

    Attributes:
        lost: is done when it has ended.
    """

    def __init__(self) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._parser: httptools.HttpResponseParser | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """Through which it is sent. There is one from the moment that the connection was made."""
        assert self._transport is not None
        return self._transport

    @property
    def usable(self) -> bool:
        """Whether something may be asked. Who has answered before all of the request was sent may never read the rest."""
        if self.lost.done() or self.transport.is_closing() or self.transport.get_write_buffer_size():
            return False
        return self._answer is None or self._answer.kept

    def ask(self, head: bytes, body: bytes | None = None, *, silence: float | None = None) -> Answer:
        """Send a request; the answer of the one before was read to its end.

        Args:
            head, body: of the request.
            silence: seconds after which the answer is given up if nothing comes of it.
        """
        bodyless = head.startswith((b"HEAD ", b"CONNECT "))
        answer = self._answer = Answer(self.transport, silence=silence, bodyless=bodyless)
        self._parser = answer.parser = httptools.HttpResponseParser(answer)
        if self.lost.done() or self.transport.is_closing():
            answer.ended(None)
        elif body:
            self.transport.writelines((head, body))
        else:
            self.transport.write(head)
        return answer

    def abort(self) -> None:
        """Break it, now."""
        self.transport.abort()

    # ------------------------------------------------------------------ called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It can be used."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self._parser is None or self._answer is None or self._answer.complete:
            self.abort()  # nobody has asked
            return
        try:
            self._parser.feed_data(data)
            self._answer.fed(len(data))
        except (NoAnswer, httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            told = (error, error.__context__)  # httptools wraps what its callbacks raise
            self._answer.failed(
                next((one for one in told if isinstance(one, NoAnswer)), Broken("what came is not HTTP"))
            )
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        if self._answer is not None:
            self._answer.ended(exc)
        self._parser = None
        if not self.lost.done():
            self.lost.set_result(None)

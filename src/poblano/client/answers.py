"""An answer as it comes: its head, then the pieces of its body. httptools finds them."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from multidict import CIMultiDict

from poblano.client.no_answer import Broken, TooLong, reason_of

if TYPE_CHECKING:
    import httptools

AHEAD_BYTES = 2**18
"""How much may wait to be read before no more is taken from the other side."""

OVERHEAD_BYTES = 2**20
"""How long a head may be, with all that is told before it, or trailers. Go: Transport.MaxResponseHeaderBytes takes 10 times that."""

WHOLE_BYTES = 2**30
"""How long an answer may be that is read whole. What is larger is asked for in parts."""

PACKED_BYTES = 2**26
"""To how much a compressed body may grow without any question. One ConfigMap full of zeros grows a thousandfold, too."""

PACKED_TIMES = 200
"""How many times its size a body of more than that may have when it is unpacked. Lists of equal Pods come to 50."""

_GZIP = 16 + zlib.MAX_WBITS
_NO_BODY = frozenset({204, 304})  # RFC 9112 6.3


class Answer:
    """The answer to one request.

    Attributes:
        status: the HTTP status; 0 before the head has come.
        headers: looked up in any case.
        complete: whether all of it has come.
        kept: whether it is complete and the connection can be asked again.
    """

    __slots__ = (
        "_begun",
        "_bodyless",
        "_chunks",
        "_compressed",
        "_decoder",
        "_error",
        "_overhead",
        "_paused",
        "_silence",
        "_taken",
        "_to_the_end",
        "_transport",
        "_unpacked",
        "_waiter",
        "_waiting",
        "complete",
        "headers",
        "kept",
        "parser",
        "status",
    )

    def __init__(self, transport: asyncio.Transport, *, silence: float | None, bodyless: bool) -> None:
        self.status = 0
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.complete = False
        self.kept = False
        self.parser: httptools.HttpResponseParser | None = None
        self._transport = transport
        self._silence = silence
        self._bodyless = bodyless
        self._begun = False
        self._to_the_end = False
        self._chunks: deque[bytes] = deque()
        self._waiting = 0
        self._paused = False
        self._compressed = False
        self._decoder: zlib._Decompress | None = None
        self._error: Exception | None = None
        self._overhead = 0
        self._taken = 0
        self._unpacked = 0
        self._waiter: asyncio.Future[None] | None = None

    async def begins(self) -> None:
        """Wait for the head.

        Raises:
            Broken, TimeoutError: it does not come.
        """
        while not self._begun:
            await self._more()

    async def read(self) -> bytes:
        """All of the body, or what of it was not read yet.

        Raises:
            Broken, TimeoutError: it breaks off.
            TooLong: it has no end, or might as well have none.
        """
        while not self.complete:
            if self._paused:
                return await self._joined()
            await self._more()
        chunks = tuple(self._chunks)
        self._chunks.clear()
        self._read(self._waiting)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def iter_any(self) -> AsyncGenerator[bytes]:
        """Each piece of the body as soon as it is there.

        Raises:
            Broken, TimeoutError: it breaks off.
            TooLong: it is compressed, and nobody compresses so much into so little who means well.
        """
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._read(len(chunk))
                yield chunk
            if self.complete:
                return
            await self._more()

    def failed(self, error: Exception) -> None:
        """No more will come of it."""
        if not self.complete and self._error is None:
            self._error = error
            self._wake()

    def ended(self, error: Exception | None) -> None:
        """The connection is gone; some answers end with it."""
        if self._to_the_end and error is None and not self.complete:
            self._completed(kept=False)
        else:
            self.failed(Broken(reason_of(error)))
        self.kept = False
        self.parser = None

    def fed(self, size: int) -> None:
        """So many bytes were taken; a piece of the body among them makes good for those before it.

        Raises:
            Broken: they are no answer.
        """
        self._overhead += size
        if self._overhead > OVERHEAD_BYTES and not self.complete:
            raise Broken("its head does not end" if not self._begun else "its body has no end and no content")

    async def _joined(self) -> bytes:
        """All of a long one."""
        pieces: list[bytes] = []
        size = 0
        async for chunk in self.iter_any():
            size += len(chunk)
            if size > WHOLE_BYTES:
                raise TooLong(f"the answer is longer than {_mib(WHOLE_BYTES)}")
            pieces.append(chunk)
        return b"".join(pieces)

    async def _more(self) -> None:
        """Wait until something happens."""
        if self._error is not None:
            raise self._error
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = None if self._silence is None else loop.call_later(self._silence, self.failed, TimeoutError())
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _read(self, size: int) -> None:
        """So much waits no longer."""
        self._waiting -= size
        if self._paused and self._waiting < AHEAD_BYTES:
            self._paused = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _completed(self, *, kept: bool) -> None:
        self.parser = None
        if self._decoder is not None and not self._decoder.eof:
            self.failed(Broken("its compressed body is cut off"))
            return
        self.complete, self.kept = True, kept
        self._wake()

    def _decompressed(self, data: bytes) -> bytes:
        """What is in it, as far as that is in proportion: a bomb is not unpacked to find out how large it is."""
        pieces: list[bytes] = []
        self._taken += len(data)
        allowed = max(PACKED_BYTES, PACKED_TIMES * self._taken)
        while data:
            if self._decoder is None or self._decoder.eof:  # RFC 1952 2.2: one member may follow another
                self._decoder = zlib.decompressobj(_GZIP)
            try:
                piece = self._decoder.decompress(data, allowed - self._unpacked + 1)
            except zlib.error:
                raise Broken("its compressed body makes no sense") from None
            self._unpacked += len(piece)
            if self._unpacked > allowed:
                raise TooLong(f"{self._taken} compressed bytes of the answer are more than {_mib(allowed)}")
            pieces.append(piece)
            data = self._decoder.unused_data
        return b"".join(pieces)

    # ------------------------------------------------------------------ called by httptools

    def on_message_begin(self) -> None:
        """An answer begins. Of what follows this one nothing can be believed."""
        if self.complete:
            raise Broken("there is more than one answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of the head, or a trailer, which says nothing to us."""
        if not self._begun:
            self.headers.add(name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))

    def on_headers_complete(self) -> None:
        """The head is there. One of 1xx is not the answer yet."""
        if self.parser is None:
            raise Broken("it was given up")
        status = self.parser.get_status_code()
        if status < 200:
            self.headers.clear()
            return
        self.status, self._begun = status, True
        framed = "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        self._to_the_end = not framed and status not in _NO_BODY
        self._compressed = self.headers.get("Content-Encoding", "").lower() in {"gzip", "x-gzip"}
        if self._bodyless:
            self._completed(kept=False)
        else:
            self._wake()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._overhead = 0
        if self._bodyless:
            return
        if self._compressed:
            data = self._decompressed(data)
        if data:
            self._chunks.append(data)
            self._waiting += len(data)
            if self._waiting >= AHEAD_BYTES and not self._paused:
                self._paused = True
                self._transport.pause_reading()
            self._wake()

    def on_message_complete(self) -> None:
        """All of it is there."""
        if self._begun and self.parser is not None:
            self._completed(kept=self.parser.should_keep_alive())


def _mib(size: int) -> str:
    return f"{size // 2**20} MiB"

"""One HTTP/1.1 connection: uvicorn's protocol, with limits and without detours.

uvicorn's own makes a task, two events and three messages of every request. Here a request whose answer is known at
once is answered within the call that brought its last byte, in one write. What stays is the class: anything that
takes a uvicorn protocol, its `Server` included, takes this one.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from poblano.admission.asgi import too_large
from poblano.admission.replies import JSON, Reply, failure, rendered

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.server import ServerState

    from poblano.admission.app import Application, Call

logger = logging.getLogger("poblano.admission")

# A second one of these would let two parsers see two different requests.
SINGULAR = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"content-type", b"content-encoding", b"expect"}
)
# Headers that change how a request is framed or answered: rare, so that one set operation settles it.
UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"connection"})
REFUSED_BODY_BYTES = 64 * 1024  # as much of a body as is read for the uid of its refusal


class _Stop(Exception):
    """The rest of what came in is of no interest."""


class AdmissionProtocol(HttpToolsProtocol):
    """Parses requests, hands them to an `Application`, writes answers in order, keeps to the limits.

    A connection is idle, receiving a request, waiting for an answer, or closing (it still reads, to hear the
    client hang up, but nothing is made of it).
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        app: Application = config.loaded_app
        if not hasattr(app, "admit"):
            raise TypeError("AdmissionProtocol serves an AdmissionApp; give Config(app, proxy_headers=False)")
        # uvicorn asks its parser to be lenient about data after a last request; we would rather not hear it.
        self.parser = httptools.HttpRequestParser(self)
        self.application = app
        self.limits = app.limits
        self.registry = app.connections

        self.deadline = math.inf
        self.arrived = 0.0
        self.answered = 0
        self.held = 0
        self.closing = False
        self.deaf = False  # what still comes in is of no interest

        self.receiving = False
        self.in_head = False
        self.chunk = 0  # bytes of the newest piece of input
        self.fed = 0  # bytes of all pieces the current request is in
        self.first = True  # no request has been completed by the newest piece yet
        self.announced = 0  # Content-Length
        self.target = b""
        self.fields: dict[bytes, bytes] = {}
        self.body: bytes | bytearray = b""
        self.verdict: Call | Reply = _NOTHING
        self.last = False
        self.head_only = False

        self.task: asyncio.Task[Reply] | None = None
        self.waiting: deque[tuple[Call | Reply, bytes, float, bool, bool]] = deque()

    # ------------------------------------------------------------------ transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place among the connections."""
        self.transport = transport
        self.connections.add(self)
        self.arrived = time.monotonic()
        self.deadline = self.arrived + self.limits.idle_seconds
        self.registry.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back, and stop the review nobody waits for any more."""
        self.connections.discard(self)
        self.closing = self.deaf = True
        self.waiting.clear()
        self.registry.remove(self)
        if self.task is not None:
            self.task.cancel()
            self.task = None
        self.parser = None  # type: ignore[assignment]

    def eof_received(self) -> None:
        """The client will send no more. TLS is not half-closed, so that it cannot be answered either."""

    def pause_writing(self) -> None:
        """The client does not read its answers: neither do we read its requests."""
        self.transport.pause_reading()
        self.deadline = time.monotonic() + self.limits.write_seconds

    def resume_writing(self) -> None:
        """The client has caught up."""
        if not self.closing and self.task is None:
            self.transport.resume_reading()
            self._rest()

    def data_received(self, data: bytes) -> None:
        """Parse what came in. Never raises."""
        if self.deaf:
            return
        if not self.receiving:
            self.arrived = time.monotonic()
            self.fed = 0
        self.chunk = len(data)
        self.fed += self.chunk
        self.first = True
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._break_off(failure(400, "no other protocol is spoken here"))
        except httptools.HttpParserError as error:
            self._stopped(error)
        else:
            if self.receiving:
                self._received_in_part()
            elif self.task is not None:
                self.registry.hold(self, self.chunk)

    def _stopped(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__
        if isinstance(cause, _Stop):
            return
        if isinstance(error, httptools.HttpParserCallbackError):
            logger.error("a request could not be handled", exc_info=cause)
            self._break_off(failure(500, "the webhook failed; its log tells why"))
        else:
            self._break_off(failure(400, "this is not a well-formed HTTP/1.1 request"))

    def _received_in_part(self) -> None:
        limits = self.limits
        if self.in_head:
            self.deadline = self.arrived + limits.head_seconds
            if self.fed > limits.head_bytes:
                self._break_off(failure(431, f"the headers of a request are limited to {limits.head_bytes} bytes"))
                return
        else:
            self.deadline = self.arrived + limits.body_seconds
            # Chunks of a byte or two, chunk extensions: framing may not outweigh what it frames.
            if self.fed > 2 * (limits.head_bytes + limits.body_bytes):
                self._overlong()
                return
        self.registry.hold(self, self.chunk)

    # ------------------------------------------------------------------ parser

    def on_message_begin(self) -> None:
        """A request line starts."""
        self.receiving = self.in_head = True
        if not self.first:
            self.fed = 0
        self.first = self.head_only = False
        self.target = b""
        self.fields = {}
        self.body = b""

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; after the head, one trailer."""
        name = name.lower()
        if name in SINGULAR and name in self.fields:
            self._stop(failure(400, f"the header {name.decode()} came twice"))
        if not self.in_head:
            self._stop(failure(400, "trailers are not accepted"))
        self.fields[name] = value

    def on_headers_complete(self) -> None:
        """Judge the request by its head."""
        self.in_head = False
        fields = self.fields
        method = self.parser.get_method()
        self.head_only = method == b"HEAD"
        self.last = False
        limits = self.limits
        if (self.fed > limits.head_bytes or self.chunk > limits.head_bytes) and self._head_size() > limits.head_bytes:
            self._stop(failure(431, f"the headers of a request are limited to {limits.head_bytes} bytes"))
        if b"host" not in fields and self.parser.get_http_version() == "1.1":
            self._stop(failure(400, "the Host header is missing"))
        self.verdict = self.application.admit(method, self.target, fields)
        if not UNUSUAL.isdisjoint(fields):
            self._frame(fields)
        self.announced = int(fields.get(b"content-length", 0))
        if b"expect" in fields:
            self._expect(fields[b"expect"])

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if not self.body:
            self.body = body
        elif isinstance(self.body, bytearray):
            self.body += body
        else:
            self.body = bytearray(self.body)
            self.body += body
        size = len(self.body)
        limit = self.limits.body_bytes
        if size > limit or (self.announced > limit and size >= REFUSED_BODY_BYTES):
            self._overlong()
            raise _Stop

    def on_message_complete(self) -> None:
        """A request is complete: answer it, or queue it behind the one that waits."""
        self.receiving = False
        last = self.last or not self.parser.should_keep_alive()
        body = self.body if isinstance(self.body, bytes) else bytes(self.body)
        self.body = b""
        if self.task is None:
            self._answer(self.verdict, body, self.arrived, last, self.head_only)
        else:
            self.waiting.append((self.verdict, body, self.arrived, last, self.head_only))
            self.transport.pause_reading()
        if last:
            self.deaf = True
            raise _Stop

    def _head_size(self) -> int:
        return len(self.target) + sum(len(name) + len(value) + 4 for name, value in self.fields.items())

    def _frame(self, fields: dict[bytes, bytes]) -> None:
        if b"upgrade" in fields:
            self._stop(failure(400, "no other protocol is spoken here"))
        coding = fields.get(b"transfer-encoding")
        if coding is not None:
            if b"content-length" in fields:
                self._stop(failure(400, "Content-Length and Transfer-Encoding contradict each other"))
            if coding.strip().lower() != b"chunked":
                self._stop(failure(501, "the only Transfer-Encoding understood is chunked"))
            if self.parser.get_http_version() != "1.1":
                self._stop(failure(400, "Transfer-Encoding is of HTTP/1.1"))
        if self.parser.get_http_version() != "1.1":
            self.last = True

    def _expect(self, expectation: bytes) -> None:
        if expectation.strip().lower() != b"100-continue":
            self._stop(failure(417, "the only expectation met is 100-continue"))
        if isinstance(self.verdict, Reply):
            self._stop(self.verdict)
        if self.announced > self.limits.body_bytes:
            self._overlong()
            raise _Stop
        if self.task is None and self.parser.get_http_version() == "1.1":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # ------------------------------------------------------------------ answers

    def _answer(self, verdict: Call | Reply, body: bytes, arrived: float, last: bool, head_only: bool) -> None:
        answer = verdict if isinstance(verdict, Reply) else verdict.answer(body, arrived)
        if isinstance(answer, Reply):
            self._write(answer, last=last, head_only=head_only)
            return
        self.task = answer
        self.deadline = math.inf
        answer.add_done_callback(lambda task: self._answered(task, last, head_only))

    def _answered(self, task: asyncio.Task[Reply], last: bool, head_only: bool) -> None:
        if self.task is not task:
            return  # the client is gone
        self.task = None
        if task.cancelled():
            self._break_off(failure(503, "the webhook is shutting down", retry_after=1))
            return
        self._write(task.result(), last=last, head_only=head_only)
        while self.waiting and self._free():
            self._answer(*self.waiting.popleft())
        if self._free():
            self.transport.resume_reading()

    def _free(self) -> bool:
        return self.task is None and not self.closing

    def _write(self, reply: Reply, *, last: bool, head_only: bool) -> None:
        self.answered += 1
        registry = self.registry
        if last or registry.draining:
            self.transport.write(rendered(reply, date=registry.date, close=True, head_only=head_only))
            self._hang_up()
            return
        if reply.status == 200 and reply.content_type is JSON and reply.retry_after is None and not head_only:
            self.transport.write(b"%b%d\r\n\r\n%b" % (registry.prefix, len(reply.body), reply.body))
        else:
            self.transport.write(rendered(reply, date=registry.date, close=False, head_only=head_only))
        self._rest()

    def _rest(self) -> None:
        if self.receiving:
            self.deadline = time.monotonic() + self.limits.head_seconds
            return
        if self.held:
            self.registry.release(self)
        self.deadline = time.monotonic() + self.limits.idle_seconds

    # ------------------------------------------------------------------ ends

    def _stop(self, reply: Reply) -> None:
        """Break off from within the parser."""
        self._break_off(reply)
        raise _Stop

    def _overlong(self) -> None:
        message = too_large(self.limits.body_bytes)
        verdict = self.verdict
        body = bytes(self.body[:REFUSED_BODY_BYTES])
        self._break_off(verdict if isinstance(verdict, Reply) else verdict.refuse(body, 413, message))

    def _break_off(self, reply: Reply) -> None:
        """Answer now, out of turn, and close: what else comes in is not understood, or not wanted."""
        if self.closing:
            return
        self.deaf = True
        self.receiving = False
        self.body = b""
        if self.task is None and not self.transport.is_closing():
            self.transport.write(rendered(reply, date=self.registry.date, close=True, head_only=self.head_only))
            self._linger()
        else:
            self.waiting.append((reply, b"", self.arrived, True, self.head_only))

    def _linger(self) -> None:
        # Closing while bytes are unread makes the kernel reset the connection, and the answer may be lost with it.
        self.closing = self.deaf = True
        self.registry.release(self)
        self.deadline = time.monotonic() + self.limits.linger_seconds

    def _hang_up(self) -> None:
        self._linger()
        self.transport.close()

    # ------------------------------------------------------------------ registry

    @property
    def idle(self) -> bool:
        """No request is begun or waiting."""
        return not self.receiving and self.task is None and not self.closing

    def overdue(self) -> None:
        """Too slow: a request gets 408, an unused connection is closed, one that lingers or does not read is cut."""
        if self.closing or (self.transport.get_write_buffer_size() and not self.receiving):
            self.abort()
        elif self.task is not None:
            self.deadline = math.inf  # it waits for us
        elif self.receiving:
            self._break_off(failure(408, "the request took too long to arrive"))
            self.transport.close()
        else:
            self._hang_up()

    def evict(self) -> None:
        """Make room."""
        self.abort()

    def overrun(self) -> None:
        """Give up a body that keeps others from being received."""
        self._break_off(failure(503, "too much is being received; ask again", retry_after=1))

    def finish(self) -> None:
        """Close after the answers that are on their way."""
        if self.idle:
            self._hang_up()

    def shutdown(self) -> None:
        """As uvicorn's Server calls it."""
        self.registry.draining = True
        self.finish()

    def abort(self) -> None:
        """Cut the connection."""
        self.closing = self.deaf = True
        self.deadline = math.inf
        self.transport.abort()


_NOTHING = failure(400, "no request")

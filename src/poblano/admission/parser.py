"""Bytes in, judged requests out: HTTP/1.1 without a socket.

httptools finds the pieces. What is decided here is what a client may do with them: how large, how framed, how often.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import httptools

from poblano.admission.replies import Reply, failure

if TYPE_CHECKING:
    from poblano.admission.app import Application, Call

logger = logging.getLogger("poblano.admission")

# A second one of these would let two parsers see two different requests.
SINGULAR = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"content-type", b"content-encoding", b"expect"}
)
# Headers that change how a request is framed or answered.
UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"connection"})
READ_FOR_REFUSAL = 64 * 1024  # as much of an overlong body is read to find the uid
MOST_BLANK = 64  # RFC 9112 2.2: a server should ignore at least one empty line before a request
MALFORMED = "this is not a well-formed HTTP/1.1 request"
NO_UPGRADE = "no other protocol is spoken here"


class Request(NamedTuple):
    """A request that is complete."""

    verdict: Call | Reply
    body: bytes
    last: bool = False
    """The client wants the connection closed after the answer."""
    head_only: bool = False
    """The client wants no body in the answer."""


class _Stop(Exception):
    """The rest of what came in is of no interest."""


class RequestParser:
    """Takes pieces of one connection's input as they come.

    After `feed`: the complete requests are in `complete`; `receiving` tells whether another one is begun, `in_head`
    that its headers are not complete, `expecting` that its client waits for ``100 Continue``. Once there is a
    `rejection`, it is the connection's last answer, and nothing is read any more.
    """

    def __init__(self, app: Application) -> None:
        self.complete: deque[Request] = deque()
        self.rejection: Reply | None = None
        self.receiving = False
        self.in_head = False
        self.expecting = False
        self.ended = False
        """A last request was complete, or there is a rejection, or nobody wants more."""
        self.head_only = False
        self.usual = False
        """The newest head says nothing special about how its request is framed or answered."""

        self._app = app
        self._limits = app.limits
        self._parser = httptools.HttpRequestParser(self)
        self._fed = 0  # bytes of the pieces the current request is in
        self._head = 0  # bytes of the current head
        self._between = True  # the newest piece came when no request was begun
        self._fresh = True  # no request has begun in the newest piece yet
        self._target = b""
        self._fields: dict[bytes, bytes] = {}
        self._announced = 0  # Content-Length
        self._body: bytes | bytearray = b""
        self._verdict: Call | Reply = failure(400, MALFORMED)
        self._last = False
        self._modern = True  # HTTP/1.1
        self._blank = 0  # bytes before a request that are of none

    def feed(self, data: bytes) -> None:
        """Take one piece of input. Never raises."""
        self._between = not self.receiving
        if self._between:
            self._fed = 0
        self._fed += len(data)
        self._fresh = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, _Stop):
                logger.exception("a request could not be judged", exc_info=error.__context__)
                self._reject(failure(500, "the webhook failed; its log tells why"))
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._reject(failure(400, MALFORMED))
        else:
            if self._between and self._fresh:
                self._check_blank(len(data))
            else:
                self._blank = 0
                self._check_unfinished()

    def end(self) -> None:
        """Read no more, and let go of what is half there."""
        self.ended = True
        self.receiving = self.expecting = False
        self._body = b""

    def _check_blank(self, size: int) -> None:
        self._blank += size
        if self._blank > MOST_BLANK:
            self._reject(failure(400, MALFORMED))

    def _check_unfinished(self) -> None:
        limits = self._limits
        if not self.receiving:
            return
        if self.in_head:
            if self._fed > limits.head_bytes:
                self._reject(_headers_too_large(limits.head_bytes))
        elif self._fed > 2 * (limits.head_bytes + limits.body_bytes):
            # Chunks of a byte or two, chunk extensions: framing may not outweigh what it frames.
            self._reject(self._too_large())

    # ------------------------------------------------------------------ called by httptools

    def on_message_begin(self) -> None:
        """A request starts."""
        self.receiving = self.in_head = True
        if not (self._between and self._fresh):
            self._fed = 0  # the piece it begins in was another's first
        self._fresh = self.head_only = self._last = False
        self._head = 0
        self._target = b""
        self._fields = {}
        self._body = b""

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._target += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; after the head, one trailer."""
        self._count(len(name) + len(value) + 4)
        name = name.lower()
        if name in SINGULAR and name in self._fields:
            self._stop(failure(400, f"the header {name.decode('ascii')} came twice"))
        if not self.in_head:
            self._stop(failure(400, "trailers are not accepted"))
        self._fields[name] = value

    def on_headers_complete(self) -> None:
        """Judge the request by its head."""
        self.in_head = False
        fields = self._fields
        method = self._parser.get_method()
        self.head_only = method == b"HEAD"
        self._modern = (version := self._parser.get_http_version()) == "1.1"
        if not self._modern and version != "1.0":
            self._stop(failure(505, "the only protocol spoken here is HTTP/1.1"))
        if self._modern and b"host" not in fields:
            self._stop(failure(400, "the Host header is missing"))
        if self._parser.should_upgrade():  # CONNECT among them
            self._stop(failure(400, NO_UPGRADE))
        self._announced = int(fields.get(b"content-length", 0))
        self._verdict = self._app.admit(method, self._target, fields)
        self.usual = UNUSUAL.isdisjoint(fields)
        if not self.usual:
            self._check_framing(fields)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self.expecting = False
        if not self._body:
            self._body = body
        elif isinstance(self._body, bytearray):
            self._body += body
        else:
            self._body = bytearray(self._body)
            self._body += body
        size, limit = len(self._body), self._limits.body_bytes
        if size > limit or (self._announced > limit and size >= READ_FOR_REFUSAL):
            self._stop(self._too_large())

    def on_message_complete(self) -> None:
        """A request is complete."""
        self.receiving = self.expecting = False
        last = self._last or not self._parser.should_keep_alive()
        body = self._body if isinstance(self._body, bytes) else bytes(self._body)
        self._body = b""
        self.complete.append(Request(self._verdict, body, last, self.head_only))
        if last:
            self.ended = True
            raise _Stop

    # ------------------------------------------------------------------ judgements

    def _check_framing(self, fields: dict[bytes, bytes]) -> None:
        # A client of HTTP/1.0 would have to be told that the connection stays open: it does not.
        self._last = not self._modern
        coding = fields.get(b"transfer-encoding")
        if coding is not None:
            if b"content-length" in fields:
                self._stop(failure(400, "Content-Length and Transfer-Encoding contradict each other"))
            if coding.strip().lower() != b"chunked":
                self._stop(failure(501, "the only Transfer-Encoding understood is chunked"))
            if not self._modern:
                self._stop(failure(400, "Transfer-Encoding is of HTTP/1.1"))
        expectation = fields.get(b"expect")
        if expectation is not None and self._modern:
            self._check_expectation(expectation)

    def _check_expectation(self, expectation: bytes) -> None:
        # Who waits for a go-ahead is told of a refusal before the body is on its way.
        if expectation.strip().lower() != b"100-continue":
            self._stop(failure(417, "the only expectation met is 100-continue"))
        if isinstance(self._verdict, Reply):
            self._stop(self._verdict)
        if self._announced > self._limits.body_bytes:
            self._stop(self._too_large())
        self.expecting = True

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > self._limits.head_bytes:
            self._stop(_headers_too_large(self._limits.head_bytes))

    def _too_large(self) -> Reply:
        verdict = self._verdict
        if isinstance(verdict, Reply):
            return verdict
        return verdict.refuse(bytes(self._body[:READ_FOR_REFUSAL]), 413, too_large(self._limits.body_bytes))

    def _reject(self, reply: Reply) -> None:
        if not self.ended:
            self.rejection = reply
        self.end()

    def _stop(self, reply: Reply) -> None:
        self._reject(reply)
        raise _Stop


def too_large(limit: int) -> str:
    """What a client is told whose body is over the limit.

    >>> too_large(7 * 1024 * 1024)
    'the body of a review is limited to 7340032 bytes'
    """
    return f"the body of a review is limited to {limit} bytes"


def _headers_too_large(limit: int) -> Reply:
    return failure(431, f"the headers of a request are limited to {limit} bytes")

"""One HTTP/1.1 connection: limits, and no detours.

A server for any application makes a task, two events and three messages of every request. Here a request whose answer
is known at once is answered in the turn of the loop that brought its last byte, in one write.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from typing import TYPE_CHECKING, cast

from poblano.admission.familiar import Template, split
from poblano.admission.parser import Request, RequestParser
from poblano.admission.replies import JSON, Reply, failure, rendered

if TYPE_CHECKING:
    from poblano.admission.app import Application

# What matters of a request once its verdict and body are known: it is not the last, and wants all of the answer.
ORDINARY = Request(failure(400, ""), b"")
FIRST_REQUEST_SECONDS = 1.0  # from the handshake to the request it was made for, when time is short


REQUESTS_A_TURN = 16
"""How many requests of one connection are answered before the others have their turn."""


class AdmissionProtocol(asyncio.Protocol):
    """Reads requests, asks an `Application`, writes answers in order, keeps to the limits.

    A connection is idle, receiving a request, waiting for an answer, or closing: then it still reads, to hear the
    client hang up, but nothing is made of what it reads.
    """

    transport: asyncio.Transport

    def __init__(self, app: Application, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.limits = app.limits
        self.registry = app.connections
        self.outbox = app.connections.outbox
        self.call_of = app.connections.heads.call_of
        self.requests = RequestParser(app)
        self.waiting: deque[Request] = self.requests.complete
        self.task: asyncio.Task[Reply] | None = None
        self.closing = False
        self.choked = False
        self.resting = False

        self.deadline = math.inf
        self.arrived = 0.0
        self.answered = 0
        self.held = 0

    # ------------------------------------------------------------------ transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place among the connections."""
        self.transport = cast("asyncio.Transport", transport)
        self.arrived = time.monotonic()
        self.deadline = self.arrived + self.limits.idle_seconds
        self.registry.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back, and stop the review nobody waits for any more."""
        self.closing = True
        self.requests.end()
        self.waiting.clear()
        self.registry.remove(self)
        if self.task is not None:
            self.task.cancel()
            self.task = None

    def eof_received(self) -> None:
        """The client will send no more. TLS is not half-closed: what it has asked is answered now, or cannot be any more."""
        self.outbox.send()

    def pause_writing(self) -> None:
        """The client does not read its answers: neither do we read its requests."""
        self.choked = True
        self.transport.pause_reading()
        if self._free():
            self._settle()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.choked = False
        if self._free():
            self.transport.resume_reading()
            self._settle()

    def data_received(self, data: bytes) -> None:
        """Take what came in, answer what is complete. Never raises."""
        requests = self.requests
        if requests.ended:
            return
        learn: Template | None = None
        if not requests.receiving:
            self.arrived = time.monotonic()
            if self._free() and (whole := split(data)) is not None:
                learn, body = whole
                call = self.call_of(learn)
                if call is not None and len(body) <= self.limits.body_bytes:
                    self.outbox.hurry(self.arrived)
                    self._take(call.answer(body, self.arrived), ORDINARY)
                    return
        requests.feed(data)
        if learn is not None:
            self._learn(learn, data)
        if self._free():
            self._answer_all()
        else:
            self.transport.pause_reading()
        if self.task is not None or requests.receiving:
            self.registry.hold(self, len(data))

    def _learn(self, template: Template, data: bytes) -> None:
        requests = self.requests
        if not requests.usual or len(requests.complete) != 1:
            return
        verdict, body, last, head_only = requests.complete[0]
        whole = data.endswith(b"\r\n\r\n" + body)  # the head ended where `split` thought
        if whole and not last and not head_only and not isinstance(verdict, Reply):
            self.registry.heads.remember(template, verdict)

    # ------------------------------------------------------------------ answers

    def _answer_all(self) -> None:
        turn = REQUESTS_A_TURN
        while self.waiting and self._free():
            if turn == 0:
                self._rest()
                return
            turn -= 1
            self._answer(self.waiting.popleft())
        if not self._free():
            return
        requests = self.requests
        if requests.rejection is not None:
            self._break_off(requests.rejection)
        elif requests.expecting:
            requests.expecting = False
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._settle()

    def _answer(self, request: Request) -> None:
        verdict = request.verdict
        self.outbox.hurry(time.monotonic())
        self._take(verdict if isinstance(verdict, Reply) else verdict.answer(request.body, self.arrived), request)

    def _take(self, answer: Reply | asyncio.Task[Reply], request: Request) -> None:
        if isinstance(answer, Reply):
            self._write(answer, request)
            return
        self.task = answer
        self.deadline = math.inf  # it is our turn
        answer.add_done_callback(lambda task: self._answered(task, request))

    def _answered(self, task: asyncio.Task[Reply], request: Request) -> None:
        if self.task is not task:
            return  # the client is gone
        self.task = None
        if task.cancelled():
            self._break_off(failure(503, "the webhook is shutting down", retry_after=1))
            return
        self._write(task.result(), request)
        self._go_on()

    def _rest(self) -> None:
        """Let the other connections have their turn: a client that sends many requests at once is not alone."""
        self.resting = True
        self.deadline = math.inf  # it is our turn
        self.transport.pause_reading()
        self.loop.call_soon(self._rested)

    def _rested(self) -> None:
        self.resting = False
        if not self.closing:
            self._go_on()

    def _go_on(self) -> None:
        self._answer_all()
        if self._free() and not self.choked:
            self.arrived = time.monotonic()  # of what was left unread meanwhile
            self.transport.resume_reading()
            self._settle()

    def _free(self) -> bool:
        return self.task is None and not self.closing and not self.resting

    def _write(self, reply: Reply, request: Request) -> None:
        self.answered += 1
        registry = self.registry
        if request.last or registry.draining:
            self._send(rendered(reply, date=registry.date, close=True, head_only=request.head_only))
            self._hang_up()
        elif reply.status == 200 and reply.content_type is JSON and reply.retry_after is None:
            answer = b"%b%d\r\n\r\n%b" % (registry.prefix, len(reply.body), reply.body)
            self.outbox.put(self.transport.write, answer, self.arrived)
            self._settle()
        else:
            self._send(rendered(reply, date=registry.date, close=False, head_only=request.head_only))
            self._settle()

    def _send(self, data: bytes) -> None:
        """Write at once, behind what waits."""
        self.outbox.send()
        self.transport.write(data)

    def _settle(self) -> None:
        """Set the deadline for what the client has to do next."""
        if self.closing:
            return
        limits = self.limits
        if self.choked:
            self.deadline = time.monotonic() + limits.write_seconds
        elif not self.requests.receiving:
            self.deadline = self.arrived + limits.idle_seconds
            if self.held:
                self.registry.release(self)
        elif self.requests.in_head:
            self.deadline = self.arrived + limits.head_seconds
        else:
            self.deadline = self.arrived + limits.body_seconds

    # ------------------------------------------------------------------ ends

    def _break_off(self, reply: Reply) -> None:
        """Answer out of turn and close: what else comes in is not understood, or not wanted."""
        if self.closing:
            return
        if not self.transport.is_closing():
            head_only = self.requests.head_only
            self._send(rendered(reply, date=self.registry.date, close=True, head_only=head_only))
        self._linger()

    def _linger(self) -> None:
        # Closing while bytes are unread makes the kernel reset the connection, and the answer may be lost with it.
        self.closing = True
        self.requests.end()
        self.registry.release(self)
        self.deadline = time.monotonic() + self.limits.linger_seconds

    def _hang_up(self) -> None:
        self.outbox.send()
        self._linger()
        self.transport.close()

    # ------------------------------------------------------------------ registry

    @property
    def idle(self) -> bool:
        """No request is begun or waiting."""
        return self._free() and not self.requests.receiving

    @property
    def receiving(self) -> bool:
        """A request is begun, and no earlier one waits for its answer."""
        return self._free() and self.requests.receiving

    def overdue(self) -> None:
        """Too slow: a request gets 408, an unused connection is closed, one that lingers or does not read is cut."""
        if self.closing or self.choked:
            self.abort()
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
        """Close after the answers that are on their way; who has only just come may ask once."""
        if not self.idle:
            return
        if self.answered or time.monotonic() - self.arrived > FIRST_REQUEST_SECONDS:
            self._hang_up()
        else:
            self.deadline = self.arrived + FIRST_REQUEST_SECONDS

    def abort(self) -> None:
        """Cut the connection."""
        self.outbox.send()
        self.closing = True
        self.requests.end()
        self.deadline = math.inf
        self.transport.abort()

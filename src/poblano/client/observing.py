"""Tells of each attempt of a request: how it went, how long it took, and, where spans are wanted, in whose trace it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from poblano import telemetry

if TYPE_CHECKING:
    from poblano.client.answers import Answer
    from poblano.client.spans import RequestSpan

Told: TypeAlias = Callable[[str, str, str, float], None]
"""Is given the method, the host, the HTTP status or ``<error>``, and the seconds until the answer began."""

Sent: TypeAlias = "AbstractAsyncContextManager[Answer]"
Wrapped: TypeAlias = "Callable[[Sent, str, str, MutableMapping[str, str]], Sent]"

NO_ANSWER = "<error>"
"""client-go: tools/metrics, the code of a request that was not answered."""


def observed(server: str, told: Told | None) -> Wrapped | None:
    """What to wrap each request in, given its method, path and headers; None when nobody is to be told.

    Args:
        server: the address of the API server.
        told: who counts.
    """
    if told is None and telemetry.tracer() is None:
        return None
    host = urlsplit(server).netloc

    def wrapped(sent: Sent, method: str, path: str, headers: MutableMapping[str, str]) -> Sent:
        return _Observed(sent, method, host, told, _span(method, server, path, headers))

    return wrapped


def _span(method: str, server: str, path: str, headers: MutableMapping[str, str]) -> RequestSpan | None:
    tracer = telemetry.tracer()
    if tracer is None:
        return None
    from poblano.client.spans import RequestSpan

    return RequestSpan(tracer, method, f"{server}{path}", headers)


class _Observed(AbstractAsyncContextManager["Answer"]):
    """A request that was prepared, and is sent on entry."""

    __slots__ = ("_host", "_method", "_sent", "_span", "_told")

    def __init__(self, sent: Sent, method: str, host: str, told: Told | None, span: RequestSpan | None) -> None:
        self._sent = sent
        self._method = method
        self._host = host
        self._told = told
        self._span = span

    async def __aenter__(self) -> Answer:
        began = time.perf_counter()
        try:
            answer = await self._sent.__aenter__()
        except BaseException as error:
            if self._span is not None:
                self._span.failed(error)
            if not isinstance(error, asyncio.CancelledError):
                self._tell(NO_ANSWER, began)
            raise
        if self._span is not None:
            self._span.answered(answer.status)
        self._tell(str(answer.status), began)
        return answer

    def _tell(self, code: str, began: float) -> None:
        if self._told is not None:
            self._told(self._method, self._host, code, time.perf_counter() - began)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._sent.__aexit__(kind, error, traceback)

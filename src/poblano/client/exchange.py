"""One request as it is sent, and what came of one attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from multidict import CIMultiDict

from poblano.client.failures import failure
from poblano.client.messages import Response
from poblano.client.retries import Attempt, parse_retry_after
from poblano.core.errors import ApiError


@dataclass(frozen=True, slots=True)
class Call:
    """A request.

    Attributes:
        path: without the server and the query, as messages have it.
        query: from the question mark on, or "".
        idempotent: whether it may be sent again though it may have arrived.
    """

    method: str
    path: str
    query: str
    headers: CIMultiDict[str]
    data: bytes | None
    idempotent: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """An attempt that is no success; without `attempt` no other can be."""

    error: ApiError
    attempt: Attempt | None


def outcome(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> Response | Failed:
    """What an answer means."""
    if 200 <= status < 300:
        return Response(status, headers, body)
    error = failure(status, body, method=call.method, path=call.path)
    error.retry_after = parse_retry_after(headers.get("Retry-After"))
    return Failed(error, Attempt(status, retry_after=error.retry_after))

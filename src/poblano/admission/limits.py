"""Every number a slow, greedy or hostile client runs into."""

from __future__ import annotations

from dataclasses import dataclass, fields

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one server takes from its clients. Bytes, seconds and counts; all must be positive.

    The defaults fit API servers: few connections that live long, bodies up to 7 MiB, a deadline in each request.

    >>> Limits(body_bytes=1024).body_bytes
    1024
    >>> Limits(head_seconds=0)
    Traceback (most recent call last):
    ValueError: head_seconds must be positive, got 0
    """

    head_bytes: int = 64 * KIB
    """The request line and all headers of one request."""
    body_bytes: int = 7 * MIB
    """One review. controller-runtime, webhook/admission/http.go: two objects of 3 MiB and an envelope."""
    buffered_bytes: int = 64 * MIB
    """Everything the server holds of requests not answered yet, over all connections."""

    handshake_seconds: float = 10
    """From the accepted connection to the end of the TLS handshake."""
    head_seconds: float = 10
    """From the first byte of a request to the end of its headers."""
    body_seconds: float = 30
    """From the first byte of a request to the end of its body. No API server waits longer than 30 s for a webhook."""
    idle_seconds: float = 120
    """How long a connection may stay unused. Go's http.Transport gives up after 90 s, so that the client closes first."""
    write_seconds: float = 30
    """How long a client may leave its answers unread."""
    linger_seconds: float = 2
    """After a last answer: how long a client may still talk before the connection is cut."""

    connections: int = 1000
    """Established connections. One more evicts an idle one: strangers first, then the one unused for longest."""
    handshakes: int = 250
    """Connections in their handshake. One more cuts the oldest."""
    in_flight: int = 256
    """Reviews waiting for an action. One more is answered 503 with Retry-After, and the API server asks again."""

    review_seconds: float = 30
    """Our own patience with one review; ``?timeout=`` of the request may only shorten it."""
    margin_seconds: float = 0.1
    """We answer this much before the API server gives up."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name} must be positive, got {value}")

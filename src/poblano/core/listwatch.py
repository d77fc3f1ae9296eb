"""What a `poblano.core.reflector.Reflector` tells its driver to do, and the times it keeps to.

>>> Watch("7", timeout=30, deadline=35.0).initial
False
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from poblano.core.cache import Key
from poblano.core.watch_events import Failure

PAGE = 500
"""client-go: tools/pager.defaultPageSize."""

SECONDS = (25.0, 35.0)
"""How long a watch is asked to last, drawn anew for each. client-go takes 5 to 10 minutes; the end of a watch is the
surest sign of life, so ours are short: a silent one is noticed within 40 s, and asking again costs a request."""

GRACE = 5.0
"""Seconds after which a watch that should have ended is taken for dead."""

AT_ONCE = 1.0
"""Seconds; a watch that ends earlier and brought nothing has failed."""

AWAY = 2.0
"""Seconds after a connection broke in which no server is set back to an older state and has caught up again."""

NOT_SERVED = 404
"""The status that says that the kind is not installed."""

REFUSED = frozenset({400, 403, NOT_SERVED, 405, 406})
"""The statuses that stay until somebody changes something."""

TOO_LONG = "TooLong"
"""The reason of the error about an answer that was given up for its length, and so of a failure."""

REFUSED_SECONDS = 5.0
"""The least time to wait where somebody has to change something first: install a definition, give a role."""


@dataclass(frozen=True, slots=True)
class List:
    """List; a `limit` of 0 is none. As a `probe` only the resource version is wanted, and the one object `only`."""

    resource_version: str
    limit: int = 0
    continue_token: str = ""
    probe: bool = False
    only: Key | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Watch:
    """Watch, asking the server to end it after `timeout` seconds; it is stalled when it is open after `deadline`.

    With `initial` the server sends what there is first (WatchList).
    """

    resource_version: str
    timeout: int
    deadline: float
    initial: bool = False


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait so many seconds."""

    seconds: float


Command: TypeAlias = List | Watch | Sleep


def may_go_on(failure: Failure) -> bool:
    """Whether the same request may work later. What is not found may come back as something else, and what is too long
    for one answer comes in pages.

    >>> may_go_on(Failure(status=503)), may_go_on(Failure(status=404))
    (True, False)
    """
    return failure.reason != TOO_LONG and (failure.status in {0, 401, 403, 408, 429} or failure.status >= 500)


def may_have_changed_hands(failure: Failure) -> bool:
    """Whether the server may have been away: who answers next may have an older state, as after etcd was restored.

    >>> may_have_changed_hands(Failure(status=0)), may_have_changed_hands(Failure(status=429))
    (True, False)
    """
    return failure.reason != TOO_LONG and failure.status in {0, 502, 503, 504}

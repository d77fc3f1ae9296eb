"""Which rule runs for which object: what logs, clients and metrics want to know without being told.

A context variable, so that it follows an action through ``await``, tasks it makes, and threads it is run in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

import msgspec

from poblano.core.errors import LeadershipLost


class Running(msgspec.Struct, frozen=True, gc=False):
    """The action that runs: its capability and rule, the object it is about, and whether nothing may be written.

    `follows` is whether it follows objects or the clock, rather than that it answers a review.
    """

    capability: str
    rule: str
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    dry_run: bool = False
    follows: bool = False


running: ContextVar[Running | None] = ContextVar("poblano_running", default=None)


permitted: ContextVar[Callable[[], bool] | None] = ContextVar("poblano_permitted", default=None)
"""Asked before each write of an action that only one replica may run for an object; None where every replica may write."""


def check_permitted() -> None:
    """To be called before a write.

    Raises:
        LeadershipLost: another replica may be at work on the object by now.
    """
    allows = permitted.get()
    if allows is not None and not allows():
        raise LeadershipLost("nothing is written: this replica no longer leads, and another one may by now")


def is_dry_run() -> bool:
    """Whether the request being answered is a dry run, in which nothing may be written anywhere."""
    current = running.get()
    return current is not None and current.dry_run

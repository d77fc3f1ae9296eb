"""Which rule runs for which object: what logs, clients and metrics want to know without being told.

A context variable, so that it follows an action through ``await``, tasks it makes, and threads it is run in.
"""

from __future__ import annotations

from contextvars import ContextVar

import msgspec


class Running(msgspec.Struct, frozen=True, gc=False):
    """The action that runs: its capability and rule, the object it is about, and whether nothing may be written."""

    capability: str
    rule: str
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    dry_run: bool = False


running: ContextVar[Running | None] = ContextVar("poblano_running", default=None)


def is_dry_run() -> bool:
    """Whether the request being answered is a dry run, in which nothing may be written anywhere."""
    current = running.get()
    return current is not None and current.dry_run

"""Whether the writes of this task are dry runs.

Whoever handles a dry-run admission request sets it for the action; the writes of `resources.py` obey.
"""

from __future__ import annotations

from contextvars import ContextVar

dry_run: ContextVar[bool] = ContextVar("dry_run", default=False)
"""True: every write of this task and of those it starts is sent with ``dryRun=All``."""

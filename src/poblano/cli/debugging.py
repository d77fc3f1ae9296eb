"""Waiting at breakpoints: while somebody debugs, an action may take as long as it likes.

The API server then goes on without us, as the failure policy Ignore says; a deadline of our own would refuse the request.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Collection
from typing import TYPE_CHECKING, Final

from poblano.admission.replies import Reply

if TYPE_CHECKING:
    from poblano.admission.app import Reviewer

PATIENCE_SECONDS: Final = 24 * 3600.0
DEBUGGERS: Final = ("bdb", "pydevd")
"""What ``breakpoint()`` loads, and what the debuggers of editors (debugpy, PyCharm) do."""


class Unhurried:
    """A reviewer whose deadline does not count while a debugger is loaded.

    Args:
        reviewer: who answers.
    """

    def __init__(self, reviewer: Reviewer) -> None:
        self._reviewer = reviewer

    def paths(self) -> Collection[str]:
        """See `poblano.admission.app.Reviewer`."""
        return self._reviewer.paths()

    def review(self, path: str, body: bytes, timeout: float) -> Reply | Awaitable[Reply]:
        """See `poblano.admission.app.Reviewer`."""
        return self._reviewer.review(path, body, PATIENCE_SECONDS if is_debugged() else timeout)

    def refuse(self, path: str, body: bytes, status: int, message: str) -> Reply:
        """See `poblano.admission.app.Reviewer`."""
        return self._reviewer.refuse(path, body, status, message)


def is_debugged() -> bool:
    """Whether a debugger has been loaded into this process."""
    return any(name in sys.modules for name in DEBUGGERS)


def keep_ctrl_c() -> None:
    """Have ``breakpoint()`` leave Ctrl-C to us: pdb would take it for good. Other debuggers' hooks are left alone."""
    if sys.breakpointhook is sys.__breakpointhook__ and not os.environ.get("PYTHONBREAKPOINT"):
        sys.breakpointhook = _breakpoint


def _breakpoint(*_arguments: object, **_options: object) -> None:
    from pdb import Pdb

    Pdb(nosigint=True).set_trace(sys._getframe(1))

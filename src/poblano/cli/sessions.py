"""Who runs ``poblano dev``: written on the configurations, so that the next one knows whether its owner still lives.

>>> mine = this_session()
>>> is_alive(mine.marks, mine.host), is_alive({**mine.marks, PROCESS: "0 0"}, mine.host)
(True, False)
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SESSION: Final = "poblano.dev/dev-session"
HOST: Final = "poblano.dev/dev-host"
PROCESS: Final = "poblano.dev/dev-process"


@dataclass(frozen=True, slots=True)
class Session:
    """One run of ``poblano dev``: a token of its own, the machine, the process."""

    token: str
    host: str
    process: str

    @property
    def marks(self) -> dict[str, str]:
        """The annotations that say so."""
        return {SESSION: self.token, HOST: self.host, PROCESS: self.process}


def this_session() -> Session:
    """A new session of this process."""
    return Session(secrets.token_hex(8), socket.gethostname(), f"{os.getpid()} {_started(os.getpid())}")


def is_alive(marks: Mapping[str, str], host: str) -> bool:
    """Whether the session that left `marks` may still run. On another machine, nobody can tell: then it may.

    Args:
        marks: annotations of a configuration.
        host: this machine.
    """
    if marks.get(HOST, "") != host:
        return True
    number, _, started = marks.get(PROCESS, "").partition(" ")
    if not number.isdecimal() or int(number) <= 0:
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _started(int(number)) == started


def _started(number: int) -> str:
    """When a process began, in ticks since the machine did: a number may be given again. "" where nobody says."""
    try:
        status = Path(f"/proc/{number}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return status.rpartition(")")[2].split()[19]  # proc(5): field 22, and the program's name may have spaces

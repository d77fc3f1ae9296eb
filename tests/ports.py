"""A port for a program that listens later, or once more: one that the kernel gives to nobody in between."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 10_000


def free_port() -> int:
    """A TCP port of loopback at which nobody listens.

    It lies below those that the kernel gives to connections, and to whoever asks for any port: such a one may be taken
    before a program has started, and while it is started anew.
    """
    given = int(RANGE.read_text().split()[0]) if RANGE.exists() else 32_768
    while True:
        port = LOWEST + secrets.randbelow(given - LOWEST) if given > 2 * LOWEST else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found

"""Where to listen."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BACKLOG: Final = 1024
_ANY: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 -- compared with, not bound to
_ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port to listen at; port 0 takes a free one."""

    host: str
    port: int

    @property
    def reached_at(self) -> str:
        """Host and port for clients on this machine.

        >>> Address("0.0.0.0", 6443).reached_at, Address("::1", 6443).reached_at
        ('127.0.0.1:6443', '[::1]:6443')
        """
        return str(Address(self.local_name, self.port))

    @property
    def local_name(self) -> str:
        """The host for clients on this machine: the listener's own, unless it listens everywhere."""
        if self.host in _ANY:
            return "::1" if self.host == "::" else "127.0.0.1"
        return self.host

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(text: str) -> Address:
    """An address as people write it.

    Raises: ValueError, saying what is wrong.

    >>> parse("127.0.0.1:6443"), parse("[::1]:0"), parse(":6443")
    (Address(host='127.0.0.1', port=6443), Address(host='::1', port=0), Address(host='', port=6443))
    """
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host or not colon:
        raise ValueError(f"{text!r} is not HOST:PORT")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError(f"{port!r} is not a port: give 0 to 65535 (0 takes a free one)")
    return Address(host, int(port))


def bind(address: Address) -> list[socket.socket]:
    """Listening sockets on every address of the host, all on one port.

    An address that this machine does not have is left out, as long as one remains.

    Raises: OSError when nothing could be bound, or when the port is taken on one of them.
    """
    found = socket.getaddrinfo(address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    places = list(dict.fromkeys((family, str(place[0])) for family, _, _, _, place in found))
    attempts = _ATTEMPTS if address.port == 0 and len(places) > 1 else 1
    for attempt in range(attempts):
        try:
            return _bind_all(places, address.port)
        except OSError as error:
            # A free port of the first address may be taken on the second; with a given port that is no accident.
            if error.errno != errno.EADDRINUSE or attempt == attempts - 1:
                raise
    raise AssertionError


def _bind_all(places: Sequence[tuple[socket.AddressFamily, str]], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    problem: OSError | None = None
    for family, host in places:
        try:
            made = _listening(family, host, sockets[0].getsockname()[1] if sockets else port)
        except OSError as error:
            problem = error
            if error.errno == errno.EADDRINUSE:
                break
        else:
            sockets.append(made)
    if problem and (not sockets or problem.errno == errno.EADDRINUSE):
        for made in sockets:
            made.close()
        raise problem
    return sockets


def _listening(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    return made

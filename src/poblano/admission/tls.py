"""Serving a certificate, and swapping it while serving."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import ssl
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from poblano.admission.certificates import Pair, expiry

logger = logging.getLogger("poblano.admission")

WATCHED_EVERY = 10.0  # seconds; the kubelet itself takes up to a minute to bring a changed Secret


class UnusableCertificate(ValueError):
    """A certificate and a key that do not serve: not PEM, or not of each other."""


class LiveCertificate:
    """A TLS context whose certificate can be swapped: new handshakes get the new one, connections stay.

    Raises: UnusableCertificate when the first pair does not serve.
    """

    def __init__(self, pair: Pair) -> None:
        check(pair)
        self.context = _context()
        self.swaps = 0
        self.pair = pair
        _load(self.context, pair)

    def swap(self, pair: Pair) -> bool:
        """Serve another pair from now on; whether it is another one.

        Raises: UnusableCertificate for a pair that does not serve; then the last good one stays in place.
        """
        if pair == self.pair:
            return False
        # Loading half a pair into the live context would break it: a throw-away context is the judge.
        check(pair)
        _load(self.context, pair)
        self.pair = pair
        self.swaps += 1
        return True


def read_pair(certificate: Path, key: Path) -> Pair:
    """A pair from two PEM files.

    Raises: OSError when a file cannot be read.
    """
    return Pair(certificate.read_bytes(), key.read_bytes())


class Served(Protocol):
    """What serves a pair: a `LiveCertificate`, or who decides for one whether it takes what it is offered."""

    @property
    def pair(self) -> Pair:
        """What it serves, or was offered last."""
        ...

    def swap(self, pair: Pair) -> bool:
        """Serve another; whether it does. Raises UnusableCertificate for one that does not serve."""
        ...


async def follow(live: Served, certificate: Path, key: Path, *, every: float = WATCHED_EVERY) -> None:
    """Serve what the files hold, whenever that changes; runs until it is cancelled.

    A mounted Secret changes by a symbolic link that is swapped, files elsewhere one after the other. Both are seen by
    reading them: a half-written or mismatched pair is left alone, with one warning, until it is whole.
    """
    warned = b""
    while True:
        await asyncio.sleep(every)
        try:
            pair = await asyncio.to_thread(read_pair, certificate, key)
            if pair == live.pair:
                continue
            swapped = live.swap(pair)
        except (OSError, UnusableCertificate) as error:
            seen = hashlib.sha256(str(error).encode()).digest()
            if seen != warned:
                logger.warning("the certificate was not changed, the last good one stays: %s", error)
            warned = seen
        else:
            warned = b""
            if swapped:
                logger.info("the certificate was changed")


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    # API servers keep no session between connections: a ticket would be made and sent for nothing.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    return context


def check(pair: Pair) -> None:
    """Raises UnusableCertificate for a pair that does not serve."""
    try:
        _load(_context(), pair)
        expiry(pair.certificate)  # OpenSSL takes the two in either order, and then nobody knows when it expires
    except (OSError, ValueError) as error:
        raise UnusableCertificate(f"this certificate and key cannot be served: {error}") from error


def _load(context: ssl.SSLContext, pair: Pair) -> None:
    with _file(pair.certificate.rstrip() + b"\n" + pair.key) as name:
        # An encrypted key would make OpenSSL ask on the terminal.
        context.load_cert_chain(name, password=lambda: "")


@contextmanager
def _file(content: bytes) -> Generator[str]:
    """A file for OpenSSL, which reads nothing else: in memory where the system can, so that no key is on a disk and a
    container needs no place to write to; otherwise the owner's only, and for as long as it takes to read it.
    """
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("certificate"), "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    descriptor, name = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield name
    finally:
        Path(name).unlink()

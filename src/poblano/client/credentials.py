"""What a request is signed with, where it comes from, and when it is read again.

`Credentials` is the one question the transport asks. There are three answers: what a kubeconfig or a pod has in text and
in files (here), what a plugin prints (`exec_plugin.py`), and what an OpenID issuer renews (`oidc.py`).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from poblano.client.access import User
from poblano.client.errors import CredentialsFailed

REREAD_SECONDS = 60.0  # client-go: transport.NewCachedFileTokenSource; kubelet renews a token long before it expires

Clock = Callable[[], float]
"""Seconds that never go back."""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate chain and its key, in PEM."""

    certificate: bytes = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """What one request is signed with: an Authorization header, a client certificate, both or neither.

    >>> Credential("Bearer secret")
    Credential()
    """

    authorization: str = field(default="", repr=False)
    certificate: ClientCertificate | None = field(default=None, repr=False)


class Credentials(Protocol):
    """Where credentials come from."""

    async def get(self) -> Credential:
        """The credential to use now.

        Raises:
            CredentialsFailed: there is none.
        """
        ...

    async def renew(self, refused: Credential) -> bool:
        """The API server answered 401 to this one: whether there is another to try."""
        ...


class StoredCredentials:
    """A token, password or certificate written in the configuration or in files.

    Files are read again every minute and after a 401, because somebody renews them: the kubelet a pod's token, a
    cloud's agent a certificate. A file that cannot be read again leaves what was read before in use.

    Args:
        user: whose.
        clock: seconds that never go back.
    """

    def __init__(self, user: User, *, clock: Clock = time.monotonic) -> None:
        self._user = user
        self._clock = clock
        self._current: Credential | None = None
        self._read_at = 0.0

    async def get(self) -> Credential:
        if self._current is None or (self._in_files() and self._clock() - self._read_at >= REREAD_SECONDS):
            self._current = self._reread()
            self._read_at = self._clock()
        return self._current

    async def renew(self, refused: Credential) -> bool:
        if not self._in_files():
            return False
        self._current = self._reread()
        self._read_at = self._clock()
        return self._current != refused

    def _in_files(self) -> bool:
        user = self._user
        pair = (user.client_certificate, user.client_key)
        return user.token_file is not None or any(part and part.path for part in pair)

    def _reread(self) -> Credential:
        try:
            return Credential(_authorization(self._user), _certificate(self._user))
        except CredentialsFailed:
            if self._current is None:
                raise
            return self._current


def _authorization(user: User) -> str:
    if user.token_file is not None:
        return f"Bearer {_token_in_file(user)}"
    if user.token:
        if not user.token.isprintable():
            raise CredentialsFailed(f"the token of {user.name!r} has a line break in it", remedy="write it on one line")
        return f"Bearer {user.token}"
    if user.username:
        pair = f"{user.username}:{user.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return ""


def _token_in_file(user: User) -> str:
    path = user.token_file
    try:
        token = path.read_text("ascii").strip() if path else ""
    except OSError as error:
        if user.token:
            return user.token
        message = f"the token file {path} cannot be read: {error.strerror}"
        raise CredentialsFailed(message, remedy="check that it is there and may be read") from error
    except UnicodeDecodeError:
        token = ""
    if not token.isprintable() or not token:
        raise CredentialsFailed(f"the token file {path} holds no token", remedy="write one there, on one line")
    return token


def _certificate(user: User) -> ClientCertificate | None:
    if user.client_certificate is None or user.client_key is None:
        return None
    return ClientCertificate(user.client_certificate.read(), user.client_key.read())

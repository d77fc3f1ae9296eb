"""Who asks: the bearer token of a request, and whose it is.

Source: k8s.io/apiserver/pkg/authentication/request/bearertoken, .../anonymous, k8s.io/apiserver/pkg/endpoints/filters/authentication.go
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from typing import Final

from poblano.cluster.access.account_tokens import AccountTokens, Holder, Rejected
from poblano.cluster.access.authorizers import SUPERUSERS
from poblano.cluster.access.impersonation import ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED
from poblano.cluster.attributes import User
from poblano.cluster.status import unauthorized

ADMIN: Final = User("admin", (SUPERUSERS, AUTHENTICATED), "admin")
"""Whose the cluster's own token is."""

NOBODY: Final = User(ANONYMOUS, (UNAUTHENTICATED,))


class Authenticator:
    """Knows the bearer tokens of one cluster.

    Args:
        admin_token: the token of the user admin, who may do anything.
        tokens: the ServiceAccounts'.
        anonymous: whether who brings no token is let in, as nobody; the real server does so unless everything is
            allowed to everybody.
    """

    def __init__(self, admin_token: str, tokens: AccountTokens, *, anonymous: bool) -> None:
        self._admin_token = admin_token.encode()
        self._tokens = tokens
        self._anonymous = anonymous

    def authenticate(self, headers: Iterable[tuple[bytes, bytes]]) -> User:
        """Who asks.

        Args:
            headers: of the request, names in lower case as ASGI has them.

        Raises: StatusError 401.
        """
        token = bearer_token(headers)
        if token is None:
            if self._anonymous:
                return NOBODY
            raise unauthorized()
        try:
            return self.holder(token).user
        except Rejected:
            raise unauthorized() from None

    def holder(self, token: bytes, audiences: Sequence[str] = ()) -> Holder:
        """Whose token it is; `audiences` as in `AccountTokens.holder`.

        Raises: Rejected.
        """
        if hmac.compare_digest(token, self._admin_token):
            served = self._tokens.audiences
            common = tuple(audience for audience in audiences or served if audience in served)
            if common:
                return Holder(ADMIN, common)
        text = token.decode("latin-1")
        if self._tokens.is_ours(text):
            return self._tokens.holder(text, audiences)
        raise Rejected("invalid bearer token")


def bearer_token(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The token that a request brings.

    >>> bearer_token([(b"authorization", b"Bearer abc")])
    b'abc'
    """
    for name, value in headers:
        if name == b"authorization":
            kind, _, token = value.strip().partition(b" ")
            # "Bearer  abc" with two spaces is an empty token to the real server, and that is none.
            token = token.partition(b" ")[0]
            return token if kind.lower() == b"bearer" and token else None
    return None

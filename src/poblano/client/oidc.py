"""OpenID Connect: the kubeconfig's ID token until it expires, then new ones by its refresh token.

client-go: ``plugin/pkg/client/auth/oidc``. Where an issuer replaces the refresh token too, the new one lives in this
process only: a kubeconfig is never written to.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar
from urllib.parse import quote_plus, urlencode

import msgspec

from poblano.client.access import Access, Material
from poblano.client.credentials import Credential, Credentials
from poblano.client.errors import CredentialsFailed

LEEWAY_SECONDS = 10.0  # client-go: oidc.expiryDelta
DISCOVERY = "/.well-known/openid-configuration"


class Fetch(Protocol):
    """One HTTP request to the issuer: GET, or POST of a form. Its answer is the status and the body."""

    async def __call__(
        self,
        url: str,
        *,
        authority: Material | None,
        form: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]: ...


_Shape = TypeVar("_Shape")


class _Discovery(msgspec.Struct, frozen=True):
    token_endpoint: str


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str = ""
    refresh_token: str = ""


class _Claims(msgspec.Struct, frozen=True):
    exp: float = 0.0


class OidcCredentials:
    """An ID token that renews itself.

    Args:
        access: the user with its OpenID settings.
        beside: the user's other credentials: a client certificate that goes with the token.
        fetch: how the issuer is asked.
        now: seconds since 1970.
    """

    def __init__(
        self, access: Access, beside: Credentials, *, fetch: Fetch, now: Callable[[], float] = time.time
    ) -> None:
        if access.user.oidc is None:
            raise ValueError("the user has no OpenID login")
        self._oidc = access.user.oidc
        self._entry = f"user {access.user.name!r} of {access.source}"
        self._beside = beside
        self._fetch = fetch
        self._now = now
        self._lock = asyncio.Lock()
        self._id_token = self._oidc.id_token
        self._refresh_token = self._oidc.refresh_token

    async def get(self) -> Credential:
        async with self._lock:
            if self._now() + LEEWAY_SECONDS >= expiry_of(self._id_token):
                await self._refresh()
            return Credential(f"Bearer {self._id_token}", (await self._beside.get()).certificate)

    async def renew(self, refused: Credential) -> bool:
        async with self._lock:
            if refused.authorization == f"Bearer {self._id_token}":
                if not self._refresh_token:
                    return False
                await self._refresh()
            return True

    async def _refresh(self) -> None:
        if not self._refresh_token:
            raise self._failed("its ID token has expired and there is no refresh token", "log in again")
        endpoint = await self._token_endpoint()
        status, body = await self._ask_for_tokens(endpoint)
        if status != 200:
            raise self._failed(f"the issuer refused to renew its token (HTTP {status})", "log in again")
        tokens = self._decoded(body, _Tokens)
        if not tokens.id_token or not tokens.id_token.isprintable():
            raise self._failed("the issuer's answer has no ID token", "ask for the scope openid when logging in")
        self._id_token = tokens.id_token
        self._refresh_token = tokens.refresh_token or self._refresh_token

    async def _token_endpoint(self) -> str:
        url = f"{self._oidc.issuer}{DISCOVERY}"
        status, body = await self._fetch(url, authority=self._oidc.certificate_authority)
        if status != 200:
            raise self._failed(f"{url} answered HTTP {status}", "check idp-issuer-url")
        return self._decoded(body, _Discovery).token_endpoint

    async def _ask_for_tokens(self, endpoint: str) -> tuple[int, bytes]:
        """With the client's secret in a header, as RFC 6749 wants it, and in the form for the issuers that do not."""
        oidc, authority = self._oidc, self._oidc.certificate_authority
        grant = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
        in_form = urlencode({**grant, "client_id": oidc.client_id, "client_secret": oidc.client_secret}).encode()
        if not oidc.client_secret:
            return await self._fetch(endpoint, authority=authority, form=in_form)
        pair = f"{quote_plus(oidc.client_id)}:{quote_plus(oidc.client_secret)}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        answer = await self._fetch(endpoint, authority=authority, form=urlencode(grant).encode(), headers=headers)
        return answer if answer[0] == 200 else await self._fetch(endpoint, authority=authority, form=in_form)

    def _decoded(self, body: bytes, shape: type[_Shape]) -> _Shape:
        try:
            return msgspec.json.decode(body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._failed("the issuer's answer is not what OpenID says", "check idp-issuer-url") from None

    def _failed(self, what: str, remedy: str) -> CredentialsFailed:
        return CredentialsFailed(f"{self._entry}: {what}", remedy=remedy)


def expiry_of(id_token: str) -> float:
    """When a JWT expires, in seconds since 1970; 0 when it does not say. Its signature is the API server's business."""
    parts = id_token.split(".")
    if len(parts) != 3:
        return 0.0
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(claims, type=_Claims).exp
    except (ValueError, msgspec.DecodeError):
        return 0.0

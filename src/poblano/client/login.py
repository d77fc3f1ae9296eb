"""Chooses how a user is signed in."""

from __future__ import annotations

from urllib.parse import quote

from poblano.client.access import Access
from poblano.client.credentials import Credentials, StoredCredentials
from poblano.client.exec_plugin import ExecCredentials
from poblano.client.oidc import Fetch, OidcCredentials


def credentials_for(access: Access, *, fetch: Fetch) -> Credentials:
    """The credentials of an access. What is written down goes before a plugin or an OpenID login, as in client-go.

    Args:
        access: the cluster and the user.
        fetch: how an OpenID issuer is asked.
    """
    user, stored = access.user, StoredCredentials(access.user)
    if user.token or user.token_file or user.username:
        return stored
    if user.exec is not None:
        return ExecCredentials(access, stored)
    if user.oidc is not None:
        return OidcCredentials(access, stored, fetch=fetch)
    return stored


def impersonation_headers(access: Access) -> list[tuple[str, str]]:
    """The headers that ask to act as somebody else.

    >>> from poblano.client.access import Cluster, Impersonation, User
    >>> jane = Impersonation("jane", groups=("devs",), extra={"Shop/Floor": ("2",)})
    >>> impersonation_headers(Access(Cluster("https://host"), User(impersonate=jane)))
    [('Impersonate-User', 'jane'), ('Impersonate-Group', 'devs'), ('Impersonate-Extra-shop%2Ffloor', '2')]
    """
    acting = access.user.impersonate
    headers = [("Impersonate-User", acting.user)] if acting.user else []
    headers += [("Impersonate-Group", group) for group in acting.groups]
    headers += [("Impersonate-Uid", acting.uid)] if acting.uid else []
    for key, values in acting.extra.items():
        # client-go: transport.headerKeyEscape; the server lower-cases a key, so a capital is spelt in lower case
        escaped = quote(key.lower(), safe="!#$&'*+-.^_`|~")
        headers += [(f"Impersonate-Extra-{escaped}", value) for value in values]
    return headers

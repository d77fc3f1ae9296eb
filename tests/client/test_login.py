from __future__ import annotations

import pytest

from poblano.client.access import Access, Cluster, ExecPlugin, Oidc, User
from poblano.client.credentials import StoredCredentials
from poblano.client.exec_plugin import ExecCredentials
from poblano.client.fetch import fetch
from poblano.client.login import credentials_for
from poblano.client.oidc import OidcCredentials

PLUGIN = ExecPlugin("login", "client.authentication.k8s.io/v1")
OIDC = Oidc("https://idp", "kube")


@pytest.mark.parametrize(
    ("user", "kind"),
    (
        (User(), StoredCredentials),
        (User(exec=PLUGIN), ExecCredentials),
        (User(oidc=OIDC), OidcCredentials),
        (User(token="abc", exec=PLUGIN), StoredCredentials),
        (User(username="jane", oidc=OIDC), StoredCredentials),
    ),
)
def test_what_is_written_down_goes_before_a_plugin_and_a_login(user: User, kind: type):
    assert type(credentials_for(Access(Cluster("https://host"), user), fetch=fetch)) is kind


@pytest.mark.parametrize("kind", (ExecCredentials, OidcCredentials))
def test_a_user_without_the_login_is_a_mistake_of_the_caller(kind: type):
    options = {"fetch": fetch} if kind is OidcCredentials else {}

    with pytest.raises(ValueError, match="the user has no"):
        kind(Access(Cluster("https://host")), StoredCredentials(User()), **options)

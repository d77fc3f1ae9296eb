from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.client.access import Access, Cluster, Material, Oidc, User
from poblano.client.credentials import StoredCredentials
from poblano.client.errors import CredentialsFailed
from poblano.client.fetch import fetch
from poblano.client.oidc import OidcCredentials, expiry_of
from poblano.core.errors import ConnectionFailed
from tests.client.loopback import Pki, Reply, Server, serving


def jwt(expiry: float) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expiry, "sub": "jane"}).encode()).decode().rstrip("=")
    return f"secret.{claims}.signature"


def credentials(issuer: str, id_token: str, *, now: float = 1000.0, authority: Material | None = None, **fields: str):
    oidc = Oidc(issuer, "kube", id_token=id_token, certificate_authority=authority, **fields)  # type: ignore[arg-type]
    access = Access(Cluster("https://host"), User("jane", oidc=oidc), source="config")
    return OidcCredentials(access, StoredCredentials(User()), fetch=fetch, now=lambda: now)


def script(server: Server, *answers: Reply) -> None:
    discovery = Reply(200, {"issuer": server.url, "token_endpoint": f"{server.url}/token"})
    server.replies = [discovery, *answers]


async def test_a_valid_id_token_is_used_as_it_is():
    token = jwt(2000)

    assert (await credentials("http://127.0.0.1:1", token).get()).authorization == f"Bearer {token}"


@pytest.mark.parametrize("secret", ("", "a b"))
async def test_an_expired_token_is_renewed_by_the_refresh_token(secret: str):
    fresh = jwt(5000)
    async with serving() as server:
        script(server, Reply(200, {"id_token": fresh}))
        signed = credentials(server.url, jwt(1009), refresh_token="refresh", client_secret=secret)

        assert (await signed.get()).authorization == f"Bearer {fresh}"
        assert (await signed.get()).authorization == f"Bearer {fresh}"

    discovery, renewal = server.asked
    form = parse_qs(renewal.body.decode())
    assert discovery.path == "/.well-known/openid-configuration"
    assert (renewal.method, renewal.path) == ("POST", "/token")
    assert form["grant_type"] == ["refresh_token"]
    assert form["refresh_token"] == ["refresh"]
    if secret:
        assert renewal.headers["Authorization"] == f"Basic {base64.b64encode(b'kube:a+b').decode()}"
    else:
        assert form["client_id"] == ["kube"]


async def test_an_issuer_that_wants_the_secret_in_the_form_gets_it_there():
    async with serving() as server:
        script(server, Reply(401), Reply(200, {"id_token": jwt(5000)}))

        await credentials(server.url, "", refresh_token="refresh", client_secret="s").get()

    assert parse_qs(server.asked[-1].body.decode())["client_secret"] == ["s"]


async def test_a_new_refresh_token_takes_the_place_of_the_old():
    async with serving() as server:
        script(
            server,
            Reply(200, {"id_token": jwt(0), "refresh_token": "second"}),
            Reply(200, {"token_endpoint": f"{server.url}/token"}),
            Reply(200, {"id_token": jwt(5000)}),
        )
        signed = credentials(server.url, "", refresh_token="first")

        await signed.get()
        await signed.get()

    sent = [parse_qs(asked.body.decode())["refresh_token"] for asked in server.asked if asked.method == "POST"]
    assert sent == [["first"], ["second"]]


async def test_a_refused_token_is_renewed_once():
    async with serving() as server:
        script(server, Reply(200, {"id_token": jwt(5000)}))
        signed = credentials(server.url, jwt(2000), refresh_token="refresh")
        refused = await signed.get()

        assert await signed.renew(refused)
        assert await signed.renew(refused)

    assert len(server.asked) == 2


async def test_without_a_refresh_token_a_refusal_stands():
    signed = credentials("http://127.0.0.1:1", jwt(2000))

    assert not await signed.renew(await signed.get())


async def test_the_issuers_own_ca_is_trusted_and_no_other(pki: Pki):
    async with serving(tls=pki.server_context()) as server:
        script(server, Reply(200, {"id_token": jwt(5000)}))
        await credentials(server.url, "", refresh_token="r", authority=Material(pki.ca)).get()

        with pytest.raises(ConnectionFailed, match="is not trusted"):
            await credentials(server.url, "", refresh_token="r").get()


@pytest.mark.parametrize(
    ("answers", "message"),
    (
        ([Reply(404)], "answered HTTP 404; check idp-issuer-url"),
        ([Reply(200, b"<html>")], "is not what OpenID says"),
        (
            [None, Reply(400, {"error": "invalid_grant secret"})],
            r"refused to renew its token \(HTTP 400\); log in again",
        ),
        ([None, Reply(200, {"access_token": "secret"})], "has no ID token; ask for the scope openid"),
        ([None, Reply(200, b"secret")], "is not what OpenID says"),
    ),
)
async def test_what_the_issuer_refuses_is_explained_and_never_shown(answers: list[Reply | None], message: str):
    async with serving() as server:
        discovery = Reply(200, {"token_endpoint": f"{server.url}/token"})
        server.replies = [answer or discovery for answer in answers]

        with pytest.raises(CredentialsFailed, match=message) as caught:
            await credentials(server.url, "", refresh_token="secret", client_secret="secret").get()

    assert "user 'jane' of config" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_an_expired_token_without_a_refresh_token_asks_for_a_login():
    with pytest.raises(CredentialsFailed, match="has expired and there is no refresh token; log in again"):
        await credentials("http://127.0.0.1:1", jwt(10)).get()


@given(
    st.text()
    | st.text().map(lambda text: f"a.{text}.b")
    | st.binary().map(lambda b: f"a.{base64.urlsafe_b64encode(b).decode()}.b")
)
def test_no_token_breaks_the_client(token: str):
    assert isinstance(expiry_of(token), float)

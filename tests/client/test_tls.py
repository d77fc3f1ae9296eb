from __future__ import annotations

import os
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from poblano.client import tls
from poblano.client.access import Access, Cluster, Material, User
from poblano.client.credentials import ClientCertificate, Credential
from poblano.client.errors import CredentialsFailed
from poblano.client.transport import ApiClient
from poblano.core.errors import ConnectionFailed
from tests.client.loopback import Clock, Pki, serving


def client_of(cluster: Cluster, user: User | None = None) -> ApiClient:
    return ApiClient(Access(cluster, user or User("jane")), environ={})


def certificate_of(pki: Pki) -> ClientCertificate:
    return ClientCertificate(pki.client.read_bytes(), pki.client_key.read_bytes())


@pytest.mark.parametrize("inline", (False, True))
async def test_the_clusters_ca_is_trusted(pki: Pki, *, inline: bool):
    authority = Material(data=pki.ca.read_bytes()) if inline else Material(pki.ca)

    async with (
        serving(tls=pki.server_context()) as server,
        client_of(Cluster(server.url, certificate_authority=authority)) as client,
    ):
        assert (await client.request("GET", "/api")).status == 200


async def test_a_ca_with_comments_in_any_language_is_trusted(pki: Pki):
    authority = Material(data="# für alle\n".encode() + pki.ca.read_bytes())

    tls.trusting(authority)


async def test_the_servers_own_certificate_may_stand_for_its_ca(pki: Pki):
    async with (
        serving(tls=pki.server_context()) as server,
        client_of(Cluster(server.url, certificate_authority=Material(pki.server))) as client,
    ):
        assert (await client.request("GET", "/api")).status == 200


async def test_an_unknown_ca_is_refused_once_and_explained(pki: Pki):
    async with serving(tls=pki.server_context()) as server, client_of(Cluster(server.url)) as client:
        with pytest.raises(
            ConnectionFailed, match=r"certificate of https://127.* is not trusted: .*check certificate-authority"
        ):
            await client.request("GET", "/api")


async def test_another_name_is_refused_and_tls_server_name_heals_it(pki: Pki):
    async with serving(tls=pki.server_context()) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        authority = Material(pki.ca)
        async with client_of(Cluster(url, certificate_authority=authority)) as client:
            with pytest.raises(ConnectionFailed, match=r"is not trusted: Hostname mismatch.*tls-server-name"):
                await client.request("GET", "/api")

        async with client_of(Cluster(url, certificate_authority=authority, tls_server_name="api.test")) as client:
            assert (await client.request("GET", "/api")).status == 200


async def test_skipping_verification_trusts_anybody(pki: Pki):
    async with (
        serving(tls=pki.server_context()) as server,
        client_of(Cluster(server.url, insecure_skip_tls_verify=True)) as client,
    ):
        assert (await client.request("GET", "/api")).status == 200


@pytest.mark.parametrize("inline", (False, True))
async def test_a_client_certificate_is_shown(pki: Pki, *, inline: bool):
    pair = (pki.client, pki.client_key)
    certificate, key = (Material(data=path.read_bytes()) if inline else Material(path) for path in pair)
    user = User("jane", client_certificate=certificate, client_key=key)

    async with (
        serving(tls=pki.server_context(ask_client=True)) as server,
        client_of(Cluster(server.url, certificate_authority=Material(pki.ca)), user) as client,
    ):
        await client.request("GET", "/api")

    assert server.asked[0].peer_certificate is not None
    assert server.asked[0].peer_certificate["subject"] == ((("commonName", "jane"),),)


async def test_a_certificate_that_changes_is_the_one_shown(pki: Pki):
    first = certificate_of(pki)
    second = ClientCertificate((pki.folder / "other.crt").read_bytes(), (pki.folder / "other.key").read_bytes())

    class Rotating:
        current = Credential(certificate=first)

        async def get(self) -> Credential:
            return self.current

        async def renew(self, refused: Credential) -> bool:
            return False

    credentials = Rotating()
    async with serving(tls=pki.server_context(ask_client=True)) as server:
        access = Access(Cluster(server.url, certificate_authority=Material(pki.ca)))
        async with ApiClient(access, credentials=credentials, environ={}) as client:
            await client.request("GET", "/api")
            credentials.current = Credential(certificate=second)
            await client.request("GET", "/api")

    subjects = [asked.peer_certificate["subject"] for asked in server.asked if asked.peer_certificate]
    assert subjects == [((("commonName", "jane"),),), ((("commonName", "joe"),),)]


async def test_a_server_without_tls_is_explained(pki: Pki):
    async with serving() as server:
        url = server.url.replace("http:", "https:")
        async with client_of(Cluster(url)) as client:
            with pytest.raises(ConnectionFailed, match="does not speak TLS with us"):
                await client.request("GET", "/api")


@pytest.mark.parametrize("in_memory", (True, False))
def test_a_key_leaves_no_file_behind(pki: Pki, *, in_memory: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[str, int]] = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create")
    load = ssl.SSLContext.load_cert_chain

    def spy(self: ssl.SSLContext, path: str, **options: object) -> None:
        seen.append((path, Path(path).stat().st_mode & 0o077 if not in_memory else 0))
        assert list(tmp_path.iterdir()) == ([] if in_memory else [Path(path)])
        load(self, path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", spy)

    tls.client_context(Cluster("https://h", certificate_authority=Material(pki.ca)), certificate_of(pki))

    assert [mode for _, mode in seen] == [0]
    assert list(tmp_path.iterdir()) == []


def test_a_ca_that_is_none_names_its_file(tmp_path: Path):
    (tmp_path / "ca.crt").write_text("nothing")

    with pytest.raises(CredentialsFailed, match=r"ca\.crt holds no CA certificate"):
        tls.trusting(Material(tmp_path / "ca.crt"))


def test_an_encrypted_key_is_refused_without_asking_the_terminal(pki: Pki):
    key = serialization.load_pem_private_key(pki.client_key.read_bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )

    with pytest.raises(CredentialsFailed, match="that the key is not encrypted"):
        tls.client_context(Cluster("https://h"), ClientCertificate(pki.client.read_bytes(), encrypted))


def test_a_key_of_another_certificate_is_refused_and_not_shown(pki: Pki):
    pair = ClientCertificate(pki.client.read_bytes(), pki.server_key.read_bytes())

    with pytest.raises(CredentialsFailed, match="that they belong together") as caught:
        tls.client_context(Cluster("https://h"), pair)

    assert "PRIVATE" not in str(caught.value)


async def test_a_ca_that_is_renewed_is_trusted_after_a_minute(pki: Pki, tmp_path: Path):
    """As when the kubelet renews a pod's ca.crt: the process goes on without a restart."""
    clock, authority = Clock(), tmp_path / "ca.crt"
    authority.write_bytes(b"# no CA yet\n" + pki.client.read_bytes())
    access = Access(Cluster("", certificate_authority=Material(authority)), User("jane"))
    async with serving(tls=pki.server_context()) as server:
        cluster = replace(access.cluster, server=server.url)
        async with ApiClient(replace(access, cluster=cluster), environ={}, clock=clock) as client:
            with pytest.raises(ConnectionFailed, match="not trusted"):
                await client.request("GET", "/api")
            for unusable in (b"", b"half a fi"):
                clock.now += 61
                authority.write_bytes(unusable)
                with pytest.raises(ConnectionFailed, match="not trusted"):
                    await client.request("GET", "/api")
            authority.unlink()
            clock.now += 61
            with pytest.raises(ConnectionFailed, match="not trusted"):
                await client.request("GET", "/api")
            authority.write_bytes(pki.ca.read_bytes())
            clock.now += 61
            assert (await client.request("GET", "/api")).status == 200


def test_nothing_that_stays_the_same_is_made_anew(pki: Pki):
    live = tls.LiveTls(Cluster("https://host", certificate_authority=Material(pki.ca)), clock=(clock := Clock()))
    first, mine = live.context(None), certificate_of(pki)
    clock.now += 61

    assert live.context(None) is first
    assert live.context(mine) is not first
    assert live.context(certificate_of(pki)) is live.context(mine)

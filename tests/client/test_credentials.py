from __future__ import annotations

import base64
from pathlib import Path

import pytest

from poblano.client.access import Material, User
from poblano.client.credentials import StoredCredentials
from poblano.client.errors import CredentialsFailed
from tests.client.loopback import Clock


async def authorization(user: User) -> str:
    return (await StoredCredentials(user).get()).authorization


async def test_a_token_is_a_bearer():
    assert await authorization(User(token="abc")) == "Bearer abc"


async def test_a_password_is_basic():
    header = await authorization(User(username="jane", password="pa:ss"))

    assert base64.b64decode(header.removeprefix("Basic ")) == b"jane:pa:ss"


async def test_nobody_sends_no_header():
    assert await authorization(User()) == ""


async def test_a_token_file_goes_before_the_token(tmp_path: Path):
    (tmp_path / "token").write_text("from-file\n")

    assert await authorization(User(token="written", token_file=tmp_path / "token")) == "Bearer from-file"
    assert await authorization(User(token="written", token_file=tmp_path / "gone")) == "Bearer written"


async def test_a_token_file_is_read_again_after_a_minute_and_not_before(tmp_path: Path):
    file, clock = tmp_path / "token", Clock()
    file.write_text("one")
    credentials = StoredCredentials(User(token_file=file), clock=clock)
    assert (await credentials.get()).authorization == "Bearer one"
    file.write_text("two")

    clock.now += 59
    assert (await credentials.get()).authorization == "Bearer one"
    clock.now += 1
    assert (await credentials.get()).authorization == "Bearer two"


async def test_a_refused_token_is_read_again_at_once(tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("one")
    credentials = StoredCredentials(User(token_file=file))
    refused = await credentials.get()

    assert not await credentials.renew(refused)
    file.write_text("two")
    assert await credentials.renew(refused)
    assert (await credentials.get()).authorization == "Bearer two"


async def test_a_written_token_cannot_be_renewed():
    credentials = StoredCredentials(User(token="abc"))

    assert not await credentials.renew(await credentials.get())


async def test_a_file_that_vanishes_leaves_what_was_read(tmp_path: Path):
    file, clock = tmp_path / "token", Clock()
    file.write_text("one")
    credentials = StoredCredentials(User(token_file=file), clock=clock)
    await credentials.get()

    file.unlink()
    clock.now += 60

    assert (await credentials.get()).authorization == "Bearer one"


@pytest.mark.parametrize("content", (b"", b"  \n", b"se\ncret", b"secret\xff"))
async def test_a_file_without_a_token_is_named_and_not_shown(tmp_path: Path, content: bytes):
    file = tmp_path / "token"
    file.write_bytes(content)

    with pytest.raises(CredentialsFailed, match="holds no token") as caught:
        await authorization(User(token_file=file))

    assert str(file) in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_missing_token_file_is_named(tmp_path: Path):
    with pytest.raises(CredentialsFailed, match=r"gone cannot be read: No such file.*check that it is there"):
        await authorization(User(token_file=tmp_path / "gone"))


async def test_a_certificate_in_files_is_read_again(tmp_path: Path):
    certificate, key, clock = tmp_path / "c.crt", tmp_path / "c.key", Clock()
    certificate.write_text("one")
    key.write_text("key")
    user = User(client_certificate=Material(certificate), client_key=Material(key))
    credentials = StoredCredentials(user, clock=clock)
    first = (await credentials.get()).certificate
    assert first is not None
    assert first.certificate == b"one"

    certificate.write_text("two")
    clock.now += 60

    second = (await credentials.get()).certificate
    assert second is not None
    assert second.certificate == b"two"


async def test_a_missing_certificate_file_is_named(tmp_path: Path):
    user = User(client_certificate=Material(tmp_path / "gone"), client_key=Material(data=b"secret"))

    with pytest.raises(CredentialsFailed, match="gone cannot be read"):
        await StoredCredentials(user).get()


@pytest.mark.parametrize("token", ["secret\n", "se\ncret"])
async def test_a_token_over_two_lines_is_told_without_being_shown(token: str):
    """As `token: |` in a kubeconfig has it."""
    with pytest.raises(CredentialsFailed, match="write it on one line") as caught:
        await StoredCredentials(User("jane", token=token)).get()
    assert "cret" not in str(caught.value)

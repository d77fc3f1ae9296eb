"""Serving a pair from files that change."""

from __future__ import annotations

import asyncio
import os
import ssl
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from poblano.admission.certificates import Pair, issue
from poblano.admission.tls import LiveCertificate, UnusableCertificate, follow, read_pair
from tests.admission.serving import issued, until


def mount(directory: Path, pair: Pair, revision: str) -> None:
    """Put a pair where it is as the kubelet does: a new folder, and one symbolic link swapped."""
    folder = directory / revision
    folder.mkdir()
    (folder / "tls.crt").write_bytes(pair.certificate)
    (folder / "tls.key").write_bytes(pair.key)
    link = directory / "..data_tmp"
    link.symlink_to(revision)
    link.rename(directory / "..data")
    for name in ("tls.crt", "tls.key"):
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(f"..data/{name}")


@asynccontextmanager
async def followed(live: LiveCertificate, directory: Path) -> AsyncIterator[None]:
    task = asyncio.create_task(follow(live, directory / "tls.crt", directory / "tls.key", every=0.01))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until_swapped(live: LiveCertificate, times: int) -> None:
    await until(lambda: live.swaps == times)


async def test_a_changed_secret_is_served(tmp_path: Path) -> None:
    first, second = issued().pair, issue(["localhost"]).pair
    mount(tmp_path, first, "1")
    live = LiveCertificate(read_pair(tmp_path / "tls.crt", tmp_path / "tls.key"))
    async with followed(live, tmp_path):
        mount(tmp_path, second, "2")
        await until_swapped(live, 1)
    assert live.pair == second


async def test_a_pair_written_one_after_the_other_is_served_once_it_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = issued().pair, issue(["localhost"]).pair
    mount(tmp_path, first, "1")
    live = LiveCertificate(first)
    async with followed(live, tmp_path):
        (tmp_path / "tls.crt").write_bytes(second.certificate)
        await until(lambda: "the last good one stays" in caplog.text)
        assert live.pair == first
        (tmp_path / "tls.key").write_bytes(second.key)
        await until_swapped(live, 1)
    assert live.pair == second
    assert caplog.text.count("the last good one stays") == 1  # said once, not a hundred times
    assert "PRIVATE" not in caplog.text


async def test_files_that_go_away_change_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mount(tmp_path, issued().pair, "1")
    live = LiveCertificate(issued().pair)
    async with followed(live, tmp_path):
        (tmp_path / "tls.crt").unlink()
        await until(lambda: "the last good one stays" in caplog.text)
        assert (live.pair, live.swaps) == (issued().pair, 0)
        (tmp_path / "tls.crt").write_bytes(issued().pair.certificate)
        await asyncio.sleep(0.05)
    assert (live.pair, live.swaps) == (issued().pair, 0)


@pytest.mark.parametrize(
    "pair",
    [
        Pair(b"", b""),
        Pair(b"x", b"y"),
        Pair(issued().pair.certificate, issue(["a"]).pair.key),
        Pair(issued().pair.key, issued().pair.certificate),
    ],
)
def test_a_pair_that_does_not_serve_is_refused_from_the_start(pair: Pair) -> None:
    with pytest.raises(UnusableCertificate, match="cannot be served"):
        LiveCertificate(pair)


def test_an_encrypted_key_is_refused_without_asking_on_the_terminal() -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(issued().pair.key, None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
    with pytest.raises(UnusableCertificate):
        LiveCertificate(Pair(issued().pair.certificate, encrypted))


def test_without_memory_files_the_key_is_on_disk_for_a_moment_only_and_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    modes: list[int] = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    load = ssl.SSLContext.load_cert_chain

    def watching(context: ssl.SSLContext, certfile: str, **options: Any) -> None:
        modes.append(stat.S_IMODE(Path(certfile).stat().st_mode))
        load(context, certfile, **options)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watching)
    LiveCertificate(issued().pair)
    assert set(modes) == {0o600}
    assert not list(tmp_path.iterdir())


def test_the_same_pair_again_is_no_swap() -> None:
    live = LiveCertificate(issued().pair)
    live.swap(issued().pair)
    assert live.swaps == 0

"""Nothing of an archive is looked at before its hash fits, and nothing is written beside its folder."""

from __future__ import annotations

import gzip
import io
import tarfile
from hashlib import sha256

import pytest

from poblano.build import unpacking
from poblano.build.archive import packed
from poblano.build.unpacking import Unusable, unpack, verified

GOOD = packed({"hello.py": b"x = 1\n"})


def tarred(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return gzip.compress(buffer.getvalue())


def member(name: str, **attributes: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for key, value in attributes.items():
        setattr(made, key, value)
    return made


def test_the_archive_that_was_built_is_taken(tmp_path):
    (tmp_path / "a").write_bytes(GOOD.data)
    assert verified(tmp_path / "a", GOOD.sha256) == GOOD.data
    assert verified(tmp_path / "a", GOOD.sha256.upper()) == GOOD.data


@pytest.mark.parametrize(
    ("digest", "words"),
    [
        (sha256(b"").hexdigest(), f"is not the one that was built: its SHA-256 is {GOOD.sha256}, and e3b0c4"),
        (GOOD.sha256[:-1], "is no SHA-256: write the 64 hexadecimal digits"),
        ("é" * 64, "is no SHA-256"),
        ("", "is no SHA-256"),
    ],
)
def test_another_hash_is_refused(tmp_path, digest, words):
    (tmp_path / "a").write_bytes(GOOD.data)
    with pytest.raises(Unusable, match=words):
        verified(tmp_path / "a", digest)


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(Unusable, match="a cannot be read: No such file"):
        verified(tmp_path / "a", GOOD.sha256)
    with pytest.raises(Unusable, match="cannot be read: Is a directory"):
        verified(tmp_path, GOOD.sha256)


@pytest.mark.parametrize(
    "bad",
    [
        member("../out.py"),
        member("a/../../out.py"),
        member("/out.py"),
        member("."),
        member("folder", type=tarfile.DIRTYPE),
        member("link", type=tarfile.SYMTYPE, linkname="/etc"),
        member("hard", type=tarfile.LNKTYPE, linkname="first.py"),
        member("pipe", type=tarfile.FIFOTYPE),
        member("device", type=tarfile.CHRTYPE),
    ],
    ids=lambda bad: bad.name,
)
def test_what_is_no_file_below_the_folder_is_refused(tmp_path, bad):
    (tmp_path / "in").mkdir()
    with pytest.raises(Unusable, match="which is not a file below its folder"):
        unpack(tarred(member("first.py"), bad), tmp_path / "in")
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "first.py"]


@pytest.mark.parametrize("bad", [b"", b"hello", GOOD.data[:-9], gzip.compress(b"hello" * 200, mtime=0)])
def test_what_is_damaged_is_said(tmp_path, bad):
    with pytest.raises(Unusable, match="the archive is damaged: "):
        unpack(bad, tmp_path)


def test_what_swells_is_refused_before_it_does(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "LARGEST", 100_000)
    unpack(tarred(member("zeros", size=80_000)), tmp_path)
    with pytest.raises(Unusable, match="the archive has more than 0 MiB in it"):
        unpack(tarred(member("more", size=120_000)), tmp_path)
    assert not (tmp_path / "more").exists()


def test_a_file_that_is_there_twice_or_a_folder_that_is_full_is_said(tmp_path):
    with pytest.raises(
        Unusable, match=r"cannot be unpacked to .*twice.py: File exists; TMPDIR says where there is room"
    ):
        unpack(tarred(member("twice.py"), member("twice.py")), tmp_path)

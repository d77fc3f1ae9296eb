"""An archive that arrived in a cluster: is it the one that was built, and its files.

Nothing of it is looked at before its hash fits, and no more is unpacked than an archive of ours can hold.
"""

from __future__ import annotations

import hmac
import io
import re
import tarfile
import zlib
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from poblano.core.errors import InvalidSettings

LARGEST: Final = 64 * 1024 * 1024
"""Bytes that may be unpacked."""

_HASH: Final = re.compile(r"[0-9a-fA-F]{64}")


class Unusable(InvalidSettings):
    """An archive is not what was built. The message says why, in a line."""


def verified(file: Path, digest: str) -> bytes:
    """What is in an archive's file, if its hash is the one that is wanted.

    Args:
        file: the archive.
        digest: SHA-256 of it, as 64 hexadecimal digits.

    Raises:
        Unusable: it cannot be read, or is another one.
    """
    if not _HASH.fullmatch(digest):
        raise Unusable(f"{digest!r} is no SHA-256: write the 64 hexadecimal digits that poblano build prints")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Unusable(f"the archive {file} cannot be read: {error.strerror or error}") from None
    found = sha256(data).hexdigest()
    if not hmac.compare_digest(found, digest.lower()):
        raise Unusable(
            f"the archive {file} is not the one that was built: its SHA-256 is {found}, and {digest.lower()} is wanted; "
            "apply all that poblano build wrote, not a part of it"
        )
    return data


def unpack(data: bytes, folder: Path) -> None:
    """Put the files of an archive into `folder`.

    Args:
        data: a gzipped tar, as `poblano.build.archive` makes it.
        folder: an empty one.

    Raises:
        Unusable: it is no such archive, or too large, or it holds something else than files below the folder, or the folder
            cannot be written to.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(_inflated(data)), mode="r:") as tar:
            for member in tar:
                _write(tar, member, folder)
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise Unusable(f"the archive is damaged: {error}") from None
    except OSError as error:
        raise Unusable(
            f"the archive cannot be unpacked to {error.filename or folder}: {error.strerror or error}; "
            "TMPDIR says where there is room"
        ) from None


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    found = stream.decompress(data, LARGEST)
    if stream.unconsumed_tail:
        raise Unusable(f"the archive has more than {LARGEST // 1024**2} MiB in it; no module is that large")
    if not stream.eof:
        raise EOFError("its end is missing")
    return found


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    path = PurePosixPath(member.name)
    if not member.isreg() or path.is_absolute() or ".." in path.parts or "\0" in member.name or not path.parts:
        raise Unusable(f"the archive has {member.name!r} in it, which is not a file below its folder")
    content = tar.extractfile(member)
    assert content is not None  # it is a regular file
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        file.write(content.read())

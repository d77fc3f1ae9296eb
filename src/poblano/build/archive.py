"""The module's code as one file, the same bytes for the same source.

A Secret carries it into the cluster: `poblano run --archive` checks its hash, unpacks it and runs from there (see
`poblano.build.unpacking`).
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from poblano.core.errors import InvalidSettings
from poblano.settings import Settings

VENDORED: Final = "site-packages"
"""The folder of what the module depends on, in an archive and in an image. `poblano.loading` takes it for no part of the module."""

MOST: Final = 1024 * 1024 * 3 // 4
"""Bytes that an archive may have: 1 MiB as base64. A Secret of Kubernetes has at most 1 MiB, and so has what Helm keeps of a
release, where the archive is base64."""

INSTEAD: Final = "build an image that has the module in it: poblano build --registry-info REGISTRY/NAME"
"""The way out, where an archive will not do."""

_LARGEST: Final = 5


@dataclass(frozen=True, slots=True)
class Archive:
    """The code, as it travels.

    Args:
        data: a gzipped tar.
        sha256: of `data`, in hex.
    """

    data: bytes
    sha256: str


def archive(settings: Settings) -> Archive:
    """The module's files and the pure-Python packages that it depends on, as one file.

    Call it when the module has been loaded: what it imported is held against what travels.

    Args:
        settings: of the module; its folder is read.

    Raises:
        InvalidSettings: a file or package is missing, a package is compiled for one kind of machine, something is imported
            that nobody has named, or it is all too large for a Secret. Says what to do.
    """
    from poblano.build.imports import check_imports
    from poblano.build.sources import project_files
    from poblano.build.vendoring import packages_of

    files = project_files(settings)
    packages = packages_of(settings)
    check_imports(settings, files, packages)
    for package in packages:
        files |= {f"{VENDORED}/{path}": data for path, data in package.files().items()}
    made = packed(files)
    if len(made.data) > MOST:
        raise InvalidSettings(_too_large(files, len(made.data)))
    return made


def packed(files: Mapping[str, bytes]) -> Archive:
    """Files as an archive. Neither time, nor owner, nor order, nor the version of Python is in it.

    >>> one = packed({"b.py": b"", "a.py": b"x = 1"})
    >>> one == packed({"a.py": b"x = 1", "b.py": b""})
    True
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(files):
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(files[path]), 0o644
            tar.addfile(member, io.BytesIO(files[path]))
    data = _gzipped(buffer.getvalue())
    return Archive(data, sha256(data).hexdigest())


def _gzipped(data: bytes) -> bytes:
    """RFC 1952, with a header that says nothing: that of `gzip.compress` differs from one Python to the next."""
    header = b"\x1f\x8b\x08\0" + b"\0\0\0\0" + b"\x02\xff"
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return header + squeezed.compress(data) + squeezed.flush() + trailer


def _too_large(files: Mapping[str, bytes], size: int) -> str:
    """Which files make it so large: by what is left of each when it is compressed."""
    weights = {path: len(zlib.compress(data, 6)) for path, data in files.items()}
    largest = sorted(weights, key=lambda path: (-weights[path], path))[:_LARGEST]
    named = ", ".join(f"{path} {weights[path] / 1024:.0f} KiB" for path in largest)
    return (
        f"the module has {size / 1024:.0f} KiB compressed, and a Secret takes {MOST / 1024:.0f} KiB of it; "
        f"the largest files are {named}. Leave out what is not needed at run time, or {INSTEAD}"
    )

"""``poblano run --archive``: running a module from an archive, in a folder of its own."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import click

PREFIX: Final = "poblano-module-"
LOCK: Final = ".lock"


@contextmanager
def module_folder(archive: Path | None, digest: str | None) -> Generator[Path]:
    """The folder to run from: the current one, or one that an archive is unpacked to and that goes at the end.

    That one becomes the current folder, and what lies in its ``site-packages`` can be imported. Nothing is unpacked, let
    alone imported, before the hash fits.

    Args:
        archive: its file; None runs from the current folder.
        digest: its SHA-256, in hex.

    Raises:
        click.UsageError: one of the two is missing.
        Unusable: the archive is not the one that was built, or cannot be unpacked.
    """
    if archive is None and digest is None:
        yield Path.cwd()
        return
    if archive is None or digest is None:
        missing, given = ("--archive", "--sha256") if archive is None else ("--sha256", "--archive")
        raise click.UsageError(f"{missing} missing: {given} needs it, so that nothing runs but what was built")
    from poblano.build.archive import VENDORED
    from poblano.build.unpacking import unpack, verified

    data = verified(archive, digest)
    with _own_folder() as folder:
        unpack(data, folder)
        del data  # the process may live for months
        sys.path.append(str(folder / VENDORED))
        os.chdir(folder)
        yield folder


@contextmanager
def _own_folder() -> Generator[Path]:
    """A new one, where there is room for temporary files; those of processes that were killed are taken away."""
    import shutil
    import tempfile

    from poblano.build.unpacking import Unusable

    try:
        _clear(Path(tempfile.gettempdir()))
        made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
        lock = _locked(made)
        # Nobody clears it away before it is held.
        folder = made.rename(made.with_name(made.name.removeprefix(".")))
    except OSError as error:
        raise Unusable(
            f"there is no room for the archive's files: {error.strerror or error}; TMPDIR says where there is"
        ) from None
    assert lock is not None  # nobody else knows of it
    before = Path.cwd()
    try:
        yield folder
    finally:
        os.chdir(before)
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


def _clear(place: Path) -> None:
    """In a pod, the folder of a container that was killed is still there for the next one."""
    import shutil

    for folder in place.glob(f"{PREFIX}*"):
        try:
            lock = _locked(folder) if folder.lstat().st_uid == os.getuid() else None
        except OSError:
            continue
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()


def _locked(folder: Path) -> IO[bytes] | None:
    """A hold on a folder, for as long as the process lives; None when another process has it."""
    file = (folder / LOCK).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file

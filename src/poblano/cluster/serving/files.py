"""Files that only their owner may read, there whole or not at all; and a directory that one process uses at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Final

LOCK: Final = "lock"


class InUse(OSError):
    """Another process uses the directory."""


def write_private(path: Path, content: bytes) -> None:
    """Put a file in place in one step, with mode 0600.

    Raises: OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(directory: Path) -> Generator[None]:
    """Within the block, the directory is this process's; it is made where it is missing.

    The lock ends with the process, however it ends.

    Raises: InUse, OSError.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            other = file.read().strip()
            raise InUse(f"{directory} is in use by another process{f' ({other})' if other else ''}") from None
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield

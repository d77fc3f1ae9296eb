"""Files that are there whole or not at all, and a directory for one process at a time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from poblano.cluster.serving.files import InUse, locked, write_private

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_its_owner_s_and_replaces_another(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "file"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_nothing_and_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_private(path, b"one")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_private(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_is_locked_against_other_processes_and_free_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with locked(folder), pytest.raises(InUse, match=f"{folder} is in use by another process"), locked(folder):
        pass
    with locked(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from poblano.cluster.serving.files import locked
with locked(Path({str(tmp_path)!r})):
    print("locked", flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(InUse, match=f"process {holder.pid}"), locked(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with locked(tmp_path):
        pass

"""Files to a folder: all of them or none, and nothing of anybody else's is touched."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from poblano.core.errors import InvalidSettings

RECORD: Final = ".poblano-build"
"""Lists what of a folder a build wrote, so that the next one may take it away."""

_RECORD_HEAD: Final = "# What `poblano build` wrote here, and replaces. The rest of this folder is not touched.\n"


def put(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Have `files` in `folder`, in place of what an earlier build wrote there.

    They are written beside it and moved into it when all are there; if that fails, all is as it was.

    Args:
        folder: made if it is missing.
        files: by their paths in it.

    Raises:
        InvalidSettings: something of the same name is there that no build wrote, or the folder cannot be written.
    """
    names = _tops(files)
    try:
        check_free(folder, files)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
            new = Path(beside) / "new"
            write_files(new, {**files, RECORD: _RECORD_HEAD + "".join(f"{name}\n" for name in names)})
            folder.mkdir(exist_ok=True)
            _swap(folder, new, Path(beside) / "old", {*names, *recorded(folder), RECORD})
    except OSError as error:
        raise InvalidSettings(
            f"{folder} cannot be written: {error.strerror or error}; choose another folder with --output"
        ) from error


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write each file, in folders that are made for it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def recorded(folder: Path) -> frozenset[str]:
    """What of `folder` is a build's."""
    try:
        lines = (folder / RECORD).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return frozenset()
    return frozenset(line for line in lines if line not in {"", ".", ".."} and not set("#/\0") & set(line))


def check_free(folder: Path, files: Iterable[str]) -> None:
    """See that nothing is where `files` are to be written, but what a build wrote.

    Raises:
        InvalidSettings: something is.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidSettings(f"{folder} is a file; choose another folder with --output")
    ours = recorded(folder)
    for name in _tops(files):
        path = folder / name
        if name not in ours and (path.exists() or path.is_symlink()):
            raise InvalidSettings(
                f"{path} was not written by a build; move it away, or choose another folder with --output"
            )


def _tops(files: Iterable[str]) -> list[str]:
    return sorted({path.partition("/")[0] for path in files})


def _swap(folder: Path, new: Path, old: Path, names: set[str]) -> None:
    """Move `names` of `folder` to `old`, and all of `new` in; back again if one of them will not."""
    old.mkdir()
    gone: list[str] = []
    come: list[str] = []
    try:
        for name in sorted(names):
            if (folder / name).exists() or (folder / name).is_symlink():
                (folder / name).rename(old / name)
                gone.append(name)
        for path in sorted(new.iterdir()):
            path.rename(folder / path.name)
            come.append(path.name)
    except BaseException:
        for name in come:
            _remove(folder / name)
        for name in gone:
            (old / name).rename(folder / name)
        raise


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

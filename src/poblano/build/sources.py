"""Which files of a project travel: what Python may import from its folder, what lies in its packages, what it names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from poblano.core.errors import InvalidSettings
from poblano.settings import FILE, Settings

GENERATED: Final = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"})
"""Folders that tools make."""

OTHERS: Final = GENERATED | {"tests"}
"""Folders that stay behind."""

ENVIRONMENTS: Final = ("pyvenv.cfg", FILE)
"""What tells of a folder that it is a virtual environment, or another project."""

TOOLS: Final = frozenset({"conftest.py", "noxfile.py", "setup.py"})
"""Python files at the top of a project that its tools read."""

NO_DATA: Final = (".pyc", ".pyo", ".samples.yaml", ".swp", "~")
"""Ends of names in a package that are no data of it."""


def project_files(settings: Settings) -> dict[str, bytes]:
    """The files of a module, by their paths in its folder, in the order of these.

    They are ``pyproject.toml``; every Python file; all that lies in a package, a folder with an ``__init__.py``; and what
    ``included_files`` names. Not what is hidden, what tools make, virtual environments, other projects, or tests.

    Args:
        settings: of the module.

    Raises:
        InvalidSettings: what ``included_files`` names is not in the folder, or the module itself is not among the files.
    """
    folder = settings.folder
    paths = {FILE: folder / FILE, **dict(_of_code(folder)), **dict(_included(settings))}
    _check_has_module(settings, paths)
    return {name: paths[name].read_bytes() for name in sorted(paths)}


def _of_code(folder: Path) -> Iterator[tuple[str, Path]]:
    for place, inner, names in os.walk(folder, followlinks=True):
        here = Path(place)
        inner[:] = [name for name in inner if _is_ours(here / name, folder)]
        is_package = here != folder and "__init__.py" in names
        for name in names:
            if not name.startswith(".") and _travels(name, is_package=is_package, at_top=here == folder):
                yield (here / name).relative_to(folder).as_posix(), here / name


def _is_ours(inner: Path, folder: Path) -> bool:
    if inner.name.startswith(".") or inner.name in OTHERS or any((inner / name).is_file() for name in ENVIRONMENTS):
        return False
    # A link to a folder around it would never end.
    return not (inner.is_symlink() and folder.resolve().is_relative_to(inner.resolve()))


def _travels(name: str, *, is_package: bool, at_top: bool) -> bool:
    if name.endswith(".py"):
        return not name.startswith("test_") and not (at_top and name in TOOLS)
    return is_package and not name.endswith(NO_DATA)


def _included(settings: Settings) -> Iterator[tuple[str, Path]]:
    for name in settings.included_files:
        path = settings.folder / name
        if PurePosixPath(name).is_absolute() or not path.resolve().is_relative_to(settings.folder.resolve()):
            raise InvalidSettings(
                f'included_files: "{name}" is not in {settings.folder}; copy it there, and name it from there'
            )
        if not path.exists():
            raise InvalidSettings(
                f'included_files: there is no "{name}" in {settings.folder}; mend the name, or take it out'
            )
        found = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else (path,)
        yield from ((file.relative_to(settings.folder).as_posix(), file) for file in found)


def _check_has_module(settings: Settings, paths: dict[str, Path]) -> None:
    place = settings.module.partition(":")[0].replace(".", "/")
    if not {f"{place}.py", f"{place}/__init__.py"} & paths.keys():
        raise InvalidSettings(
            f'module = "{settings.module}": it is not among the files that travel, which are those of Python in '
            f"{settings.folder} but for tests, hidden and generated folders and other projects; move it to another place"
        )

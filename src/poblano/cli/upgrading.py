"""Bringing a newer Poblano into the environment of a project, and saying so in its ``pyproject.toml``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from poblano.core.errors import PoblanoError
from poblano.settings import FILE

LOCKED: Final = {
    "uv.lock": "uv lock --upgrade-package poblano && uv sync",
    "poetry.lock": "poetry update poblano",
    "pdm.lock": "pdm update poblano",
    "Pipfile.lock": "pipenv update poblano",
}
"""Who keeps the environment of a project, and how to ask for a newer Poblano there."""

AFTERWARDS: Final = "then poblano update --no-upgrade"


def upgrade(folder: Path) -> None:
    """Install the newest Poblano where this one is installed.

    Raises:
        PoblanoError: somebody else keeps that environment, or it failed; says what to do.
    """
    for lock, asked in LOCKED.items():
        if (folder / lock).exists():
            raise PoblanoError(f"{lock} says what is installed for this project: {asked}, {AFTERWARDS}")
    origin: dict[str, Any] = json.loads(distribution("poblano").read_text("direct_url.json") or "{}")
    if origin:
        raise PoblanoError(f"poblano was installed from {origin.get('url')}: install it anew from there, {AFTERWARDS}")
    if find_spec("pip") is None:
        raise PoblanoError(f"there is no pip in {sys.prefix}: upgrade poblano there as you installed it, {AFTERWARDS}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "poblano"]
    if subprocess.run(command, check=False).returncode:
        raise PoblanoError(f"{' '.join(command)} failed, see above; nothing else was changed")


def pinned(text: str, version: str) -> str | None:
    """A ``pyproject.toml`` that depends on this version of Poblano; the rest of it stays to the letter.

    Where it names a range that the version lies in, or does not depend on Poblano, it stays as it is.

    Args:
        text: of the file.
        version: of Poblano.

    Returns:
        None when the dependency is to be changed and cannot be, without its owner.

    >>> pinned('[project]\\ndependencies = ["poblano[otel]~=0.1.0", "far"]', "0.2.1")
    '[project]\\ndependencies = ["poblano[otel]~=0.2.1", "far"]'
    >>> pinned('[project]\\ndependencies = ["poblano>=0.1"]', "0.2.1")
    '[project]\\ndependencies = ["poblano>=0.1"]'
    """
    from packaging.requirements import Requirement

    dependencies: list[str] = tomllib.loads(text).get("project", {}).get("dependencies", [])
    found = [one for one in dependencies if re.match(r"poblano(?![\w.-])", one)]
    if not found:
        return text
    specifier = Requirement(found[0]).specifier
    clauses = list(specifier)
    if len(clauses) == 1 and clauses[0].operator in ("~=", "=="):
        return next(_replaced(text, found[0], found[0].replace(clauses[0].version, version)), None)
    return text if specifier.contains(version, prereleases=True) else None


def _replaced(text: str, old: str, new: str) -> Iterator[str]:
    """The text with one dependency replaced, where nothing else changes by it."""
    wanted = tomllib.loads(text)
    listed: list[str] = wanted["project"]["dependencies"]
    listed[listed.index(old)] = new
    for quote in ('"', "'"):
        for place in re.finditer(re.escape(f"{quote}{old}{quote}"), text):
            made = f"{text[: place.start()]}{quote}{new}{quote}{text[place.end() :]}"
            if tomllib.loads(made) == wanted:
                yield made


def pin(folder: Path, version: str) -> tuple[str, str]:
    """The project's ``pyproject.toml`` before and after it depends on this version.

    Raises:
        PoblanoError: its owner must change it.
    """
    before = (folder / FILE).read_text(encoding="utf-8")
    after = pinned(before, version)
    if after is None:
        raise PoblanoError(
            f"{folder / FILE} depends on another poblano than {version}, which is installed; "
            f'write "poblano~={version}" among the dependencies'
        )
    return before, after

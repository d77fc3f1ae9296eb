"""From a project to what is to be deployed of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from poblano.build.plan import Options, Plan
from poblano.settings import FILE

if TYPE_CHECKING:
    from poblano.cli.project import Project

FIRST: Final = "0.0.1"
"""The version of a module that does not say one."""


def planned(project: Project, options: Options, *, embed: bool = True) -> Plan:
    """What is to be deployed.

    Args:
        project: the module, as it was just loaded.
        options: what is asked for.
        embed: whether the code travels in a Secret; else it lies in the image.

    Raises:
        InvalidSettings: the code cannot travel, or not in a Secret; what was recorded cannot be read. Says what to do.
    """
    from poblano.build.archive import archive
    from poblano.build.recorded import read

    return Plan(
        settings=project.settings,
        module=project.module,
        version=version_of(project.settings.folder),
        archive=archive(project.settings) if embed else None,
        options=options,
        recorded=read(project.settings.folder),
    )


def version_of(folder: Path) -> str:
    """The version that the ``[project]`` of a folder says, or `FIRST`."""
    document: dict[str, Any] = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    version: object = document.get("project", {}).get("version")
    return version if isinstance(version, str) and version else FIRST

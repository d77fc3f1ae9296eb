"""Plans of the examples: real modules, with a placeholder for their code and image, so that nothing hangs on their bytes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from poblano.build.archive import Archive
from poblano.build.parts import parts
from poblano.build.plan import Options, Plan
from poblano.build.tree import Part
from poblano.build.writers import files
from poblano.cli.planning import version_of
from poblano.cli.project import Project, load_project

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CODE = Archive(b"the code", "ab" * 32)
IMAGE = "poblano/controller:1.2.3"
UUIDS = {"hello": "hello", "operator": "webapps", "upkeep": "upkeep"}


@cache
def project(name: str) -> Project:
    """An example, imported."""
    return load_project(EXAMPLES / name)


def plan_of_example(name: str, **options: Any) -> Plan:
    """The plan of an example; `options` are those of the build."""
    one = project(name)
    return Plan(
        settings=one.settings,
        module=one.module,
        version=version_of(one.settings.folder),
        archive=CODE,
        options=Options(**{"image": IMAGE, **options}),
    )


def parts_of_example(name: str, **options: Any) -> tuple[Part, ...]:
    """All that is deployed of it."""
    return parts(plan_of_example(name, **options))


def files_of_example(name: str, **options: Any) -> dict[str, str]:
    """All that is written of it."""
    plan = plan_of_example(name, **options)
    return files(plan, parts(plan))

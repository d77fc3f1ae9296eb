"""What ``poblano build`` does: load, judge, make, write; nothing is written unless all went well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from poblano.build.plan import Options, Plan, stock_image
from poblano.build.zarf import Deploying
from poblano.cli.planning import planned, version_of
from poblano.core.errors import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poblano.build.findings import Finding
    from poblano.build.tree import Part
    from poblano.cli.project import Project

IMAGE_FOLDER = "image"
"""What an image is built from, where it is to have the code in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call of the command.

    Args:
        options: what the objects depend on.
        output: the folder to write to.
        entry_point: the module object, where not the settings'.
        timeout: of webhooks in seconds, where not the settings'.
        registry: that has a copy of the controller's image.
        registry_info: where an image with the module in it is pushed.
        embed: whether the code travels in a Secret.
        component: of the Zarf package.
        deploying: what the Zarf package applies.
    """

    options: Options
    output: Path
    entry_point: str | None = None
    timeout: int | None = None
    registry: str | None = None
    registry_info: str | None = None
    embed: bool = True
    component: str = "module"
    deploying: Deploying = "manifest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What came of it.

    Args:
        plan: what is deployed.
        parts: of it.
        findings: what the linter lets pass.
        files: by their paths in the output folder.
        context: what an image is built from that has the code in it; nothing where the code travels in a Secret.
    """

    plan: Plan
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...]
    files: Mapping[str, str | bytes]
    context: Mapping[str, bytes]


def build(asked: Asked) -> None:
    """Build what was asked for, write it, and say what it is.

    Raises:
        PoblanoError: it cannot be built; says why, and what to do. Nothing is written then.
    """
    from poblano.build.output import check_free, put
    from poblano.cli.building_report import report
    from poblano.cli.project import load_project
    from poblano.log import configure

    configure("warning", format="console")
    built = made(load_project(Path.cwd(), entry_point=asked.entry_point), asked)
    check_free(asked.output, built.files)
    if asked.registry_info is not None:
        _push(built)
    put(asked.output, built.files)
    report(built, asked.output)


def made(project: Project, asked: Asked) -> Built:
    """All that is to be written; nothing is.

    Raises:
        PoblanoError: it cannot be built.
    """
    from poblano.build.lockouts import checked
    from poblano.build.parts import parts
    from poblano.build.writers import files

    if not asked.embed and not (asked.options.image or project.settings.image or asked.registry_info):
        raise InvalidSettings(
            "--no-embed leaves the code to the image, and the image of Poblano has none: name yours with --custom-image, "
            "or as image in [tool.poblano]"
        )
    if asked.timeout is not None:
        project = replace(project, settings=replace(project.settings, webhook_timeout=asked.timeout))
    context = {} if _travels(asked) else _context(project, asked)
    plan = planned(project, replace(asked.options, image=_image(project, asked, context)), embed=_travels(asked))
    found = parts(plan)
    findings = checked(plan)
    written: dict[str, str | bytes] = {**files(plan, found, deploying=asked.deploying, component=asked.component)}
    written |= {f"{IMAGE_FOLDER}/{path}": data for path, data in context.items()}
    return Built(plan=plan, parts=found, findings=findings, files=written, context=context)


def _travels(asked: Asked) -> bool:
    """Whether the code travels in a Secret; else it lies in the image."""
    return asked.embed and asked.registry_info is None


def _context(project: Project, asked: Asked) -> dict[str, bytes]:
    """What an image with the module in it is built from: the image that would have run it otherwise, and the code."""
    from poblano.build.image import image_context

    settings = project.settings
    named = settings.image if asked.registry_info is not None else None  # else that is what it is to become
    return image_context(settings, base=named or stock_image(asked.registry))


def _image(project: Project, asked: Asked, context: Mapping[str, bytes]) -> str | None:
    """The image that is asked for; None where the settings say it, or nobody does."""
    from poblano.build.image import image_name

    if asked.registry_info is not None:
        version = version_of(project.settings.folder)
        return image_name(asked.registry_info, project.settings, version, context)
    return stock_image(asked.registry) if asked.registry is not None else asked.options.image


def _push(built: Built) -> None:
    from poblano.build.image import build_and_push, build_tool

    build_and_push(built.context, built.plan.image, tool=build_tool())

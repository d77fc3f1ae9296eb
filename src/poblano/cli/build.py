"""``poblano build``: the module as manifests, Kustomize base, Helm chart and Zarf package."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from poblano.build.plan import Certificates, Work
    from poblano.build.zarf import Deploying
    from poblano.settings import RbacMode

OLDEST: Final = (1, 20)
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_MODULE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def _version(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    """``1.28`` as two numbers."""
    found = re.fullmatch(r"v?(\d{1,3})\.(\d{1,3})(\.\d+)?", value)
    version = (int(found[1]), int(found[2])) if found else None
    if version is None or version < OLDEST:
        raise click.BadParameter(f"{value!r} is no version from {'.'.join(map(str, OLDEST))} on, such as 1.28")
    return version


def _name(context: click.Context, parameter: click.Parameter, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """What may be a name in a cluster."""
    for one in (value,) if isinstance(value, str) else value:
        if not _NAME.fullmatch(one):
            raise click.BadParameter(f"{one!r} is no name: use lower-case letters, digits and dashes, at most 63")
    return value


def _object(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A module and an object in it."""
    if value is not None and not _MODULE.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not a module and an object in it, such as hello:module")
    return value


@click.command(name="build")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="Write into this folder. What an earlier build wrote there is replaced; the rest is not touched.",
)
@click.option(
    "--kubernetes",
    metavar="VERSION",
    callback=_version,
    default="1.36",
    show_default=True,
    help="The oldest API server that must take it. What that lacks is left out or replaced, and said.",
)
@click.option(
    "-M",
    "--rbac-mode",
    type=click.Choice(["scoped", "admin"]),
    help="scoped: the accounts may do what the code does. admin: everything. Default: the settings'.",
)
@click.option(
    "--certificates",
    type=click.Choice(["self", "cert-manager", "provided"]),
    default="self",
    show_default=True,
    help="Who makes the webhooks' certificate: the module's pods, cert-manager, or you.",
)
@click.option("--monitoring", is_flag=True, help="With ServiceMonitors and a PrometheusRule.")
@click.option("--network-policy", is_flag=True, help="With a NetworkPolicy for each kind of pod.")
@click.option(
    "--work",
    type=click.Choice(["elected", "shared", "alone"]),
    default="elected",
    show_default=True,
    help="Which watcher pod works: the elected one, each on its share, or the only one.",
)
@click.option(
    "-t",
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(1, 30),
    help="How long the API server waits for a webhook, 1 to 30, where no action says. Default: the settings'.",
)
@click.option(
    "-e",
    "--entry-point",
    metavar="MODULE:NAME",
    callback=_object,
    help="The module object, such as hello:module. Default: the settings'.",
)
@click.option(
    "-i", "--custom-image", metavar="IMAGE", help="Run this image. Default: the settings', or that of this version."
)
@click.option(
    "-r",
    "--registry",
    metavar="REGISTRY",
    help="Take the image of this version from a registry of yours, which has a copy.",
)
@click.option(
    "-I",
    "--registry-info",
    metavar="REGISTRY/NAME",
    help="Build an image that has the module in it, with docker or podman, and push it there.",
)
@click.option(
    "-n",
    "--no-embed",
    is_flag=True,
    help="Leave the code out: the image has it. What such an image is built from is written to image/.",
)
@click.option(
    "-P",
    "--with-pull-secret",
    metavar="NAME",
    callback=_name,
    multiple=True,
    help="A Secret of the module's namespace with which the image is pulled. May be given several times.",
)
@click.option(
    "-c",
    "--custom-name",
    metavar="NAME",
    callback=_name,
    default="module",
    show_default=True,
    help="What the component of the Zarf package is called.",
)
@click.option(
    "-z",
    "--zarf",
    type=click.Choice(["manifest", "chart"]),
    default="manifest",
    show_default=True,
    help="What the Zarf package deploys.",
)
def command(
    output: Path,
    kubernetes: tuple[int, int],
    rbac_mode: RbacMode | None,
    certificates: Certificates,
    monitoring: bool,  # noqa: FBT001 -- click passes by name
    network_policy: bool,  # noqa: FBT001
    work: Work,
    timeout: int | None,
    entry_point: str | None,
    custom_image: str | None,
    registry: str | None,
    registry_info: str | None,
    no_embed: bool,  # noqa: FBT001
    with_pull_secret: tuple[str, ...],
    custom_name: str,
    zarf: Deploying,
) -> None:
    """Write what a cluster is given: manifests, a Helm chart and more.

    \b
    poblano build -o dist
    kubectl apply -f dist/poblano-module-hello.yaml

    With that, the module runs in it. The same objects are written as manifests, as a base for Kustomize, as a Helm chart and as a
    Zarf package. The same source gives the same bytes, and nothing in them is secret. Rules that would lock a cluster up are refused.
    """
    from poblano.build.plan import Options
    from poblano.cli.building import Asked, build

    _check_images(custom_image, registry, registry_info)
    options = Options(
        kubernetes=kubernetes,
        image=custom_image,
        pull_secrets=with_pull_secret,
        rbac_mode=rbac_mode,
        certificates=certificates,
        monitoring=monitoring,
        network_policy=network_policy,
        work=work,
    )
    build(
        Asked(
            options=options,
            output=output,
            entry_point=entry_point,
            timeout=timeout,
            registry=registry,
            registry_info=registry_info,
            embed=not no_embed,
            component=custom_name,
            deploying=zarf,
        )
    )


def _check_images(custom_image: str | None, registry: str | None, registry_info: str | None) -> None:
    """Only one may say which image it is."""
    given = {"--custom-image": custom_image, "--registry": registry, "--registry-info": registry_info}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise click.UsageError(f"{' and '.join(named)} each say which image it is; give one of them")
    for name in named:
        if not re.fullmatch(r"[^\s'\"]+", given[name] or ""):
            raise click.UsageError(f"{name} {given[name]!r} names no image")

"""``poblano dev``: a cluster calls the module on this machine while you write it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import click


def _host(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """`value`, if a webhook's address can have it as its host."""
    import ipaddress

    try:
        ipaddress.ip_address(value)
    except ValueError:
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", value):
            raise click.BadParameter(
                f"{value!r} is neither a name nor an address; write it alone: --host localhost (the port is --port)"
            ) from None
    return value


@click.command(name="dev")
@click.option(
    "--kubeconfig",
    type=click.Path(path_type=Path),
    help="How to reach the cluster. Default: what kubectl would use (KUBECONFIG, ~/.kube/config).",
)
@click.option("--context", default="", help="Context of the kubeconfig. Default: the current one.")
@click.option(
    "--host",
    default="localhost",
    show_default=True,
    callback=_host,
    help="Name or address at which the API server reaches this machine.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8443,
    show_default=True,
    help="Port to serve at; 0 takes a free one.",
)
@click.option("--force", is_flag=True, help="Take over from another poblano dev of the same module.")
def command(kubeconfig: Path | None, context: str, host: str, port: int, force: bool) -> None:  # noqa: FBT001
    """Serve the module from here to a cluster, and reload it on save.

    Its webhooks are registered as narrow as its filters allow, and always so that the cluster goes on without them
    (failurePolicy Ignore): stop at a breakpoint for as long as you like. The registration is taken away at the end,
    however that comes.
    """
    from poblano.admission.server import loop_factory
    from poblano.cli.debugging import keep_ctrl_c
    from poblano.cli.development import Development, Options
    from poblano.cli.project import load_project
    from poblano.cli.terminal import Terminal
    from poblano.client import find_access
    from poblano.log import configure

    access = find_access(kubeconfig, context)
    project = load_project(Path.cwd())
    configure(project.settings.log_level, format="console")
    keep_ctrl_c()
    options = Options(str(kubeconfig.resolve()) if kubeconfig else "", context, host, port, force=force)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(Development(project, access, options, Terminal()).run())

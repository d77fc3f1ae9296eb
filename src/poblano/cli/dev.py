"""``poblano dev``: a cluster, one's own or the embedded one, calls the module on this machine while you write it."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import click

PORT = 8443


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
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="How to reach a cluster of yours. Without it the command starts a small one of its own, which calls this "
    "machine and is gone with it; KUBECONFIG is not looked at.",
)
@click.option("--context", default="", help="Context of the kubeconfig. Default: the current one.")
@click.option(
    "--host",
    default="localhost",
    show_default=True,
    callback=_host,
    help="Name or address at which the API server of your cluster reaches this machine.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port to serve at; 0 takes a free one. Default: {PORT}, and a free one beside a cluster of its own.",
)
@click.option("--force", is_flag=True, help="Take over from another poblano dev of the same module.")
@click.option(
    "--data-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the objects of the command's own cluster here, for the next time; its kubeconfig is DIR/kubeconfig.",
)
def command(
    kubeconfig: Path | None,
    context: str,
    host: str,
    port: int | None,
    force: bool,  # noqa: FBT001
    data_dir: Path | None,
) -> None:
    """Serve the module from here to a cluster, and reload it on save.

    \b
    In one terminal:   poblano dev
    In another:        export KUBECONFIG=...   (the line it prints)
                       kubectl apply -f hello.samples.yaml

    Its webhooks are registered as narrow as its filters allow, and always so that the cluster goes on without them
    (failurePolicy Ignore): stop at a breakpoint for as long as you like. The registration is taken away at the end,
    however that comes.
    """
    from poblano import telemetry
    from poblano.admission.server import loop_factory
    from poblano.cli.debugging import keep_ctrl_c
    from poblano.cli.development import Development, Options
    from poblano.cli.project import load_project
    from poblano.cli.saving import Sources
    from poblano.cli.target import embedded, given
    from poblano.cli.terminal import Terminal
    from poblano.client import find_access
    from poblano.log import configure
    from poblano.settings import find_project

    if kubeconfig is None:
        _check_own(context, host)
        opening = embedded(data_dir and data_dir.resolve())
    else:
        _check_given(kubeconfig, data_dir)
        opening = given(find_access(kubeconfig, context), str(kubeconfig.resolve()), context)
    folder = find_project(Path.cwd())
    sources = Sources(folder)
    project = load_project(folder)
    configure(project.settings.log_level, format="console")
    telemetry.start(f"poblano-{project.settings.uuid}")
    keep_ctrl_c()
    if port is None:
        port = 0 if kubeconfig is None else PORT
    terminal = Terminal()
    if kubeconfig is None and "KUBECONFIG" in os.environ:
        terminal.note('KUBECONFIG is not looked at; for that cluster: poblano dev --kubeconfig "$KUBECONFIG"')
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(Development(project, sources, opening, Options(host, port, force=force), terminal).run())


def _check_own(context: str, host: str) -> None:
    """The options that are for a cluster of the user's were not given."""
    if context:
        raise click.UsageError(
            f"--context is of a kubeconfig: poblano dev --kubeconfig ~/.kube/config --context {context}"
        )
    if not _is_loopback(host):
        raise click.UsageError(
            f"the command's own cluster is on this machine and does not call {host}: leave out --host, "
            "or name a cluster of yours with --kubeconfig"
        )


def _check_given(kubeconfig: Path, data_dir: Path | None) -> None:
    """The options that are for the command's own cluster were not given."""
    if data_dir is not None:
        raise click.UsageError(
            f"--data-dir is for the command's own cluster, and {kubeconfig} names another: leave out one of the two"
        )


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""``poblano cluster``: run the embedded cluster by itself."""

from __future__ import annotations

import asyncio
import gc
import shlex
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from poblano.cluster.serving.served import Served, Settings
    from poblano.cluster.serving.sockets import Address

LISTEN = "127.0.0.1:6443"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _address(ctx: click.Context, param: click.Parameter, value: str) -> Address:
    from poblano.cluster.serving.sockets import parse

    try:
        return parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command(name="cluster")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    callback=_address,
    default=LISTEN,
    show_default=True,
    help="Where to serve; port 0 takes a free one. IPv6 as [::1]:6443.",
)
@click.option(
    "--data-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep objects, keys and certificates here, for the next start. Without it nothing outlives the process.",
)
@click.option(
    "--kubeconfig-out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the kubeconfig here, once the cluster answers. Default: DIR/kubeconfig, or a temporary file.",
)
@click.option(
    "--rbac", is_flag=True, help="Let roles decide who may do what. Without it every known user may do anything."
)
@click.option(
    "--controllers",
    is_flag=True,
    help="Let Deployments, Jobs and the like make Pods, and let Pods run (nothing is really started).",
)
def command(listen: Address, data_dir: Path | None, kubeconfig_out: Path | None, rbac: bool, controllers: bool) -> None:  # noqa: FBT001
    """Run a small Kubernetes cluster: its API, on this machine.

    There are no nodes. It needs nothing but Python, serves HTTPS, and ends with SIGTERM or Ctrl-C. kubectl, and any
    other client, works with the kubeconfig that it writes: its user is admin, who may do anything.

    \b
    In one terminal:   poblano cluster
    In another:        export KUBECONFIG=...   (the line it prints)
                       kubectl get namespaces
    """
    from poblano.cluster.serving.served import Settings

    settings = Settings(
        address=listen, directory=data_dir, kubeconfig=kubeconfig_out, rbac=rbac, controllers=controllers
    )
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_serve(settings))


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


async def _serve(settings: Settings) -> None:
    from poblano.cluster.serving.served import Served

    loop, told = asyncio.get_running_loop(), asyncio.Event()
    with _signals(loop, told):
        async with Served(settings) as served:
            _say(settings, served)
            _settle()
            await told.wait()


@contextmanager
def _signals(loop: asyncio.AbstractEventLoop, told: asyncio.Event) -> Generator[None]:
    for number in SIGNALS:
        loop.add_signal_handler(number, told.set)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def _say(settings: Settings, served: Served) -> None:
    kept = f"kept in {settings.directory}" if settings.directory else "in memory: gone when this ends"
    click.echo(f"Kubernetes API at {served.url} ({kept})")
    click.echo(f"export KUBECONFIG={shlex.quote(str(served.kubeconfig))}")


def _settle() -> None:
    """What lives by now lives for good: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()

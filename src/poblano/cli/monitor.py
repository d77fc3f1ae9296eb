"""``poblano monitor``: what the rules of a module say to the requests of a cluster, as it happens."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from poblano.cli.reaching import where

if TYPE_CHECKING:
    from poblano.fluent.logs import LogLine

SECOND_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _ago(_context: click.Context, _option: click.Parameter, value: str | None) -> timedelta | None:
    if value is None:
        return None
    number, unit = value[:-1], value[-1:]
    if unit not in SECOND_UNITS or not number.isdigit() or not int(number):
        raise click.BadParameter(f"{value!r} is no time; write 30s, 10m, 2h or 1d")
    return timedelta(seconds=int(number) * SECOND_UNITS[unit])


@click.command(name="monitor")
@click.argument("uuid", required=False)
@click.option("-n", "--namespace", default="", help="Where the module is. Default: wherever it is found.")
@click.option("--since", callback=_ago, metavar="TIME", help="Begin so long ago: 30s, 10m, 2h. Default: now.")
@click.option("--all", "everything", is_flag=True, help="Also what the pods log besides reviews.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: the log lines as they are, each with its pod.",
)
@where
def command(
    uuid: str | None,
    namespace: str,
    since: timedelta | None,
    everything: bool,  # noqa: FBT001
    output: str,
    kubeconfig: Path | None,
    context: str,
) -> None:
    """Follow what a module says to the requests of a cluster.

    Who asked what, what was changed, why it was denied. It reads the logs of all pods of the module, of those too that
    come while it runs. Without a UUID it is the module of this folder. Values that may be secrets are in no log, so they
    are not shown. Ctrl-C ends it.
    """
    from poblano.cli.deployed import own_uuid

    meant = uuid or own_uuid(Path.cwd())
    how = cast('Literal["text", "json"]', output)
    asyncio.run(_follow(meant, namespace, since, how, kubeconfig, context, everything=everything))


async def _follow(
    uuid: str,
    namespace: str,
    since: timedelta | None,
    output: Literal["text", "json"],
    kubeconfig: Path | None,
    context: str,
    *,
    everything: bool,
) -> None:
    from poblano.cli.deployed import the_one
    from poblano.cli.logged import Shown, as_json
    from poblano.cli.pod_logs import PodLogs
    from poblano.cli.terminal import Terminal
    from poblano.client import ApiClient, find_access
    from poblano.core.deployed import UUID_LABEL

    terminal = Terminal()
    shown = Shown(terminal, everything=everything)

    def tell(line: LogLine) -> None:
        if output == "text":
            shown.line(line)
        elif (text := as_json(line, everything=everything)) is not None:
            terminal.line(text)

    async with ApiClient(find_access(kubeconfig, context)) as client:
        found = await the_one(client, uuid, namespace)
        if output == "text":
            terminal.note(f"following {uuid} in {found.namespace}, {found.ready} pods ready; Ctrl-C ends it")
        async with aclosing(PodLogs(client, found.namespace, {UUID_LABEL: uuid}, since).lines()) as lines:
            async for line in lines:
                tell(line)

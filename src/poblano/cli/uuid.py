"""``poblano uuid``: which modules a cluster has."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from poblano.cli.reaching import where


@click.command(name="uuid")
@click.argument("uuid", required=False, default="")
@where
def command(uuid: str, kubeconfig: Path | None, context: str) -> None:
    """List the modules of a cluster.

    With a UUID only that one: where it is, whether its pods are ready, what it is for.
    """
    asyncio.run(_list(uuid, kubeconfig, context))


async def _list(uuid: str, kubeconfig: Path | None, context: str) -> None:
    from poblano.cli.columns import columns
    from poblano.cli.deployed import deployed
    from poblano.client import ApiClient, find_access

    async with ApiClient(find_access(kubeconfig, context)) as client:
        found = await deployed(client, uuid)
    if not found:
        which = f"no module {uuid!r}" if uuid else "no module of Poblano's"
        raise click.ClickException(f"the cluster has {which}; poblano deploy puts one there")
    rows = [(one.uuid, one.namespace, one.ready, one.description) for one in found]
    for line in columns([("UUID", "NAMESPACE", "READY", "DESCRIPTION"), *rows]):
        click.echo(line)

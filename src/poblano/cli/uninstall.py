"""``poblano uninstall``: take a module out of a cluster, so that nothing of it stands in anybody's way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import click

from poblano.cli.asking import sure
from poblano.cli.reaching import where


@dataclass(frozen=True, slots=True)
class Uninstallation:
    """The command line, but for the cluster."""

    uuid: str
    namespace: str
    seconds: float
    force: bool
    data: bool
    yes: bool


@click.command(name="uninstall")
@click.argument("uuid", required=False)
@click.option("-n", "--namespace", default="", help="Where the module is. Default: wherever it is found.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="How long objects that are being deleted may take to be cleaned up.",
)
@click.option(
    "--force", is_flag=True, help="Let objects go that are not cleaned up in time: what they stood for stays."
)
@click.option(
    "--delete-data",
    is_flag=True,
    help="Also the stores, and the definitions of the module's own kinds with all objects of these.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@where
def command(
    uuid: str | None,
    namespace: str,
    timeout: float,
    kubeconfig: Path | None,
    context: str,
    *,
    force: bool,
    delete_data: bool,
    yes: bool,
) -> None:
    """Take a module out of a cluster: its webhooks first.

    Then what is being deleted is cleaned up by the pods that still run, these are ended, their finalizers are taken off all
    that lives on, and the rest goes. Without a UUID it is the module of this folder. Its namespace stays, and what users
    keep: its stores and its own kinds, unless --delete-data says otherwise. If it ends half way, call it again.
    """
    from poblano.cli.deployed import own_uuid
    from poblano.cli.stopping import run_until_told

    meant = uuid or own_uuid(Path.cwd())
    asked = Uninstallation(meant, namespace, timeout, force=force, data=delete_data, yes=yes)
    run_until_told(_uninstall(asked, kubeconfig, context))


async def _uninstall(asked: Uninstallation, kubeconfig: Path | None, context: str) -> None:
    from poblano.cli.terminal import Terminal
    from poblano.cli.uninstalling import Uninstalling, is_kept
    from poblano.client import ApiClient, find_access

    terminal = Terminal()
    access = find_access(kubeconfig, context)
    async with ApiClient(access) as client:
        uninstalling = Uninstalling(client, asked.uuid, asked.namespace, terminal)
        found = await uninstalling.look()
        if not [one for one in found if asked.data or not is_kept(one)]:
            raise click.ClickException(f"nothing of the module {asked.uuid!r} is in {access.cluster.server}")
        if not asked.yes:
            what = f"Take {asked.uuid} out of {access.cluster.server}"
            sure(f"{what}, its stores and all objects of its kinds too?" if asked.data else f"{what}?")
        try:
            await uninstalling.run(found, asked.seconds, force=asked.force, data=asked.data)
        except asyncio.CancelledError:
            terminal.mistake(
                f"stopped on the way: what is listed above is gone; for the rest, call it again for {asked.uuid}"
            )
            raise

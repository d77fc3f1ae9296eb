"""``poblano doctor``: why is my webhook not called?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from poblano.cli.reaching import where

if TYPE_CHECKING:
    from poblano.cli.asked_about import Request
    from poblano.cli.diagnosis import Diagnosis, Finding
    from poblano.cli.terminal import Terminal
    from poblano.client import ApiClient
    from poblano.core.jsonvalue import Document

SIGNS: Final = {True: ("ok   ", "green"), False: ("wrong", "bold red"), None: ("-    ", "yellow")}


@click.command(name="doctor")
@click.argument("uuid", required=False)
@click.option("-n", "--namespace", default="", help="Where the module is. Default: wherever it is found.")
@click.option(
    "-f",
    "--filename",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Say of the objects in this file which webhook is asked about them, and what keeps the others.",
)
@click.option(
    "--operation",
    type=click.Choice(["CREATE", "UPDATE", "DELETE"]),
    default="CREATE",
    show_default=True,
    help="What is done with these objects.",
)
@click.option("--as", "user", metavar="USER", help="Who does it. Default: you.")
@where
def command(
    uuid: str | None,
    namespace: str,
    filename: Path | None,
    operation: str,
    user: str | None,
    kubeconfig: Path | None,
    context: str,
) -> None:
    """Find out why a module in a cluster is not asked.

    It looks at its pods, the Service, the way from the API server to the pods, the webhooks, their certificate, who leads,
    and what the accounts may do: one line each, with what to do. In the module's folder it knows more. Exits with 1 when
    something is wrong.
    """
    from poblano.cli.deployed import own_uuid

    meant = uuid or own_uuid(Path.cwd())
    if not asyncio.run(_examine(meant, namespace, filename, operation, user, kubeconfig, context)):
        raise SystemExit(1)


async def _examine(
    uuid: str,
    namespace: str,
    filename: Path | None,
    operation: str,
    user: str | None,
    kubeconfig: Path | None,
    context: str,
) -> bool:
    """Print the findings; whether nothing is wrong."""
    from poblano.cli.diagnosis import Diagnosis
    from poblano.cli.terminal import Terminal
    from poblano.client import ApiClient, find_access

    terminal, well = Terminal(), True
    async with ApiClient(find_access(kubeconfig, context)) as client:
        diagnosis = Diagnosis(client, uuid, namespace)
        async for finding in _all(client, diagnosis, uuid, filename, operation, user):
            _print(terminal, finding)
            well = well and finding.good is not False
    return well


async def _all(
    client: ApiClient, diagnosis: Diagnosis, uuid: str, filename: Path | None, operation: str, user: str | None
) -> AsyncGenerator[Finding]:
    from poblano.cli.asked_about import asked_about
    from poblano.cli.rights_held import rights_held

    async for finding in diagnosis.findings():
        yield finding
    async for finding in rights_held(client, uuid, diagnosis.namespace):
        yield finding
    for document in _documents(filename):
        request = await _request(client, document, operation, user)
        for configuration in diagnosis.configurations:
            for finding in asked_about(configuration, request, uuid):
                yield finding


def _print(terminal: Terminal, finding: Finding) -> None:
    terminal.line(SIGNS[finding.good], f" {finding.about:<12} {finding.says}")
    if finding.remedy:
        terminal.line(" " * 19, (finding.remedy, "bold"))


def _documents(filename: Path | None) -> list[Document]:
    if filename is None:
        return []
    from poblano.cli.samples import samples_of

    return [sample.document for sample in samples_of(filename)]


async def _request(client: ApiClient, document: Document, operation: str, user: str | None) -> Request:
    from poblano.cli.applying import Applier
    from poblano.cli.asked_about import Request
    from poblano.cli.defining import NAMESPACES
    from poblano.client import Resources
    from poblano.core.errors import NotFound

    kind = await Applier(client).kind(document)
    meta: Document = document.get("metadata") or {}
    place = str(meta.get("namespace") or "default") if kind.namespaced else ""
    labels: dict[str, str] = {}
    if place:
        try:
            found = await Resources(client).get(NAMESPACES, place)
            labels = found["metadata"].get("labels") or {}
        except NotFound:
            raise click.ClickException(
                f"the cluster has no namespace {place!r}, so nothing can be sent there"
            ) from None
    who, groups = (user, ()) if user else await _self(client)
    if kind.plural == "namespaces":
        place = str(meta.get("name") or "")
    return Request(operation, kind, document, place, labels, who, groups)


async def _self(client: ApiClient) -> tuple[str, tuple[str, ...]]:
    """Who asks, as far as the API server tells: since 1.28 (KEP-3325)."""
    from poblano.core.errors import ApiError

    try:
        answer = await client.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body={})
    except ApiError:
        return "", ()
    info = answer.json()["status"]["userInfo"]
    return info.get("username", ""), tuple(info.get("groups") or ())

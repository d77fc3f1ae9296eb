"""``poblano store``: what the stores of a module have, in a cluster."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from poblano.cli.columns import columns
from poblano.cli.reaching import where
from poblano.core.printable import printable

if TYPE_CHECKING:
    from poblano.capability import Capability
    from poblano.cli.project import Project
    from poblano.client import ApiClient
    from poblano.store.keeper import ClusterKeeper

T = TypeVar("T")

PATIENCE_SECONDS = 30.0
"""How long a write is tried."""

PORTION_ITEMS, PORTION_CHARACTERS = 1000, 100_000
"""What is taken over in one transaction."""

WIDTH = 60
"""Characters of a value in a list; `get` prints all of it."""


class Opened(NamedTuple):
    """A module, its cluster, and who keeps its stores, by capability."""

    project: Project
    client: ApiClient
    keepers: Mapping[str, tuple[Capability[Any], ClusterKeeper]]


@click.group(name="store")
def command() -> None:
    """Read and write the stores of the module, in a cluster.

    To be called in the folder of the module. A replica hears of what is written here at once.
    """


@command.command
@where
def init(kubeconfig: Path | None, context: str) -> None:
    """Have the cluster serve the kind that stores are kept in, and make the module's namespace."""

    async def run() -> None:
        from poblano.cli.defining import Definer

        async with _opened(kubeconfig, context, ready=False) as opened:
            for line in await Definer(opened.client, opened.project.settings.uuid).prepare_stores(opened.project):
                click.echo(line)

    asyncio.run(run())


@command.command(name="list")
@click.argument("capability", required=False)
@where
def list_(capability: str | None, kubeconfig: Path | None, context: str) -> None:
    """All items, or those of one CAPABILITY. Values of a secret store are not shown."""

    async def run() -> None:
        async with _opened(kubeconfig, context) as opened:
            rows = [("CAPABILITY", "KEY", "BYTES", "VALUE")]
            for owner, keeper in _chosen(opened, capability):
                for key, text in sorted((await _patiently(keeper.fresh())).items()):
                    shown = "(secret)" if owner.store.secret else _short(text)
                    rows.append((owner.name, key, str(len(text.encode())), shown))
            for line in columns(rows):
                click.echo(line)
            for owner, keeper in _chosen(opened, capability):
                if keeper.parts:
                    quota = f"about {keeper.size:,} bytes of {keeper.sharding.quota:,}"
                    click.echo(f"{owner.name} is spread over {keeper.parts} objects: {quota}", err=True)

    asyncio.run(run())


@command.command
@click.argument("capability")
@click.argument("key")
@where
def get(capability: str, key: str, kubeconfig: Path | None, context: str) -> None:
    """Print the value of one item, as it is."""

    async def run() -> None:
        async with _opened(kubeconfig, context) as opened:
            [(_, keeper)] = _chosen(opened, capability)
            text = (await _patiently(keeper.fresh())).get(key)
            if text is None:
                raise click.ClickException(f"there is no item {key!r} in the store of {capability}")
            click.echo(text)

    asyncio.run(run())


@command.command(name="set")
@click.argument("capability")
@click.argument("key")
@click.argument("value")
@click.option("--ttl", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="It is gone after so long.")
@where
def set_(capability: str, key: str, value: str, ttl: float | None, kubeconfig: Path | None, context: str) -> None:
    """Write one item. VALUE is JSON where the store keeps another type than texts; - reads it from the input."""
    text = sys.stdin.read() if value == "-" else value

    async def run() -> None:
        async with _opened(kubeconfig, context) as opened:
            [(owner, keeper)] = _chosen(opened, capability)
            owner.store.check(key, text)
            await _patiently(keeper.exchange({}, {key: text}, None if ttl is None else timedelta(seconds=ttl)))

    asyncio.run(run())
    click.echo(f"wrote {key}")


@command.command(name="import")
@click.option("--from", "source", required=True, metavar="peprstore/NAME", help="Which PeprStore to read.")
@click.option("--namespace", default="pepr-system", show_default=True, help="Where it is.")
@click.option("--overwrite", is_flag=True, help="Write items that are there already, too.")
@where
def import_(source: str, namespace: str, overwrite: bool, kubeconfig: Path | None, context: str) -> None:  # noqa: FBT001
    """Take over what a module of Pepr has kept. The PeprStore stays as it is.

    Each item goes to the capability of the same name; what is nobody's is said and passed over.
    """
    asyncio.run(_import(source, namespace, kubeconfig, context, overwrite=overwrite))


async def _import(source: str, namespace: str, kubeconfig: Path | None, context: str, *, overwrite: bool) -> None:
    from poblano.client import Resources
    from poblano.core.errors import NotFound
    from poblano.core.store.pepr import PEPR_STORE, imported

    kind, slash, name = source.partition("/")
    if not slash or not name or kind.lower() not in {"peprstore", "peprstores", "peprstores.pepr.dev"}:
        raise click.BadParameter(f"{source!r} is none; write peprstore/NAME", param_hint="--from")
    async with _opened(kubeconfig, context) as opened:
        try:
            document = await Resources(opened.client).get(PEPR_STORE, name, namespace)
        except NotFound:
            raise click.ClickException(f"there is no PeprStore {name} in the namespace {namespace}") from None
        found = imported(document.get("data") or {}, [one.name for one in opened.project.module.capabilities])
        for key, why in found.skipped:
            click.echo(f"skipped {key}: {why}")
        for capability, items in found.items.items():
            await _take_over(opened, capability, items, overwrite=overwrite)


async def _take_over(opened: Opened, name: str, items: Mapping[str, str], *, overwrite: bool) -> None:
    """Write those of one capability, as many in one transaction as it takes."""
    from poblano.core.store.values import UnreadableItem

    if name not in opened.keepers:
        for key in items:
            click.echo(f"skipped {key} of {name}: no code of this capability speaks of its store")
        return
    owner, keeper = opened.keepers[name]
    before, after = await _patiently(keeper.fresh()), dict[str, str]()
    for key, text in items.items():
        try:
            owner.store.check(key, text)
        except (TypeError, UnreadableItem) as error:
            click.echo(f"skipped {key} of {name}: {error}")
            continue
        if key in before and not overwrite:
            click.echo(f"skipped {key} of {name}: it is there already; --overwrite writes it")
            continue
        after[key] = text
    for portion in _portions(after):
        await _patiently(keeper.exchange({key: before.get(key) for key in portion}, portion))
    click.echo(f"took over {len(after)} item{'' if len(after) == 1 else 's'} of {name}")


def _portions(items: Mapping[str, str]) -> Iterator[dict[str, str]]:
    portion, size = dict[str, str](), 0
    for key, text in items.items():
        if portion and (len(portion) == PORTION_ITEMS or size + len(text) > PORTION_CHARACTERS):
            yield portion
            portion, size = {}, 0
        portion[key] = text
        size += len(text)
    if portion:
        yield portion


@asynccontextmanager
async def _opened(kubeconfig: Path | None, context: str, *, ready: bool = True) -> AsyncGenerator[Opened]:
    from poblano.cli.keeping import has_store, stores_of
    from poblano.cli.project import load_project
    from poblano.client import ApiClient, find_access
    from poblano.log import configure

    project = load_project(Path.cwd())
    configure("error", format="console")
    if ready and not has_store(project):
        raise click.ClickException("the module keeps nothing: no code of it speaks of the store of its capability")
    async with ApiClient(find_access(kubeconfig, context)) as client:
        stores = stores_of(project, client)
        if ready:
            await _check_kind(client, stores.namespace, [keeper for _, keeper in stores.keepers])
        yield Opened(project, client, {owner.name: (owner, keeper) for owner, keeper in stores.keepers})


async def _check_kind(client: ApiClient, namespace: str, keepers: list[ClusterKeeper]) -> None:
    """That the cluster has the kind, or what makes it: a keeper would wait for it."""
    from poblano.client import Resources
    from poblano.core.errors import NotFound
    from poblano.core.store.definition import STORE

    if any(keeper.kind == STORE for keeper in keepers):
        try:
            await Resources(client).list(STORE, namespace)
        except NotFound:
            raise click.ClickException(
                "the cluster does not serve the kind that stores are kept in; poblano store init has it do so"
            ) from None


def _chosen(opened: Opened, name: str | None) -> list[tuple[Capability[Any], ClusterKeeper]]:
    if name is None:
        return list(opened.keepers.values())
    if name not in opened.keepers:
        raise click.ClickException(f"no capability {name} keeps anything; there are {', '.join(opened.keepers)}")
    return [opened.keepers[name]]


async def _patiently(work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await work
    except TimeoutError:
        raise click.ClickException(
            f"the API server has not done it in {PATIENCE_SECONDS:g} s; is there the namespace of the module, and may you?"
        ) from None


def _short(text: str) -> str:
    line = printable(text)
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}..."

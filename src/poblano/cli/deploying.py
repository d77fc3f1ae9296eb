"""Putting a module into a cluster: definitions, roles and pods; once these are ready its webhooks; then they are armed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from poblano.admission.webhooks import KINDS
from poblano.build.parts import parts
from poblano.build.tree import resolved
from poblano.cli.applying import Applier, name_of
from poblano.cli.defining import NAMESPACES
from poblano.cli.deployed import deployed
from poblano.cli.pruning import Pruner
from poblano.cli.putting import WEBHOOKS, Putter
from poblano.cli.rehearsing import Rehearsal
from poblano.cli.rollout import Trouble, progress, troubles
from poblano.cli.succession import Succession
from poblano.client import Resources
from poblano.core.binding import Phase
from poblano.core.errors import ApiError, Forbidden, NotFound, PoblanoError
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.registered import policies
from poblano.fluent import K8s
from poblano.models import a

if TYPE_CHECKING:
    from poblano.build.plan import Plan
    from poblano.cli.pull_secrets import Registry
    from poblano.cli.terminal import Terminal
    from poblano.client import ApiClient

LOOK_SECONDS: Final = 1.0
LOG_LINES: Final = 8


class NotDeployed(PoblanoError):
    """What was put into the cluster does not get ready there."""


def documents_of(plan: Plan) -> list[Document]:
    """All objects of a module, in the order in which they are put into a cluster.

    Raises:
        InvalidDefinition: it has nothing that could be deployed.
    """
    return [resolved(part.tree, namespace=plan.settings.namespace) for part in parts(plan) if part.in_manifest]


class Deploying:
    """One deployment of a module.

    Args:
        client: of the cluster.
        plan: what is deployed.
        terminal: where to tell how it goes.
        seconds: how long the pods, and then the webhooks, may take.
    """

    def __init__(self, client: ApiClient, plan: Plan, terminal: Terminal, seconds: float) -> None:
        self._client = client
        self._plan = plan
        self._terminal = terminal
        self._seconds = seconds
        self._namespace = plan.settings.namespace
        self._resources = Resources(client)
        self._deployments = K8s(a.Deployment, client=client).in_namespace(self._namespace)
        self._pods = K8s(a.Pod, client=client).in_namespace(self._namespace)
        self._documents: Final = documents_of(plan)
        self._applier = Applier(client)
        self._putter = Putter(client, self._applier)
        self._pruner = Pruner(client, plan.names.uuid)
        self._succession = Succession(client, plan.names.uuid, self._putter, self._pruner, terminal)
        self._at = ""
        self._listed = False

    async def check(self) -> list[str]:
        """See that the cluster serves all that is to be put there.

        Returns:
            the namespaces that are missing: those that rules name, and roles are made in.

        Raises:
            ApiError: it does not.
        """
        await self._putter.check(self._documents)
        return await self._putter.missing(self._documents)

    async def rehearse(self, missing: Collection[str]) -> None:
        """See that the cluster would take all of it, from whoever deploys.

        Args:
            missing: the namespaces that are to be made before.

        Raises:
            NotDeployed: it would not; says what it would refuse, and why.
        """
        made = {name_of(one) for one in self._documents if one["kind"] == NAMESPACES.kind}
        absent = {*missing, *await self._putter.absent(made)}
        refused = await Rehearsal(self._client, self._applier, absent).refusals(self._documents)
        if refused:
            count = f"{len(refused)} of {len(self._documents)} objects"
            raise NotDeployed("\n  ".join([f"nothing was changed, since the cluster would refuse {count}:", *refused]))

    async def elsewhere(self) -> list[str]:
        """The other namespaces in which there is a module of this uuid, as far as who deploys may look."""
        try:
            found = await deployed(self._client, self._plan.names.uuid)
        except Forbidden:
            return []
        return [one.namespace for one in found if one.namespace != self._namespace]

    async def run(self, missing: Sequence[str] = (), registry: Registry | None = None) -> None:
        """Put all of it there, and wait until it works.

        Args:
            missing: the namespaces that are to be made before.
            registry: where the image is pulled from with a Secret that is made first.

        Raises:
            ApiError: the cluster refuses something.
            NotDeployed: it does not get ready in time; says why.
        """
        try:
            for name in missing:
                await self._write(f"{NAMESPACES.kind} {name}", self._putter.make(name))
            await self._run(registry)
        except (asyncio.CancelledError, ApiError):
            self._terminal.mistake(self._left())
            raise

    async def _run(self, registry: Registry | None) -> None:
        documents = [*self._documents]
        if registry is not None:
            secret = registry.secret(self._namespace, self._plan.names.uuid)
            documents.insert(documents[0]["kind"] == NAMESPACES.kind, secret)
        webhooks = [one for one in documents if one["kind"] in WEBHOOKS]
        await self._put(one for one in documents if one["kind"] not in WEBHOOKS)
        if any([await self._putter.announce(one) for one in webhooks]):
            self._terminal.note(f"who makes the certificates from now on: {self._plan.options.certificates}")
        await self._rolled_out([one for one in documents if one["kind"] == "Deployment"])
        await self._put(webhooks)
        async with aclosing(self._pruner.prune(documents)) as going:
            async for gone in going:
                self._terminal.line(f"  {gone} ", ("taken away", "yellow"))
        await self._succession.end(documents, self._seconds)
        if self._plan.admits:
            await self._armed()

    def _left(self) -> str:
        """What an end on the way leaves, and what to do."""
        where = f"at {self._at}" if self._at else "on the way"
        stays = (
            "what is listed above stays, and the cluster goes on with it"
            if self._listed
            else "nothing else was changed"
        )
        wide = f"; {kept} grants what the pods of before need as well" if (kept := self._succession.kept) else ""
        return (
            f"stopped {where}: {stays}{wide}. Call poblano deploy again to go on, deploy the code of before to go back, or take "
            f"all of it out: poblano uninstall {self._plan.names.uuid}"
        )

    async def _put(self, documents: Iterable[Document]) -> None:
        for document in documents:
            what = f"{document['kind']} {document['metadata']['name']}"
            await self._write(what, self._succession.put(document))

    async def _write(self, what: str, written: Awaitable[str]) -> None:
        """List an object with what is done; while that is not known, an end is one at this object."""
        self._at = what
        did = await written
        self._at, self._listed = "", True
        self._terminal.line(f"  {what} ", (did, "dim" if did == "unchanged" else "green"))

    async def _rolled_out(self, wanted: Sequence[Document]) -> None:
        told, until = "", time.monotonic() + self._seconds
        while True:
            found = [await self._deployments.get(one["metadata"]["name"]) for one in wanted]
            how = [progress(one) for one in found]
            if (said := "; ".join(map(str, how))) != told:
                self._terminal.note(said)
                told = said
            if all(one.done for one in how):
                return
            if time.monotonic() >= until:
                raise await self._not_ready([one for one, at in zip(found, how, strict=True) if not at.done])
            await asyncio.sleep(LOOK_SECONDS)

    async def _not_ready(self, deployments: Sequence[a.Deployment]) -> NotDeployed:
        """What is wrong with the Deployments that are not done."""
        lines: list[str] = []
        for one in deployments:
            for trouble in troubles(one, await self._pods_of(one)):
                lines.append(str(trouble))
                lines += [f"    {line}" async for line in self._log(trouble)]
        if kept := self._succession.kept:
            lines.append(f"{kept}: grants what the pods of before need as well, until a deployment gets ready")
        return NotDeployed(
            f"not ready after {self._seconds:g} s; it stays as it is, and goes on trying\n" + "\n".join(lines)
        )

    async def _pods_of(self, deployment: a.Deployment) -> list[a.Pod]:
        pods = self._pods
        for key, value in deployment.spec.selector.match_labels.items():
            pods = pods.with_label(key, value)
        return await pods.list()

    async def _log(self, trouble: Trouble) -> AsyncGenerator[str]:
        """The end of the log that tells more, if it can be read."""
        if not trouble.log:
            return
        try:
            async with aclosing(self._pods.logs(trouble.about, tail=LOG_LINES, previous=trouble.previous)) as lines:
                async for line in lines:
                    yield line.text
        except ApiError as error:
            yield f"(its log cannot be read: {error})"

    async def _armed(self) -> None:
        """Wait until who leads the module has given each webhook its certificate and its policy."""
        until = time.monotonic() + self._seconds
        self._terminal.note("waiting for the webhooks to be armed")
        real = policies(self._plan.entries, self._plan.names.uuid, self._plan.settings.policies)
        while missing := await self._unarmed(real):
            if time.monotonic() >= until:
                raise NotDeployed(
                    f"the pods are ready, but after {self._seconds:g} s nobody has armed {', '.join(missing)}: the cluster "
                    "goes on without them; poblano doctor says why"
                )
            await asyncio.sleep(LOOK_SECONDS)
        self._terminal.note("the webhooks are armed")

    async def _live(self, kind: Kind) -> dict[str, Document]:
        """The webhooks of the module in the cluster, by name."""
        try:
            found = await self._resources.get(kind, self._plan.names.base)
        except NotFound:
            return {}
        return {one["name"]: one for one in found["webhooks"]}

    async def _unarmed(self, real: Mapping[Phase, Mapping[str, str]]) -> list[str]:
        found: list[str] = []
        for phase, kind in KINDS.items():
            if not real[phase]:
                continue
            live = await self._live(kind)
            for name, policy in real[phase].items():
                one = live.get(name)
                if one is None or not one["clientConfig"].get("caBundle") or one["failurePolicy"] != policy:
                    found.append(name)
        return found

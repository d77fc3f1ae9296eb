"""Taking a module out of a cluster, in an order in which nothing waits for what is gone already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from poblano.admission.webhooks import KINDS
from poblano.build.definitions import LABEL as MODULE_LABEL
from poblano.cli.applying import name_of
from poblano.cli.deployed import check_names, deployed
from poblano.cli.everything import every_kind, metadata_of
from poblano.cli.pruning import is_sessions
from poblano.client import Resources
from poblano.core.deployed import CAPABILITY_LABEL, UUID_LABEL, Names
from poblano.core.errors import Conflict, Invalid, InvalidSettings, NotFound, PoblanoError
from poblano.core.finalizers import PREFIX, finalizers_of, removal
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.shortlist import shortlist
from poblano.core.store.contents import LABEL as STORE_LABEL
from poblano.core.store.definition import STORE
from poblano.fluent.log_lines import PODS
from poblano.watch.leases import LEASE
from poblano.watch.sharding import GROUP

if TYPE_CHECKING:
    from poblano.cli.terminal import Terminal
    from poblano.client import ApiClient

LOOK_SECONDS: Final = 1.0
DEFINITION: Final = "CustomResourceDefinition"
KEPT: Final = frozenset({STORE_LABEL, CAPABILITY_LABEL})
"""The labels of what a store is kept in."""

OTHERS: Final = frozenset({"Namespace", "Pod", "ReplicaSet", "Endpoints", "EndpointSlice", "ControllerRevision"})
"""What goes with its owner, and the namespace: who knows what else is in it."""


class NotUninstalled(PoblanoError):
    """Something of the module is still there."""


class Uninstalling:
    """One uninstallation.

    Args:
        client: of the cluster.
        uuid: of the module.
        namespace: where its Pods are; "" is wherever they are found.
        terminal: where to tell what is done.
    """

    def __init__(self, client: ApiClient, uuid: str, namespace: str, terminal: Terminal) -> None:
        self._client = client
        self._uuid = uuid
        self._namespace = namespace
        self._terminal = terminal
        self._resources = Resources(client)
        self._kinds: dict[str, Kind] = {}
        self._longer: tuple[str, ...] = ()
        self._told: set[str] = set()

    async def look(self) -> list[Document]:
        """What is there of the module; only what it is called, and its labels.

        Raises:
            InvalidSettings: it is not in the namespace, or in another one as well.
        """
        check_names(self._uuid, self._namespace)
        everyone = await deployed(self._client)
        self._check_place([one.namespace for one in everyone if one.uuid == self._uuid])
        kinds = await every_kind(self._client, self._tell)
        self._kinds = {f"{kind.api_version}/{kind.kind}": kind for kind in kinds}
        others = {one.uuid for one in everyone}
        self._longer = tuple(f"{PREFIX}{one}-" for one in others if one.startswith(f"{self._uuid}-"))
        found = [one for kind in kinds for one in await self._labelled(kind) if self._is_meant(one)]
        return [*found, *await self._leases()]

    async def run(self, found: Sequence[Document], seconds: float, *, force: bool, data: bool) -> None:
        """Take it out.

        Args:
            found: what is there of it: see `look`.
            seconds: how long what is being deleted may take to be cleaned up.
            force: let go what is not cleaned up in time.
            data: also what users keep.

        Raises:
            NotUninstalled: something is not cleaned up.
            ApiError: the cluster refuses.
        """
        webhooks = {kind.kind for kind in KINDS.values()}
        await self._delete(one for one in found if one["kind"] in webhooks)
        await self._cleaned_up(seconds, force=force)
        await self._delete(one for one in found if one["kind"] == "Deployment")
        await self._pods_gone(seconds)
        await self._release(await self._held())
        rest = [one for one in found if one["kind"] not in {*webhooks, "Deployment"} and not is_kept(one)]
        kept = [one for one in found if is_kept(one)]
        await self._delete(rest)
        if data:
            await self._delete(kept)
        elif kept:
            names = ", ".join(f"{one['kind']} {name_of(one)}" for one in kept)
            self._terminal.note(f"left, since users keep something there: {names} (--delete-data takes them too)")
        self._terminal.note(f"{self._uuid} is out; its namespace is left")

    def _check_place(self, places: Sequence[str]) -> None:
        """Webhooks, roles and finalizers bear no namespace: all of one uuid share them, wherever it is."""
        if not self._namespace or not places or list(places) == [self._namespace]:
            return
        if self._namespace not in places:
            raise InvalidSettings(
                f"the module {self._uuid!r} is not in {self._namespace}, but in {', '.join(places)}: nothing was done"
            )
        raise InvalidSettings(
            f"the module {self._uuid!r} is in {' and '.join(places)}, which share its webhooks, roles and finalizers, so that none "
            "can be taken out alone: nothing was done. Without --namespace all go; deploy again where it is wanted"
        )

    def _tell(self, text: str) -> None:
        """Once: the cluster is looked through several times."""
        if text not in self._told:
            self._told.add(text)
            self._terminal.mistake(text)

    async def _labelled(self, kind: Kind) -> list[Document]:
        if kind.kind in OTHERS:
            return []
        label = f"{MODULE_LABEL if kind.kind == DEFINITION else UUID_LABEL}={self._uuid}"
        return [one async for one in metadata_of(self._client, kind, self._tell, label)]

    def _is_meant(self, one: Document) -> bool:
        place = one["metadata"].get("namespace") or ""
        return not is_sessions(one) and (
            not self._namespace or place in {"", self._namespace} or one["kind"] in {"Role", "RoleBinding"}
        )

    async def _leases(self) -> list[Document]:
        """Leases are made by the pods, and bear no label of the module's."""
        if f"{LEASE.api_version}/{LEASE.kind}" not in self._kinds:
            return []
        names = Names(self._uuid)
        leases = [one async for one in metadata_of(self._client, LEASE, self._tell)]
        return [
            one
            for one in leases
            if name_of(one) in {names.base, names.certificates} or _labels(one).get(GROUP) == names.base
        ]

    async def _delete(self, documents: Iterable[Document]) -> None:
        for one in documents:
            kind = self._kinds[f"{one['apiVersion']}/{one['kind']}"]
            try:
                await self._resources.delete(
                    kind, name_of(one), one["metadata"].get("namespace") or "", propagation="Background"
                )
            except NotFound:
                continue
            self._terminal.line(f"  {one['kind']} {name_of(one)} ", ("deleted", "yellow"))

    async def _held(self) -> list[tuple[Kind, Document]]:
        """The objects that bear a finalizer of the module."""
        return [
            (kind, one)
            for kind in self._kinds.values()
            async for one in metadata_of(self._client, kind, self._tell)
            if self._own(one)
        ]

    def _own(self, one: Document) -> list[str]:
        """The finalizers of the module: one of hello-world's begins like one of hello's."""
        mine = [name for name in finalizers_of(one) if name.startswith(f"{PREFIX}{self._uuid}-")]
        return [name for name in mine if not name.startswith(self._longer)]

    async def _cleaned_up(self, seconds: float, *, force: bool) -> None:
        """Wait for the pods to clean up after what is being deleted."""
        until, told, going = time.monotonic() + seconds, "", await self._going()
        while going:
            said = _names(going)
            if said != told:
                self._terminal.note(f"waiting for the pods to clean up after {said}")
                told = said
            if time.monotonic() >= until:
                if not force:
                    raise NotUninstalled(
                        f"not cleaned up in {seconds:g} s: {said}; the webhooks are gone and the pods go on: poblano monitor "
                        "shows what they say. Call it again, or let go what they stand for with --force"
                    )
                await self._release(going)
                return
            await asyncio.sleep(LOOK_SECONDS)
            going = await self._still(going) or await self._going()

    async def _going(self) -> list[tuple[Kind, Document]]:
        """What waits for the pods, as all objects of the cluster are looked through."""
        return [pair for pair in await self._held() if pair[1]["metadata"].get("deletionTimestamp")]

    async def _still(self, going: Sequence[tuple[Kind, Document]]) -> list[tuple[Kind, Document]]:
        """What of it waits still."""
        found: list[tuple[Kind, Document]] = []
        for kind, one in going:
            with suppress(NotFound):
                now = await self._resources.get(kind, name_of(one), one["metadata"].get("namespace") or "")
                if now["metadata"]["uid"] == one["metadata"]["uid"] and self._own(now):
                    found.append((kind, now))
        return found

    async def _release(self, held: Sequence[tuple[Kind, Document]]) -> None:
        """Take the module's finalizers off."""
        for kind, one in held:
            for name in self._own(one):
                await self._take_off(kind, one, name)
            self._terminal.line(f"  {kind.kind} {_place(one)} ", ("let go", "yellow"))

    async def _take_off(self, kind: Kind, one: Document, name: str) -> None:
        place = one["metadata"].get("namespace") or ""
        while patch := removal(one, name, one["metadata"]["uid"]):
            try:
                await self._resources.patch(kind, name_of(one), patch, place)
                return
            except NotFound:
                return
            except (Conflict, Invalid):  # somebody else changed the finalizers meanwhile
                try:
                    one = await self._resources.get(kind, name_of(one), place)
                except NotFound:
                    return

    async def _pods_gone(self, seconds: float) -> None:
        """Wait until none of the module's pods runs, which would put its finalizers on again."""
        until = time.monotonic() + seconds
        while left := [
            one
            async for one in metadata_of(self._client, PODS, self._tell, f"{UUID_LABEL}={self._uuid}")
            if not self._namespace or one["metadata"]["namespace"] == self._namespace
        ]:
            if time.monotonic() >= until:
                raise NotUninstalled(
                    f"{len(left)} pods do not end, such as {_place(left[0])}; see what keeps them, and call it again"
                )
            await asyncio.sleep(LOOK_SECONDS)


def is_kept(one: Document) -> bool:
    """Whether users keep something in it: a store, be it a Secret, or the definition of a kind, whose objects go with it."""
    return one["kind"] in {DEFINITION, STORE.kind} or not KEPT.isdisjoint(_labels(one))


def _labels(one: Document) -> dict[str, str]:
    return one["metadata"].get("labels") or {}


def _names(held: Sequence[tuple[Kind, Document]]) -> str:
    return shortlist([f"{kind.kind} {_place(one)}" for kind, one in held], 5)


def _place(one: Document) -> str:
    space = one["metadata"].get("namespace")
    return f"{space}/{name_of(one)}" if space else name_of(one)

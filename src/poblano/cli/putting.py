"""What was built, put into a cluster: each object applied under one name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from poblano.admission.webhooks import KINDS
from poblano.build.webhooks import INJECTOR
from poblano.cli.applying import Applier, name_of
from poblano.cli.defining import NAMESPACES
from poblano.cli.widening import SHARED, widened
from poblano.client import Resources
from poblano.core.deployed import MAKER
from poblano.core.errors import Conflict, Forbidden, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind

if TYPE_CHECKING:
    from poblano.client import ApiClient

MANAGER: Final = "poblano-deploy"

DEFINITION: Final = "CustomResourceDefinition"
_CONFIGURATIONS: Final = {kind.kind: kind for kind in KINDS.values()}
WEBHOOKS: Final = frozenset(_CONFIGURATIONS)

Wider: TypeAlias = Literal["more", "no more", "less"]
"""What a role grants, beside what was asked for: more, no more, or less than the pods of before need."""


class Putter:
    """Writes what was built.

    Args:
        client: of the cluster.
        applier: knows the kinds that it serves.
        dry_run: have the cluster check everything, and store nothing.
    """

    def __init__(self, client: ApiClient, applier: Applier, *, dry_run: bool = False) -> None:
        self._dry_run = dry_run
        self._applier = applier
        self._resources = Resources(client, field_manager=MANAGER)

    async def check(self, documents: Iterable[Document]) -> None:
        """See that the cluster serves the kind of each, before the first is written.

        Raises:
            NotFound: it does not.
        """
        documents = list(documents)
        defined = {spec["names"]["kind"] for one in documents if one["kind"] == DEFINITION for spec in [one["spec"]]}
        for document in documents:
            if document["kind"] not in defined:
                await self._applier.kind(document)

    async def missing(self, documents: Iterable[Document]) -> list[str]:
        """The namespaces that objects are to be in, and that are neither there nor among them."""
        documents = list(documents)
        made = {name_of(one) for one in documents if one["kind"] == NAMESPACES.kind}
        wanted = {str(one["metadata"].get("namespace") or "") for one in documents} - made - {""}
        return await self.absent(wanted)

    async def absent(self, namespaces: Iterable[str]) -> list[str]:
        """Those that are not there."""
        return [name for name in sorted(namespaces) if not await self._exists(name)]

    async def _exists(self, namespace: str) -> bool:
        try:
            await self._resources.get(NAMESPACES, namespace)
        except NotFound:
            return False
        return True

    async def make(self, namespace: str) -> str:
        """Make a namespace; what was done, in a word. It is not the module's: nothing takes it away again."""
        await self._resources.create(NAMESPACES, {"metadata": {"name": namespace}})
        return "created"

    async def put(self, document: Document) -> str:
        """Apply one object; what was done, in a word. Fields that others set in it stay theirs, but for those that it names.

        Raises:
            ApiError: the cluster refuses, or does not serve its kind.
        """
        kind = await self._applier.kind(document)
        place = document["metadata"].get("namespace", "") if kind.namespaced else ""
        if kind.kind in WEBHOOKS:
            return await self._put_webhooks(kind, document)
        return await self._put_over(kind, document, place, await self._read(kind, document, place))

    async def _put_over(self, kind: Kind, document: Document, place: str, found: Document) -> str:
        """As `put`, over what was found there; nothing when there is none."""
        try:
            stored = await self._resources.apply(kind, document, place, force=True, dry_run=self._dry_run)
        except Forbidden:
            if not found or kind.kind != NAMESPACES.kind:
                raise
            return "left as it is, since you may not change it"  # somebody gives them out
        if kind.kind == DEFINITION and not self._dry_run:
            await self._applier.until_served(stored)
        return _word(_version(found), stored)

    async def put_widened(self, document: Document) -> tuple[str, Wider]:
        """Apply one object, and leave what it grants already to the pods of before; what was done, and what it grants now.

        To be followed by `put` of the same object once these pods are gone.

        Raises:
            ApiError: the cluster refuses, or does not serve its kind.
        """
        if document["kind"] not in SHARED:
            return await self.put(document), "no more"
        kind = await self._applier.kind(document)
        place = document["metadata"].get("namespace", "")
        found = await self._read(kind, document, place)
        wide = widened(document, found) if found else document
        if wide is document:
            return await self._put_over(kind, document, place, found), "no more"
        try:
            stored = await self._resources.apply(kind, wide, place, force=True)
        except Forbidden:  # who deploys may not grant what somebody with more rights has granted before
            return await self._put_over(kind, document, place, found), "less"
        return _word(_version(found), stored), "more"

    async def _read(self, kind: Kind, document: Document, place: str) -> Document:
        """What is there of it; nothing when there is none."""
        try:
            return await self._resources.get(kind, name_of(document), place)
        except NotFound:
            return {}

    async def announce(self, document: Document) -> bool:
        """Say in a webhook configuration that is there already who makes the certificates from now on; whether that is news.

        The pods of before leave it to those to come then, which would not get ready otherwise. What cert-manager writes into `caBundle`
        leaves out who has signed for the pods of before: so nothing is refused for their sake meanwhile.

        Args:
            document: the configuration as it is to be.
        """
        kind, wanted = _CONFIGURATIONS[document["kind"]], document["metadata"]["annotations"]
        while True:
            try:
                found = await self._resources.get(kind, name_of(document))
            except NotFound:
                return False
            meta: Document = found["metadata"]
            annotations: dict[str, str] = meta.get("annotations") or {}
            if annotations.get(MAKER) == wanted[MAKER]:
                return False
            kept = {key: value for key, value in annotations.items() if key != INJECTOR}
            changed: Document = {**found, "metadata": {**meta, "annotations": {**kept, **wanted}}}
            if INJECTOR in wanted:
                changed["webhooks"] = [{**one, "failurePolicy": "Ignore"} for one in found["webhooks"]]
            with suppress(Conflict):  # who leads writes there, too
                await self._resources.replace(kind, changed)
                return True
            await asyncio.sleep(0)

    async def _put_webhooks(self, kind: Kind, document: Document) -> str:
        """Put a configuration in place of the one that is there, without disarming what of it stays.

        Who leads the module owns the certificate and the policy of each webhook, so applying one without a webhook that
        is no longer wanted would leave half of it behind.
        """
        while True:
            try:
                found = await self._resources.get(kind, name_of(document))
            except NotFound:
                try:
                    await self._resources.create(kind, document, dry_run=self._dry_run)
                except Conflict:  # another deployment was faster
                    continue
                return "created"
            meta: Document = {**document["metadata"], "resourceVersion": found["metadata"]["resourceVersion"]}
            kept = {**document, "metadata": meta, "webhooks": as_armed(document["webhooks"], found["webhooks"])}
            try:
                stored = await self._resources.replace(kind, kept, dry_run=self._dry_run)
            except Conflict:
                await asyncio.sleep(0)
                continue
            return _word(found["metadata"]["resourceVersion"], stored)


def as_armed(new: Iterable[Mapping[str, Any]], live: Iterable[Mapping[str, Any]]) -> list[Document]:
    """The webhooks `new`, each with the certificate and the policy that the one of its name has in the cluster.

    One that is to call another Service, as of a module that has moved to another namespace, is not armed for that: who
    answers there has another certificate.

    >>> live = [{"name": "a", "failurePolicy": "Fail", "clientConfig": {"service": {}, "caBundle": "Q0E="}}]
    >>> as_armed([{"name": "a", "failurePolicy": "Ignore", "clientConfig": {"service": {}}}], live)
    [{'name': 'a', 'failurePolicy': 'Fail', 'clientConfig': {'service': {}, 'caBundle': 'Q0E='}}]
    """
    known = {one["name"]: one for one in live}
    made: list[Document] = []
    for webhook in new:
        found = known.get(webhook["name"])
        bundle = found["clientConfig"].get("caBundle") if found is not None else None
        if found is None or not bundle or _called(found) != _called(webhook):
            made.append(dict(webhook))
            continue
        client = {**webhook["clientConfig"], "caBundle": bundle}
        made.append({**webhook, "failurePolicy": found["failurePolicy"], "clientConfig": client})
    return made


def _called(webhook: Mapping[str, Any]) -> tuple[object, object]:
    """Namespace and name of the Service."""
    service: Mapping[str, object] = webhook["clientConfig"].get("service") or {}
    return service.get("namespace"), service.get("name")


def _version(found: Document) -> str:
    """Of what was read; "" when that is nothing."""
    return str(found["metadata"]["resourceVersion"]) if found else ""


def _word(before: str, stored: Document) -> str:
    if not before:
        return "created"
    return "unchanged" if stored["metadata"]["resourceVersion"] == before else "configured"

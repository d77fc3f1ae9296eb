"""Applying objects to a cluster one by one, as ``kubectl apply`` does: created when new, applied over what is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from poblano.client import Resources, discover
from poblano.core.errors import ApiError, NotFound
from poblano.core.jsonvalue import Document, as_map
from poblano.core.kinds import Kind
from poblano.fluent.log_lines import PODS

if TYPE_CHECKING:
    from poblano.client import ApiClient

MANAGER: Final = "poblano-demo"
DEFINITION: Final = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
PAUSE_SECONDS: Final = 0.02
ATTEMPTS: Final = 500


class Applier:
    """Writes objects of any kind that the cluster serves.

    Args:
        client: of the cluster.
    """

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._resources = Resources(client, field_manager=MANAGER)
        self._kinds: dict[tuple[str, str], Kind] = {}

    async def is_new(self, document: Document) -> bool:
        """Whether applying it would create it.

        Raises:
            ApiError: the cluster does not serve its kind, or gave no answer.
        """
        if not name_of(document):
            return True
        try:
            await self.read(document)
        except NotFound:
            await self.kind(document)
            return True
        return False

    async def read(self, document: Document) -> Document:
        """What the cluster holds of an object. Raises `NotFound` when nothing."""
        kind = await self.kind(document)
        return await self._resources.get(kind, name_of(document), _place(kind, document))

    async def apply(self, document: Document, *, new: bool) -> Document:
        """Write it; what is stored now. Returns once the cluster serves what a definition defines.

        Args:
            document: the object.
            new: whether it is to be created: see `is_new`.

        Raises:
            ApiError: the cluster, or a rule that it asked, refuses.
        """
        kind = await self.kind(document)
        defines = (kind.api_version, kind.kind) == DEFINITION
        if new:
            stored = await self._resources.create(kind, document, _place(kind, document))
        else:  # a definition that somebody wrote goes before one that was made from a class
            stored = await self._resources.apply(kind, document, _place(kind, document), force=defines)
        if defines:
            await self.until_served(stored)
        return stored

    async def delete(self, document: Document) -> None:
        """Have it go, and what it owns after it.

        Raises:
            ApiError: it is refused.
        """
        kind = await self.kind(document)
        await self._resources.delete(kind, name_of(document), _place(kind, document), propagation="Background")

    async def try_deletion(self, document: Document) -> None:
        """Ask for its deletion as a dry run: everybody is asked, and nothing goes.

        Raises:
            ApiError: it is refused.
        """
        kind = await self.kind(document)
        await self._resources.delete(kind, name_of(document), _place(kind, document), dry_run=True)

    async def described(self, document: Document) -> str:
        """Kind, namespace and name, in a line: ``ConfigMap shop/x``.

        Raises:
            NotFound: the cluster does not serve its kind.
        """
        kind = await self.kind(document)
        name = name_of(document) or f"{(as_map(document.get('metadata')) or {}).get('generateName', '')}…"
        place = _place(kind, document)
        return f"{kind.kind} {place}/{name}" if place else f"{kind.kind} {name}"

    async def pods(self, namespace: str) -> list[Document]:
        """The Pods in a namespace."""
        return (await self._resources.list(PODS, namespace)).items

    async def kind(self, document: Document) -> Kind:
        """The kind of an object, as the cluster serves it.

        Raises:
            NotFound: it does not.
        """
        wanted = (str(document["apiVersion"]), str(document["kind"]))
        if wanted not in self._kinds:
            await self._look_up(wanted[0])
        if wanted not in self._kinds:
            raise NotFound(
                f'no matches for kind "{wanted[1]}" in version "{wanted[0]}"',
                status=404,
                remedy="if it is a kind of yours, its CustomResourceDefinition has to come first",
            )
        return self._kinds[wanted]

    async def _look_up(self, api_version: str) -> None:
        group, _, version = api_version.rpartition("/")
        try:
            served = await discover(self._client, group, version)
        except NotFound:
            return
        self._kinds |= {(api_version, one.kind.kind): one.kind for one in served}

    async def until_served(self, definition: Document) -> None:
        """Wait for the kind that was defined; when it does not come, whoever uses it is told."""
        spec: dict[str, Any] = definition["spec"]
        versions = [f"{spec['group']}/{version['name']}" for version in spec["versions"] if version["served"]]
        for version in versions:
            for _ in range(ATTEMPTS):
                await self._look_up(version)
                if (version, spec["names"]["kind"]) in self._kinds and await self._answers(
                    version, spec["names"]["kind"]
                ):
                    break
                await asyncio.sleep(PAUSE_SECONDS)

    async def _answers(self, api_version: str, kind: str) -> bool:
        """Whether it can be listed: a server may name what it defines a moment before it serves it."""
        try:
            await self._resources.list(self._kinds[api_version, kind], page=1)
        except NotFound:
            return False
        except ApiError:  # it may not be allowed, which is an answer
            return True
        return True


def name_of(document: Document) -> str:
    """The object's name; "" for one that is yet to be made up."""
    return str((as_map(document.get("metadata")) or {}).get("name") or "")


def _place(kind: Kind, document: Document) -> str:
    """The namespace that is written to."""
    if not kind.namespaced:
        return ""
    return str((as_map(document.get("metadata")) or {}).get("namespace") or "default")

"""The CustomResourceDefinitions of a module's own kinds: made from its classes, and put into a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poblano.build.definitions import LABEL, definition_of_stores, has_objects
from poblano.build.definitions import definitions as definitions_of_module
from poblano.cli.applying import Applier
from poblano.client import Resources
from poblano.core.crd import CRD
from poblano.core.errors import AlreadyExists, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind

if TYPE_CHECKING:
    from poblano.cli.project import Project
    from poblano.client import ApiClient

NAMESPACES: Final = Kind("", "v1", "Namespace", "namespaces", namespaced=False)


def definitions(project: Project) -> list[Document]:
    """What defines the kinds of a module: see `poblano.build.definitions.definitions`."""
    return definitions_of_module(project.module, project.settings.uuid)


class Definer:
    """Puts them into a cluster.

    Args:
        client: of the cluster.
        uuid: of the module.
    """

    def __init__(self, client: ApiClient, uuid: str) -> None:
        self._applier = Applier(client)
        self._resources = Resources(client, field_manager=f"poblano-{uuid}")
        self._before: list[Document] = []
        self._homes: set[str] = set()

    async def define(self, project: Project) -> list[str]:
        """Have the cluster serve the kinds of `project`; what was done and what was not, a line each.

        Those that are there already and not this module's are left as they are; an unchanged one is not written again.

        Raises:
            ApiError: the cluster refuses.
            InvalidDefinition: an annotation says what a schema cannot.
        """
        wanted = definitions(project)
        told = [await self._put(one) for one in wanted if one not in self._before]
        self._before = wanted
        return [*told, *await self._make_home(project)]

    async def prepare_stores(self, project: Project) -> list[str]:
        """Have the cluster serve the kind that stores are kept in, in the module's namespace. Returns and raises as `define`."""
        return [await self._put(definition_of_stores()), *await self._make_home(project, needed=True)]

    async def _make_home(self, project: Project, *, needed: bool = False) -> list[str]:
        """Have a namespace for the module's own objects, where it has some."""
        name = project.settings.namespace
        if not (needed or has_objects(project.module)) or name in self._homes:
            return []
        self._homes.add(name)
        try:
            await self._resources.create(NAMESPACES, {"metadata": {"name": name}})
        except AlreadyExists:
            return []
        return [f"made the namespace {name}"]

    async def _put(self, wanted: Document) -> str:
        name = wanted["metadata"]["name"]
        try:
            found = await self._resources.get(CRD, name)
        except NotFound:
            found = None
        labels: Document = {} if found is None else found["metadata"].get("labels") or {}
        if found is not None and labels.get(LABEL) != wanted["metadata"]["labels"][LABEL]:
            return f"{name} is there already and not this module's, so it is left as it is"
        stored = await self._resources.apply(CRD, wanted, force=True)
        await self._applier.until_served(stored)
        if found is None:
            return f"defined {name}"
        before, after = found["metadata"].get("generation"), stored["metadata"].get("generation")
        return f"{name} is as it was" if before == after else f"changed {name}"

"""The CustomResourceDefinitions of a module's own kinds: made from its classes, and put into a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poblano.cli.applying import Applier
from poblano.client import Resources
from poblano.core.crd import CRD, definitions_of
from poblano.core.errors import NotFound
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from poblano.cli.project import Project
    from poblano.client import ApiClient

LABEL: Final = "poblano.dev/module"
"""Says whose a definition is: that of others is never touched."""


def definitions(project: Project) -> list[Document]:
    """What defines the kinds that a module's rules are bound to, as far as they are its own, by name.

    Raises:
        InvalidDefinition: an annotation says what a schema cannot.
    """
    made = definitions_of(binding.view for binding in project.module.bindings)
    for one in made:
        one["metadata"]["labels"] = {LABEL: project.settings.uuid}
    return made


class Definer:
    """Puts them into a cluster.

    Args:
        client: of the cluster.
        uuid: of the module.
    """

    def __init__(self, client: ApiClient, uuid: str) -> None:
        self._applier = Applier(client)
        self._resources = Resources(client, field_manager=f"poblano-{uuid}")
        self._uuid = uuid
        self._before: list[Document] = []

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
        return told

    async def _put(self, wanted: Document) -> str:
        name = wanted["metadata"]["name"]
        try:
            found = await self._resources.get(CRD, name)
        except NotFound:
            found = None
        labels: Document = {} if found is None else found["metadata"].get("labels") or {}
        if found is not None and labels.get(LABEL) != self._uuid:
            return f"{name} is there already and not this module's, so it is left as it is"
        stored = await self._resources.apply(CRD, wanted, force=True)
        await self._applier.until_served(stored)
        if found is None:
            return f"defined {name}"
        before, after = found["metadata"].get("generation"), stored["metadata"].get("generation")
        return f"{name} is as it was" if before == after else f"changed {name}"

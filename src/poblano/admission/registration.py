"""The webhook configurations of a module in a cluster: put there, found, taken away.

Imports little: the guardian of ``poblano dev`` lives on this and the client alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from poblano.admission.webhooks import KINDS
from poblano.core.binding import Phase
from poblano.core.deployed import UUID_LABEL
from poblano.core.errors import ApiError, Conflict, NotFound
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from poblano.client import Resources

PAUSES: Final = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""Seconds between attempts to delete what somebody keeps changing, as one who injects a caBundle may for a while."""


def configuration_name(uuid: str) -> str:
    """What both configurations of a module's ``dev`` are called.

    >>> configuration_name("hello")
    'poblano-hello-dev'
    """
    return f"poblano-{uuid}-dev"


@dataclass(frozen=True, slots=True)
class Registration:
    """The two configurations of one name.

    Args:
        resources: the API server.
        uuid: the module's.
        name: of both configurations.
        marks: annotations by which their owner is known; only what bears them is taken away.
    """

    resources: Resources
    uuid: str
    name: str
    marks: Mapping[str, str]

    async def put(self, webhooks: Mapping[Phase, Sequence[Document]]) -> None:
        """Make the configurations say `webhooks`; one without any is taken away.

        Raises:
            ApiError: the API server refuses.
        """
        for phase, kind in KINDS.items():
            if webhooks[phase]:
                await self.resources.apply(kind, self._document(webhooks[phase]), force=True)
            else:
                await self._remove(phase, only_own=False)

    async def marks_found(self) -> dict[str, str] | None:
        """The annotations of the first configuration that is there, or None."""
        for kind in KINDS.values():
            try:
                metadata: dict[str, Any] = (await self.resources.get(kind, self.name))["metadata"]
            except NotFound:
                continue
            return dict(metadata.get("annotations") or {})
        return None

    async def remove(self, *, only_own: bool = True) -> list[str]:
        """Take the configurations away; harmless when they are gone.

        Args:
            only_own: leave those alone that bear other marks: somebody else has taken the name over.

        Returns:
            the kinds of those that were there.

        Raises:
            ApiError: the API server refuses; `Conflict` when somebody changed one at every attempt, and it is still there.
        """
        gone: list[str] = []
        refusal: ApiError | None = None
        for phase, kind in KINDS.items():
            try:
                gone += [kind.kind] if await self._remove(phase, only_own=only_own) else []
            except ApiError as error:  # one that stays is no reason to leave the other as well
                refusal = refusal or error
        if refusal is not None:
            raise refusal
        return gone

    async def _remove(self, phase: Phase, *, only_own: bool) -> bool:
        from poblano.client import Preconditions

        for pause in (*PAUSES, None):
            try:
                metadata: dict[str, Any] = (await self.resources.get(KINDS[phase], self.name))["metadata"]
                if only_own and not self._is_own(metadata.get("annotations") or {}):
                    return False
                still = Preconditions(uid=metadata["uid"], resource_version=metadata["resourceVersion"])
                await self.resources.delete(KINDS[phase], self.name, preconditions=still)
            except NotFound:
                break
            except Conflict:  # somebody changed it meanwhile: look again whose it is
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return True
        return False

    def _is_own(self, annotations: Mapping[str, str]) -> bool:
        return all(annotations.get(key) == value for key, value in self.marks.items())

    def _document(self, webhooks: Sequence[Document]) -> Document:
        labels = {"app.kubernetes.io/managed-by": "poblano", UUID_LABEL: self.uuid}
        metadata = {"name": self.name, "labels": labels, "annotations": dict(self.marks)}
        return {"metadata": metadata, "webhooks": list(webhooks)}

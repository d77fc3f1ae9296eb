"""The objects of one store, on the API server: a head, and its parts by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from poblano.client import ApiClient, Resources
from poblano.core.binding import name_part
from poblano.core.deployed import CAPABILITY_LABEL, UUID_LABEL
from poblano.core.errors import ApiError
from poblano.core.jsonvalue import Document, as_map
from poblano.core.marks import LabelIs
from poblano.core.selectors import Selector
from poblano.core.store.contents import LABEL
from poblano.core.store.layout import Layout
from poblano.core.store.room import part_name
from poblano.core.store.snapshot import HEAD
from poblano.watch.informer import Informer

WHOSE = (UUID_LABEL, CAPABILITY_LABEL)
"""Labels that say it. The name does not: those of a module and of a capability may both have dashes."""


class Objects:
    """How to read and write them.

    Args:
        client: an open client.
        layout: what kind of objects they are.
        name: of the head; the parts' begin with it.
        namespace: of all.
        labels: of all.
        field_manager: under which name they are written.
    """

    def __init__(
        self,
        client: ApiClient,
        layout: Layout,
        *,
        name: str,
        namespace: str,
        labels: Mapping[str, str],
        field_manager: str,
    ) -> None:
        self.layout, self.name, self.namespace = layout, name, namespace
        self.label = name_part(name)
        self._labels = {**labels, LABEL: self.label}
        self.trouble: str | None = None
        """Why nothing can be kept in them."""
        self._api = Resources(client, field_manager=field_manager)
        self._selector = Selector.of(LabelIs(LABEL, frozenset({self.label})))

    def informer(self, client: ApiClient) -> Informer:
        """Follows all of them. It is one, so that what it says of them is in the order in which it happened."""
        return Informer(client, self.layout.kind, self.namespace, selector=self._selector)

    def number_of(self, document: Document) -> int | None:
        """Which one a document is, if it is one."""
        return self.number(str(document.get("metadata", {}).get("name", "")))

    def number(self, name: str) -> int | None:
        """Which one has a name, if one has."""
        if name == self.name:
            return HEAD
        number = name.removeprefix(f"{self.name}.")
        return int(number) if number != name and number.isascii() and number.isdecimal() else None

    def is_anothers(self, document: Document) -> bool:
        """Whether one is that of another capability, or module, whose name comes to the same. If so, `trouble` says so."""
        found = as_map(document.get("metadata", {}).get("labels")) or {}
        ours = [self._labels.get(label) for label in WHOSE]
        theirs = [found.get(label, self._labels.get(label)) for label in WHOSE]
        self.trouble = None
        if theirs != ours:
            self.trouble = (
                f"the {self.layout.kind.kind} {self.namespace}/{self.name} is that of the capability {theirs[1]} of the module "
                f"{theirs[0]}: give this module another uuid or namespace, or rename the capability"
            )
        return self.trouble is not None

    async def get(self, number: int) -> Document:
        """One as it is. Raises `ApiError`, also for one that is another's."""
        return self._ours(await self._api.get(self.layout.kind, part_name(self.name, number), self.namespace))

    async def list(self) -> list[Document]:
        """All that there are. Raises `ApiError`, also where one is another's: what is left of a store is still a store."""
        listing = await self._api.list(self.layout.kind, self.namespace, label_selector=self._selector.labels)
        return [self._ours(one) for one in listing.items]

    async def create(self, number: int, contents: Document) -> Document:
        """Make one. Raises `ApiError`."""
        metadata: Document = {"name": part_name(self.name, number), "labels": dict(self._labels)}
        return await self._api.create(self.layout.kind, {"metadata": metadata, **contents}, self.namespace)

    async def patch(self, number: int, steps: Sequence[Mapping[str, Any]]) -> Document:
        """Change one. Raises `ApiError`."""
        return await self._api.patch(self.layout.kind, part_name(self.name, number), steps, self.namespace)

    def _ours(self, document: Document) -> Document:
        if self.is_anothers(document):
            raise ApiError(str(self.trouble), reason="NotOurs")
        return document

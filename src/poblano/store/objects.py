"""The objects of one store, on the API server: a head, and its parts by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from poblano.client import ApiClient, Resources
from poblano.core.binding import name_part
from poblano.core.jsonvalue import Document
from poblano.core.marks import LabelIs
from poblano.core.selectors import Selector
from poblano.core.store.contents import LABEL
from poblano.core.store.layout import Layout
from poblano.core.store.room import part_name
from poblano.core.store.snapshot import HEAD
from poblano.watch.informer import Informer


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

    async def get(self, number: int) -> Document:
        """One as it is. Raises `ApiError`."""
        return await self._api.get(self.layout.kind, part_name(self.name, number), self.namespace)

    async def list(self) -> list[Document]:
        """All that there are. Raises `ApiError`."""
        return list(
            (await self._api.list(self.layout.kind, self.namespace, label_selector=self._selector.labels)).items
        )

    async def create(self, number: int, contents: Document) -> Document:
        """Make one. Raises `ApiError`."""
        metadata: Document = {"name": part_name(self.name, number), "labels": dict(self._labels)}
        return await self._api.create(self.layout.kind, {"metadata": metadata, **contents}, self.namespace)

    async def patch(self, number: int, steps: Sequence[Mapping[str, Any]]) -> Document:
        """Change one. Raises `ApiError`."""
        return await self._api.patch(self.layout.kind, part_name(self.name, number), steps, self.namespace)

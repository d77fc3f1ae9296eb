"""The records of a module's schedules, in one object of its namespace: read from a watch, written by compare-and-swap."""

from __future__ import annotations

import asyncio
from typing import Any

from poblano.client import ApiClient, Resources
from poblano.core.cache import Change, Key
from poblano.core.deployed import UUID_LABEL
from poblano.core.errors import AlreadyExists, Conflict, Invalid, NotFound
from poblano.core.filters import NameIs
from poblano.core.jsonvalue import Document
from poblano.core.patch import escape
from poblano.core.review import decode
from poblano.core.selectors import Selector
from poblano.core.store.definition import STORE, schedules_name
from poblano.watch.informer import Informer


class Records:
    """Texts by the title of a schedule, kept equal to the server's by a watch that `run` keeps.

    Args:
        client: an open client.
        uuid: of the module.
        namespace: of the module.
    """

    def __init__(self, client: ApiClient, *, uuid: str, namespace: str) -> None:
        self._name, self._namespace = schedules_name(uuid), namespace
        self._api = Resources(client, field_manager=f"poblano-{uuid}")
        self._uuid = uuid
        self._key = Key(namespace, self._name)
        self.informer = Informer(client, STORE, namespace, selector=Selector.of(NameIs(frozenset({self._name}))))
        self.informer.subscribe(self._hear)
        self.version = 0
        self._changed = asyncio.Event()
        self._known: dict[str, str] = {}

    async def synced(self) -> None:
        """Wait until what there is is known."""
        await self.informer.synced()

    def all(self) -> dict[str, str]:
        """Every record. Those of an object that somebody deleted are what they were: it is made again of them."""
        document = self._document()
        if document is not None:
            self._known = document.get("data") or {}
        return self._known

    def get(self, title: str) -> str | None:
        """The record of a schedule, if it has one."""
        return self.all().get(title)

    async def put(self, title: str, before: str | None, after: str) -> None:
        """Write a record in the place of what it was.

        Raises:
            Conflict: it is no longer what it was.
            ApiError: the API server refused for another reason, or does not answer.
        """
        document = self._document()
        if document is None:
            await self._create({**self._known, title: after})
            return
        path = f"/data/{escape(title)}"
        if before is None:
            steps = [_test("/metadata/resourceVersion", document["metadata"]["resourceVersion"])]
            steps += [] if "data" in document else [{"op": "add", "path": "/data", "value": {}}]
            steps += [{"op": "add", "path": path, "value": after}]
        else:
            steps = [_test(path, before), {"op": "replace", "path": path, "value": after}]
        try:
            self.informer.wrote(await self._api.patch(STORE, self._name, steps, self._namespace))
        except Invalid as error:  # the answer to a patch whose test fails
            raise Conflict(error.message, status=409, reason="Conflict", path=error.path) from None
        except NotFound:
            await self._create({**self.all(), title: after})

    async def changes(self, since: int, seconds: float | None) -> None:
        """Wait until a record may have changed since `version` was so, or so many seconds."""
        if self.version != since:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def wake(self) -> None:
        """End the waiting."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def _hear(self, change: Change) -> None:
        self.wake()

    def _document(self) -> Document | None:
        item = self.informer.cache.get(self._key)
        return None if item is None else decode(item.raw)

    async def _create(self, data: dict[str, str]) -> None:
        labels = {"app.kubernetes.io/managed-by": "poblano", UUID_LABEL: self._uuid}
        obj: dict[str, Any] = {"metadata": {"name": self._name, "labels": labels}, "data": data}
        try:
            self.informer.wrote(await self._api.create(STORE, obj, self._namespace))
        except AlreadyExists as error:
            raise Conflict(error.message, status=409, reason="Conflict", path=error.path) from None


def _test(path: str, value: object) -> Document:
    return {"op": "test", "path": path, "value": value}

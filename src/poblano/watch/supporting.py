"""What a running controller adds to the context of an action: caches, events, and whether it may still write."""

from __future__ import annotations

from poblano.context import Writing, WritingStatus
from poblano.core.binding import Binding
from poblano.core.cache import Key
from poblano.core.echoes import Echoes
from poblano.core.errors import Conflict
from poblano.core.jsonvalue import Document, as_map
from poblano.core.kinds import Kind
from poblano.core.objects import Resource
from poblano.core.owning import is_controlled
from poblano.core.projection import FULL
from poblano.core.review import decode
from poblano.events import EventType
from poblano.watch.controller import Shared
from poblano.watch.informer import Informer
from poblano.watch.owning import CONTROLLER

TRIES = 5
"""How often something is written anew at once because somebody else was faster. client-go: retry.DefaultRetry."""


class Supported:
    """One run's support; see `poblano.context.Support`.

    Args:
        binding: the rule.
        key: of the object.
        shared: what the rule runs in.
        echoes: tells the rule's own writes from others'.
    """

    def __init__(self, binding: Binding, key: Key, shared: Shared, echoes: Echoes) -> None:
        self._binding = binding
        self._key = key
        self._shared = shared
        self._echoes = echoes

    async def write(self, kind: Kind, write: Writing) -> Document:
        """See `Support`."""
        with self._echoes.writing(self._key) as answered:
            answer = await write()
            answered(_version(answer), silent=False)
            self._shared.informers.wrote(kind, answer)
        return answer

    async def write_status(self, about: Resource, write: WritingStatus) -> Document:
        """See `Support`. The rule does not hear of it, if nobody has changed the object since the rule was given it."""
        with self._echoes.writing(self._key) as answered:
            answer, alone = await self._write_over(about, write)
            answered(_version(answer), silent=alone)
            self._shared.informers.wrote(self._binding.kind, answer)
        return answer

    async def _write_over(self, about: Resource, write: WritingStatus) -> tuple[Document, bool]:
        """Write over the version that the rule was given; or over what there is by now, if that is the same object."""
        version, kind = about.metadata.resource_version, self._binding.kind
        for left in reversed(range(TRIES)):
            try:
                return await write(version), version == about.metadata.resource_version
            except Conflict:
                live = await self._shared.api.get(kind, self._key.name, self._key.namespace)
                if not left or (as_map(live.get("metadata")) or {}).get("uid") != about.metadata.uid:
                    raise
                version = _version(live)
        raise AssertionError

    def tell(self, about: Resource, *, type: EventType, reason: str, note: str) -> None:
        """See `Support`."""
        self._shared.events.tell(self._binding, about, type=type, reason=reason, note=note)

    async def children(self, kind: Kind, owner: Document) -> list[Document]:
        """See `Support`."""
        metadata = as_map(owner.get("metadata")) or {}
        uid, namespace = str(metadata.get("uid", "")), str(metadata.get("namespace", ""))
        informers = self._knowing(kind)
        if informers:
            items = [item for informer in informers for item in informer.by_index(CONTROLLER, uid)]
            return [{"apiVersion": kind.api_version, "kind": kind.kind, **(decode(item.raw) or {})} for item in items]
        listing = await self._shared.api.list(kind, namespace if kind.namespaced else "")
        return [one for one in listing.items if is_controlled(one, uid)]

    def _knowing(self, kind: Kind) -> tuple[Informer, ...]:
        """Who knows all of what the object may own of that kind; nobody where the metadata alone are kept, or nothing."""
        of = (one for one in self._binding.owns if one.kind == kind)
        found = (self._shared.informers.beside(one, self._binding) for one in of)
        return next((one for one in found if all(informer.projection.covers(FULL) for informer in one)), ())


def _version(obj: Document) -> str:
    return str((as_map(obj.get("metadata")) or {}).get("resourceVersion", ""))

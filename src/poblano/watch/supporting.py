"""What a running controller adds to the context of an action: caches, events, and whether it may still write."""

from __future__ import annotations

from collections.abc import Callable

from poblano.core.binding import Binding
from poblano.core.jsonvalue import Document, as_map, same
from poblano.core.kinds import Kind
from poblano.core.objects import Resource
from poblano.core.owning import is_controlled
from poblano.core.review import decode
from poblano.events import EventType
from poblano.watch.controller import Shared
from poblano.watch.owning import CONTROLLER, informers_for


class Supported:
    """One run's support; see `poblano.context.Support`.

    Args:
        binding: the rule.
        shared: what the rule runs in.
        echo: is told the version of the object that is no news: it differs from what the action was given in what it wrote itself.
    """

    def __init__(self, binding: Binding, shared: Shared, echo: Callable[[str], object] = lambda version: None) -> None:
        self._binding = binding
        self._shared = shared
        self._echo = echo

    def wrote(self, kind: Kind, answer: Document) -> None:
        """See `Support`."""
        self._shared.informers.wrote(kind, answer)

    def wrote_status(self, before: Document, status: Document, answer: Document) -> None:
        """See `Support`."""
        version = (as_map(answer.get("metadata")) or {}).get("resourceVersion")
        as_given = same(_but_status(before), _but_status(answer))
        if isinstance(version, str) and as_given and same(status, as_map(answer.get("status")) or {}):
            self._echo(version)
        self.wrote(self._binding.kind, answer)

    def tell(self, about: Resource, *, type: EventType, reason: str, note: str) -> None:
        """See `Support`."""
        self._shared.events.tell(self._binding, about, type=type, reason=reason, note=note)

    async def children(self, kind: Kind, owner: Document) -> list[Document]:
        """See `Support`."""
        metadata = as_map(owner.get("metadata")) or {}
        uid, namespace = str(metadata.get("uid", "")), str(metadata.get("namespace", ""))
        if any(owned.kind == kind for owned in self._binding.owns):
            informers = dict.fromkeys(informers_for(self._shared.informers, kind, self._binding))
            items = [item for informer in informers for item in informer.by_index(CONTROLLER, uid)]
            return [{"apiVersion": kind.api_version, "kind": kind.kind, **(decode(item.raw) or {})} for item in items]
        listing = await self._shared.api.list(kind, namespace if kind.namespaced else "")
        return [one for one in listing.items if is_controlled(one, uid)]


def _but_status(obj: Document) -> Document:
    """All of an object but what a write of its status changes."""
    metadata = as_map(obj.get("metadata")) or {}
    kept = {key: value for key, value in metadata.items() if key not in {"managedFields", "resourceVersion"}}
    return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": kept}

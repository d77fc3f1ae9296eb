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
from poblano.core.rebasing import rebased_status, status_patch, takes_away
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
        self._manager = f"poblano-{shared.uuid}"

    async def write(self, kind: Kind, write: Writing) -> Document:
        """See `Support`."""
        with self._echoes.writing(self._key) as answered:
            answer = await write()
            answered(_version(answer), silent=False)
            self._shared.informers.wrote(kind, answer)
        return answer

    async def write_status(self, was: Document, wanted: Document, live: Document, write: WritingStatus) -> Document:
        """See `Support`. The rule does not hear of it, if nobody has changed the object since the rule was given it."""
        with self._echoes.writing(self._key) as answered:
            found = await self._live(live) if self._must_look(was, wanted, live) else live
            for left in reversed(range(TRIES)):
                status = rebased_status(was, wanted, found, self._manager)
                if (patch := status_patch(status, found)) is None:
                    return found
                try:
                    answer = await write(patch)
                except Conflict:
                    if not left:
                        raise
                    found = await self._live(live)
                else:
                    answered(_version(answer), silent=_version(found) == _version(live))
                    self._shared.informers.wrote(self._binding.kind, answer)
                    return {**answer, "status": status}
        raise AssertionError

    def _must_look(self, was: Document, wanted: Document, live: Document) -> bool:
        """Whether more has to be known of the object than the rule was given: all of its status, or who owns what is taken away."""
        if "managedFields" in (as_map(live.get("metadata")) or {}):
            return False
        return not self._binding.projection.covers(FULL) or takes_away(was, wanted)

    async def _live(self, given: Document) -> Document:
        """The object as it is by now.

        Raises:
            Conflict: it is another one of its name.
        """
        live = await self._shared.api.get(self._binding.kind, self._key.name, self._key.namespace)
        if _uid(live) != _uid(given):
            kind = self._binding.kind.kind
            raise Conflict(f"the {kind} {self._key} is another one by now", status=409, reason="Conflict")
        return live

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


def _uid(obj: Document) -> str:
    return str((as_map(obj.get("metadata")) or {}).get("uid", ""))


def _version(obj: Document) -> str:
    return str((as_map(obj.get("metadata")) or {}).get("resourceVersion", ""))

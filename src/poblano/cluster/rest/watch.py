"""watch: the events of a resource, from a revision on, until a time-out.

Source: k8s.io/apiserver/pkg/endpoints/handlers/watch.go and get.go, pkg/storage/cacher
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final

from poblano.cluster.rest.encoding import encoded
from poblano.cluster.rest.exchange import JSON, Request, Response
from poblano.cluster.rest.hub import Change, View, Watcher
from poblano.cluster.rest.list_options import check_watch_options
from poblano.cluster.rest.listing import Selection, revision_number, selection
from poblano.cluster.rest.presenting import partial, tabulated
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.stored import bucket_of
from poblano.cluster.status import expired
from poblano.cluster.storage.engine import Compacted
from poblano.core.jsonvalue import Document

_SHORTEST: Final = 1800.0
"""Seconds that a watch lasts at least when it asks for no timeoutSeconds; at most twice that (--min-request-timeout)."""
_BOOKMARKS: Final = 60.0
"""Seconds between bookmarks."""
_BEFORE_THE_END: Final = 2.0
"""Seconds before its end at which a watch has its last bookmark (cacher/cache_watcher.go: nextBookmarkTime)."""
_INITIAL_END: Final = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class _Wanted:
    initial: bool
    marks_the_end: bool
    bookmarks: bool
    revision: int
    seconds: float


def watch(server: Server, request: Request) -> Response:
    """Answer a GET with watch=true.

    Raises:
        StatusError: the options make no sense.
    """
    query = request.query
    check_watch_options(query)
    chosen = selection(request.resource, query, namespace=request.target.namespace)
    wanted = _wanted(request)
    view, watcher = server.hub.join(request.resource, chosen)
    try:
        first = _first(server, request, chosen, wanted, view)
    except Compacted as error:
        server.hub.leave(view, watcher)
        return Response(200, _line("ERROR", expired(str(error)).document()))
    except BaseException:
        server.hub.leave(view, watcher)
        raise
    stream = _Stream(server, request, view, watcher, wanted)
    return Response(200, content_type=JSON, stream=stream.lines(first), end=watcher.end)


def _wanted(request: Request) -> _Wanted:
    query = request.query
    text = query.text("resourceVersion")
    revision = revision_number(text)
    explicit = query.text("sendInitialEvents")
    initial = query.flag("sendInitialEvents") if explicit else revision == 0
    seconds = query.number("timeoutSeconds")
    bookmarks = query.flag("allowWatchBookmarks")
    lasts = float(seconds) if seconds else _SHORTEST * (1 + random.random())  # noqa: S311
    return _Wanted(initial, bool(explicit) and initial and bookmarks, bookmarks, revision, lasts)


def _first(server: Server, request: Request, chosen: Selection, wanted: _Wanted, view: View) -> list[Change]:
    """What is sent before anything new happens: what there is, or what happened since."""
    bucket = bucket_of(request.resource)
    if wanted.initial:
        records = server.storage.records(bucket, chosen.prefix)
        return [Change("ADDED", record) for record in records if chosen.selects(record)]
    if wanted.revision == 0:
        return []
    seen = (view.change(event) for event in server.storage.since(bucket, wanted.revision))
    return [change for change in seen if change is not None]


class _Stream:
    """The lines of one watch."""

    def __init__(self, server: Server, request: Request, view: View, watcher: Watcher, wanted: _Wanted) -> None:
        self._server, self._request = server, request
        self._view, self._watcher, self._wanted = view, watcher, wanted
        self._began = self._marked = time.monotonic()
        self._has_columns = False
        self._since = server.storage.revision

    async def lines(self, first: list[Change]) -> AsyncIterator[bytes]:
        """Bytes, some lines at a time, until the time is over, the client is too slow, or the server stops."""
        try:
            yield await self._written(first)
            if self._wanted.marks_the_end:
                yield self._bookmark({_INITIAL_END: "true"}, self._since)
            deadline = self._began + self._wanted.seconds
            plural = self._request.resource.plural
            while (left := deadline - time.monotonic()) > 0 and not self._watcher.is_ended:
                changes = await self._watcher.wait(min(left, self._until_bookmark()))
                if self._server.faults.is_silent(plural):
                    await self._until_heard()
                changes = [change for change in changes if change.record.revision > self._wanted.revision]
                if changes:
                    yield await self._written(changes)
                elif self._until_bookmark() <= 0 and self._wanted.bookmarks and not self._watcher.is_ended:
                    self._marked = time.monotonic()
                    yield self._bookmark({}, self._server.storage.revision)
        finally:
            self._server.hub.leave(self._view, self._watcher)

    async def _until_heard(self) -> None:
        """Until the fault is over, or nobody listens any more."""
        waits = [asyncio.ensure_future(self._server.faults.until_heard()), asyncio.ensure_future(self._watcher.ended())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _until_bookmark(self) -> float:
        if not self._wanted.bookmarks:
            return _SHORTEST * 2
        last = self._began + self._wanted.seconds - _BEFORE_THE_END
        due = self._marked + _BOOKMARKS if self._marked >= last else min(self._marked + _BOOKMARKS, last)
        return due - time.monotonic()

    async def _written(self, changes: Iterable[Change]) -> bytes:
        resource, stored = self._view.resource, self._server.stored
        listed = list(changes)
        if self._request.answer.form == "object" and all(
            stored.serves_as_stored(resource, one.record) for one in listed
        ):
            return b"".join(change.line(resource) for change in listed)
        documents = await stored.load_all(resource, [change.record for change in listed])
        return b"".join(
            _line(change.type, self._formed(document)) for change, document in zip(listed, documents, strict=True)
        )

    def _formed(self, document: Document) -> Document:
        match self._request.answer.form:
            case "table":
                headers, self._has_columns = not self._has_columns, True
                return tabulated(self._server, self._request, [document], None, headers=headers)
            case "partial":
                return partial(document, self._request.answer)
            case _:
                return document

    def _bookmark(self, annotations: Document, revision: int) -> bytes:
        metadata: Document = {"resourceVersion": str(revision)}
        if annotations:
            metadata["annotations"] = annotations
        resource = self._request.resource
        empty: Document = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        return _line("BOOKMARK", self._formed(empty))


def _line(type_: str, document: Document) -> bytes:
    return b'{"type":"' + type_.encode() + b'","object":' + encoded(document) + b"}\n"

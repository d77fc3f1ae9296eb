"""Requests to a cluster through its ASGI application, without a network: what a server would have handed it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from poblano.cluster.embedded import Cluster, Options

Document = dict[str, Any]

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: bytes = b""

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def resource_version(self) -> str:
        return self.document["metadata"]["resourceVersion"]

    @property
    def names(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.document["items"]]

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name.lower()), "")


class Asking:
    """Asks one cluster as its administrator, or as the bearer of another token."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.token = cluster.options.admin_token

    async def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """The answer. `query`, `headers` and `content_type` as keywords; bytes are sent as they are, all else as JSON."""
        answer = Answer()

        async def send(message: MutableMapping[str, Any]) -> None:
            _take(message, answer)

        messages = [{"type": "http.request", "body": _encoded(body), "more_body": False}]

        async def receive() -> MutableMapping[str, Any]:
            if messages:
                return messages.pop()
            return await asyncio.get_running_loop().create_future()

        await self.cluster.app(_scope(method, path, self.token, **more), receive, send)
        return answer

    async def create(self, path: str, name: str = "", **document: Any) -> Document:
        """Make an object, which has to succeed; gives it as it is stored."""
        metadata = {"name": name, **document.pop("metadata", {})}
        answer = await self("POST", path, {"metadata": metadata, **document})
        assert answer.status == 201, answer.body
        made: Document = answer.document
        return made

    @asynccontextmanager
    async def watching(self, path: str, **more: Any) -> AsyncIterator[Watch]:
        """A watch, for the length of the ``async with``; then its client is gone."""
        query = {"watch": "1", **more.pop("query", {})}
        watch = Watch(self.cluster, _scope("GET", path, self.token, query=query, **more))
        try:
            await watch.begin()
            yield watch
        finally:
            await watch.leave()


class Watch:
    """One watch, event by event."""

    def __init__(self, cluster: Cluster, scope: MutableMapping[str, Any]) -> None:
        self.answer = Answer()
        self._app, self._scope = cluster.app, scope
        self._lines: asyncio.Queue[Document | None] = asyncio.Queue()
        self._started, self._gone = asyncio.Event(), asyncio.Event()
        self._asked = False
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        self._task = asyncio.create_task(self._app(self._scope, self._receive, self._send))
        await self._started.wait()

    async def next(self) -> Document | None:
        """The next event; None at the end of the watch."""
        async with asyncio.timeout(90):
            return await self._lines.get()

    async def some(self, count: int) -> list[tuple[str, str]]:
        """The types and names of the next events."""
        found = [await self.next() for _ in range(count)]
        return [
            ("END", "") if one is None else (one["type"], one["object"]["metadata"].get("name", "")) for one in found
        ]

    async def all(self) -> list[Document]:
        """Every event until the watch ends."""
        found: list[Document] = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found

    async def leave(self) -> None:
        """As a client that closes its connection."""
        self._gone.set()
        if self._task is not None:
            await self._task

    async def _receive(self) -> MutableMapping[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        _take(message, self.answer)
        self._started.set()
        if message["type"] == "http.response.body":
            for line in message.get("body", b"").splitlines():
                self._lines.put_nowait(json.loads(line))
            if not message.get("more_body"):
                self._lines.put_nowait(None)


def _take(message: MutableMapping[str, Any], answer: Answer) -> None:
    if message["type"] == "http.response.start":
        answer.status = message["status"]
        answer.headers = [(name.decode(), value.decode()) for name, value in message["headers"]]
    else:
        answer.body += message.get("body", b"")


def _encoded(body: Any) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _scope(
    method: str,
    path: str,
    token: str,
    *,
    query: dict[str, Any] | str = "",
    headers: dict[str, str] | None = None,
    content_type: str = "application/json",
) -> MutableMapping[str, Any]:
    given = {
        "authorization": f"Bearer {token}",
        "content-type": content_type,
        "user-agent": "tests/1",
        **(headers or {}),
    }
    text = query if isinstance(query, str) else urlencode(query, doseq=True)
    return {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "query_string": text.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }


@asynccontextmanager
async def asking(**options: Any) -> AsyncIterator[Asking]:
    """A cluster in memory, and what asks it."""
    async with Cluster(Options(**options)) as cluster:
        yield Asking(cluster)

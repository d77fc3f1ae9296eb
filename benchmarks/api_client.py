"""A client for API servers that costs little itself: raw HTTP over TLS on uvloop; prints what it saw as a line of JSON.

python -m benchmarks.api_client URL CA TOKEN NAMESPACE OBJECTS AT_ONCE WATCHERS
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

LISTS = 5
PAGE = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run came to.

    Args:
        creates: a second, by so many connections.
        events: a second, over all watchers; 0 without watchers.
        listed: objects a second, of lists of everything.
        paged: objects a second, of lists page by page.
    """

    creates: float
    events: float
    listed: float
    paged: float


class Failed(Exception):
    """An answer that was none of those wanted."""


class Connection:
    """One kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        self._reader, self._writer, self._head = reader, writer, head

    async def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The body of the answer.

        Raises:
            Failed: its status is no 200 or 201.
        """
        self.send(method, path, body)
        status, headers = await self._status()
        if "content-length" in headers:
            answer = await self._reader.readexactly(int(headers["content-length"]))
        else:
            answer = b"".join([piece async for piece in self._pieces()])
        if status not in (200, 201):
            raise Failed(f"{method} {path}: {status} {answer[:300]!r}")
        return answer

    def send(self, method: str, path: str, body: bytes = b"") -> None:
        """Only ask."""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)

    async def count(self, wanted: int) -> None:
        """Until so many lines of a watch have come."""
        status, _ = await self._status()
        if status != 200:
            raise Failed(f"watch: {status}")
        seen = 0
        async for piece in self._pieces():
            seen += piece.count(b"\n")
            if seen >= wanted:
                return

    def close(self) -> None:
        """Let go."""
        self._writer.close()

    async def _status(self) -> tuple[int, dict[str, str]]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        return int(head[0].split()[1]), headers

    async def _pieces(self) -> AsyncIterator[bytes]:
        while size := int(await self._reader.readline(), 16):
            yield await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)


class Load:
    """The load on one server."""

    def __init__(self, url: str, ca: str, token: str, namespace: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 443
        self._tls = ssl.create_default_context(cafile=ca)
        self._tls.check_hostname = False
        self._head = (
            f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nUser-Agent: bench/1\r\n"
        )
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"

    async def measure(self, objects: int, at_once: int, watchers: int) -> Seen:
        """Create, watched by so many, then list."""
        watching = [await self._connect() for _ in range(watchers)]
        revision = await self._revision()
        for one in watching:
            one.send("GET", f"{self._path}?watch=1&resourceVersion={revision}")
        counting = [asyncio.create_task(one.count(objects)) for one in watching]
        begun = time.perf_counter()
        names = iter(range(objects))
        await asyncio.gather(*(self._create(names) for _ in range(at_once)))
        created = time.perf_counter() - begun
        await asyncio.gather(*counting)
        watched = time.perf_counter() - begun
        for one in watching:
            one.close()
        return Seen(objects / created, objects * watchers / watched, *await self._lists(objects))

    async def _revision(self) -> str:
        connection = await self._connect()
        found = json.loads(await connection.ask("GET", f"{self._path}?limit=1"))
        connection.close()
        return str(found["metadata"]["resourceVersion"])

    async def _lists(self, objects: int) -> tuple[float, float]:
        connection = await self._connect()
        begun = time.perf_counter()
        for _ in range(LISTS):
            await connection.ask("GET", self._path)
        whole = time.perf_counter() - begun
        begun = time.perf_counter()
        for _ in range(LISTS):
            token = ""
            while True:
                page = await connection.ask("GET", f"{self._path}?limit={PAGE}&continue={token}")
                token = json.loads(page)["metadata"].get("continue", "")
                if not token:
                    break
        paged = time.perf_counter() - begun
        connection.close()
        return LISTS * objects / whole, LISTS * objects / paged

    async def _create(self, names: Iterator[int]) -> None:
        connection = await self._connect()
        for number in names:
            metadata = {"name": f"bench-{number}", "labels": {"a": "b"}}
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": "v" * 100}}
            await connection.ask("POST", self._path, json.dumps(body).encode())
        connection.close()

    async def _connect(self) -> Connection:
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=1 << 26)
        return Connection(reader, writer, self._head)


def main() -> None:
    """Measure what the command line says."""
    import uvloop

    url, ca, token, namespace, objects, at_once, watchers = sys.argv[1:]
    load = Load(url, ca, token, namespace)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seen = runner.run(load.measure(int(objects), int(at_once), int(watchers)))
    print(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main()

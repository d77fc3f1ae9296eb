"""A program: makes widgets, or changes them as fast as the API server goes; on the raw connections of `api_client`.

::

    python -m benchmarks.load URL CA TOKEN create widgets 1000
    python -m benchmarks.load URL CA TOKEN update widgets 1000 5 17    # each five times; the last sets spec.step to 17
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator

from benchmarks.api_client import Connection, Load

AT_ONCE = 8
GROUP, VERSION, NAMESPACE = "bench.poblano.dev", "v1", "bench"
_PADDING = "v" * 400
"""An object is of about 1 KB with its metadata, which is what custom resources tend to be."""


class Widgets(Load):
    """The objects of one kind."""

    def __init__(self, url: str, ca: str, token: str, plural: str) -> None:
        super().__init__(url, ca, token, NAMESPACE)
        self._path = f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{plural}"
        self._kind = plural.removesuffix("s").capitalize()

    async def create(self, objects: int) -> None:
        """Make so many."""
        names = iter(range(objects))
        await asyncio.gather(*(self._creates(names) for _ in range(AT_ONCE)))

    async def update(self, objects: int, times: int, step: int) -> None:
        """Change each of so many, so many times, one after the other; the last time to `step`."""
        numbers = iter([(name, step - times + turn + 1) for turn in range(times) for name in range(objects)])
        await asyncio.gather(*(self._updates(numbers) for _ in range(AT_ONCE)))

    async def _creates(self, names: Iterator[int]) -> None:
        connection = await self._connect()
        for number in names:
            body = {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": self._kind,
                "metadata": {"name": f"widget-{number}", "labels": {"app": "widget"}},
                "spec": {"step": 0, "theme": "dark", "text": _PADDING},
            }
            await connection.ask("POST", self._path, json.dumps(body).encode())
        connection.close()

    async def _updates(self, numbers: Iterator[tuple[int, int]]) -> None:
        connection = await self._connect("application/merge-patch+json")
        for name, step in numbers:
            body = json.dumps({"spec": {"step": step}}).encode()
            await connection.ask("PATCH", f"{self._path}/widget-{name}", body)
        connection.close()

    async def _connect(self, content_type: str = "application/json") -> Connection:
        self._head = self._head.replace("Content-Type: application/json", f"Content-Type: {content_type}")
        return await super()._connect()


def main() -> None:
    """Do what the command line says; prints when it began, and when the last was done."""
    import uvloop

    url, ca, token, what, plural, *numbers = sys.argv[1:]
    widgets = Widgets(url, ca, token, plural)
    begun = time.time()
    work = widgets.create(*map(int, numbers)) if what == "create" else widgets.update(*map(int, numbers))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
    print(json.dumps([begun, time.time()]))


if __name__ == "__main__":
    main()

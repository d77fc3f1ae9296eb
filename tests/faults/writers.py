"""Somebody who writes all the time, straight to the server, so that there is always something to miss."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
from contextlib import suppress
from typing import Any, Self

NAMES = 24
"""Objects that come, change and go."""


class Writer:
    """Makes, changes and deletes ConfigMaps in one namespace, until it is stopped; a server that is away is no trouble to it.

    Args:
        host: and port of the server.
        ca: what it is trusted by, in PEM.
        token: of somebody who may write.
        namespace: where; it is made.
        seed: of what is done.
        pause: seconds between two writes.
        padding: bytes in each object beside its number.
    """

    def __init__(
        self, port: int, ca: str, token: str, namespace: str, *, seed: int, pause: float = 0.05, padding: int = 10
    ) -> None:
        self.namespace = namespace
        self.written = 0
        self.paused = False
        self.pause = pause
        self.padding = padding
        self._port = port
        self._context = ssl.create_default_context(cadata=ca)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._chance = random.Random(seed)
        self._number = 0
        self._asking = threading.Lock()
        self._connection: http.client.HTTPSConnection | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"writer in {namespace}")
        self._sure("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Write no more."""
        self._stop.set()
        self._thread.join()
        with self._asking:
            self._close()

    def mark(self, name: str) -> str:
        """Write one more object, for certain, and give what it says: whoever knows it has caught up to here."""
        number = self._next()
        path = f"/api/v1/namespaces/{self.namespace}/configmaps"
        self._sure("POST", path, _document(name, number, 0))
        return number

    def erase(self, name: str) -> None:
        """Delete one object, for certain."""
        self._sure("DELETE", f"/api/v1/namespaces/{self.namespace}/configmaps/{name}")

    def _run(self) -> None:
        while not self._stop.wait(self.pause):
            if not self.paused:
                with suppress(OSError, http.client.HTTPException):
                    self._once()

    def _once(self) -> None:
        name = f"item-{self._chance.randrange(NAMES)}"
        path = f"/api/v1/namespaces/{self.namespace}/configmaps"
        if self._chance.random() < 0.15:
            done = self._ask("DELETE", f"{path}/{name}")
        else:
            body = _document(name, self._next(), self.padding)
            done = self._ask("PUT", f"{path}/{name}", body)
            if done == 404:
                done = self._ask("POST", path, body)
        self.written += done < 300

    def _next(self) -> str:
        self._number += 1
        return str(self._number)

    def _sure(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        """For as long as it takes; what an earlier attempt may have done is done."""
        for _ in range(600):
            with suppress(OSError, http.client.HTTPException):
                if self._ask(method, path, body) in {200, 201, 404, 409}:
                    return
            self._stop.wait(0.2)
        raise AssertionError(f"{method} {path} was never answered well")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> int:
        with self._asking:
            if self._connection is None:
                self._connection = http.client.HTTPSConnection(
                    "127.0.0.1", self._port, context=self._context, timeout=10
                )
            try:
                self._connection.request(method, path, json.dumps(body) if body else None, self._headers)
                answer = self._connection.getresponse()
                answer.read()
                return answer.status
            except BaseException:
                self._close()
                raise

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _document(name: str, number: str, padding: int) -> dict[str, Any]:
    data = {"n": number, "padding": "x" * padding}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}

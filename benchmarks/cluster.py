"""The real control plane of a run (the tests' own), and the little that the benchmarks ask of it."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import https
from benchmarks.processes import family
from tests import control_plane

_SECONDS = 120
"""How long an answer may take: an API server that was just asked for 10 000 objects may be busy."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running API server and its helpers.

    Args:
        url: where it is.
        ca: the certificate that vouches for it.
        token: of a user who may do everything.
        pids: its processes, to be moved between cores.
    """

    url: str
    ca: Path
    token: str
    pids: list[int]

    def create(self, path: str, thing: dict[str, Any]) -> None:
        """POST an object; one that is already there is fine.

        Raises:
            RuntimeError: the API server says no.
        """
        self._call("POST", path, thing, fine={200, 201, 409})

    def post(self, path: str, thing: dict[str, Any]) -> dict[str, Any]:
        """POST an object that must be new; returns what was stored.

        Raises:
            RuntimeError: the API server says no.
        """
        stored: dict[str, Any] = json.loads(self._call("POST", path, thing, fine={201}))
        return stored

    def delete(self, path: str) -> None:
        """DELETE an object or a whole collection; one that is gone is fine.

        Raises:
            RuntimeError: the API server says no.
        """
        self._call("DELETE", path, None, fine={200, 202, 404})

    def served(self, path: str, seconds: float = 60.0) -> None:
        """Wait until a collection is there: that of a definition just made is not, at first.

        Raises:
            RuntimeError: it takes too long.
        """
        deadline = time.monotonic() + seconds
        while https.call(f"{self.url}{path}", ca=self.ca, token=self.token).status != 200:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} is not served after {seconds:g} s")
            time.sleep(0.1)

    def namespace(self, name: str) -> None:
        """Make a namespace."""
        self.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def write_kubeconfig(self, path: Path) -> Path:
        """A kubeconfig with the CA inside, which is the only form that Pepr takes."""
        cluster = {"server": self.url, "certificate-authority-data": b64encode(self.ca.read_bytes()).decode()}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": cluster}],
            "users": [{"name": "bench", "user": {"token": self.token}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        }
        path.write_bytes(https.dumps(config))
        return path

    def _call(self, method: str, path: str, thing: dict[str, Any] | None, *, fine: set[int]) -> bytes:
        body = None if thing is None else https.dumps(thing)
        answer = https.call(self.url + path, ca=self.ca, method=method, body=body, token=self.token, timeout=_SECONDS)
        if answer.status not in fine:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer.body


@contextmanager
def running(folder: Path, options: Sequence[str] = ()) -> Generator[Cluster]:
    """A control plane whose files lie in a folder that is there, for the length of a `with` block.

    Args:
        folder: that.
        options: further ones of kube-apiserver.

    Raises:
        tests.control_plane.Unavailable: the machine has no binaries of one; the message says what was looked for.
    """
    before = set(family(os.getpid()))
    with control_plane.running(control_plane.find_assets(), folder, options) as plane:
        yield Cluster(plane.url, plane.ca, plane.token, [pid for pid in family(os.getpid()) if pid not in before])

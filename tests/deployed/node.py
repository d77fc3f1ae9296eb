"""A node: the pods that the controllers make are run on this machine, each as its manifest says. There is no other scheduler."""

from __future__ import annotations

import threading
import time
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.error import HTTPError

from tests.deployed.api import STRATEGIC
from tests.deployed.pod import ACCOUNT, Running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deployed.api import Api
    from tests.deployed.network import Network

NAME = "this-machine"
LOOK_SECONDS = 0.3
BEAT_SECONDS = 5.0


class Node:
    """Runs for as long as the block lasts.

    Args:
        api: the API server.
        network: of the pods.
        folder: for their files.
        programs: what the image has in place of the installed programs; an empty folder for nothing.
    """

    def __init__(self, api: Api, network: Network, folder: Path, programs: Path) -> None:
        self._api = api
        self._network = network
        self._folder = folder
        self._programs = programs
        self.pods: dict[str, Running] = {}
        self._ready: dict[str, tuple[bool, int]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="node")
        self.failure = ""

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        for place in (ACCOUNT, "/app/module", "/app/certificates"):
            # Of an image; here each pod mounts its own over it.
            self._folder.joinpath(place).mkdir(parents=True, exist_ok=True)
        self._api.ask("POST", "/api/v1/nodes", {"metadata": {"name": NAME}})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for pod in tuple(self.pods.values()):
            pod.close()
        self._api.ask("DELETE", f"/api/v1/nodes/{NAME}")
        assert not self.failure, self.failure

    def of(self, role: str) -> list[Running]:
        """The pods of a role that are not on their way out."""
        return [pod for pod in tuple(self.pods.values()) if pod.role == role and pod._told is None]

    def logs(self) -> str:
        """What all have said, for a failure."""
        return "\n".join(f"== {pod.name}\n{_said(pod)}" for pod in tuple(self.pods.values()))

    def _run(self) -> None:
        beat = 0.0
        while not self._stop.wait(LOOK_SECONDS):
            try:
                if time.monotonic() - beat > BEAT_SECONDS:
                    self._beat()
                    beat = time.monotonic()
                self._look()
            except HTTPError as error:
                if error.code not in {404, 409}:  # somebody else was faster
                    self.failure = f"{error}: {error.read().decode()}"
            except Exception:  # noqa: BLE001 -- told at the end, for nobody sees a thread fail
                self.failure = traceback.format_exc()

    def _beat(self) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = {"type": "Ready", "status": "True", "lastHeartbeatTime": now, "reason": "KubeletReady"}
        self._api.ask("PATCH", f"/api/v1/nodes/{NAME}/status", {"status": {"conditions": [ready]}}, STRATEGIC)

    def _look(self) -> None:
        for document in self._api.ask("GET", "/api/v1/pods?labelSelector=poblano.dev/uuid")["items"]:
            uid = document["metadata"]["uid"]
            if document["metadata"].get("deletionTimestamp"):
                self._end(uid, document)
            elif uid not in self.pods:
                self._take(uid, document)
            else:
                self._look_after(self.pods[uid])

    def _take(self, uid: str, document: dict[str, Any]) -> None:
        if not document["spec"].get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": document["metadata"]["name"]}}
            self._api.ask("POST", f"{_path(document)}/binding", target | {"target": {"kind": "Node", "name": NAME}})
        self.pods[uid] = Running(self._api, self._network, document, self._folder / uid, self._programs)

    def _look_after(self, pod: Running) -> None:
        pod.revive()
        found = (pod.passes("readinessProbe"), pod.restarts)
        if self._ready.get(pod.name) == found:
            return
        self._ready[pod.name] = found
        conditions = [
            {
                "type": kind,
                "status": str(found[0]),
                "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            for kind in ("Ready", "ContainersReady")
        ]
        status = {"phase": "Running", "podIP": pod.address, "podIPs": [{"ip": pod.address}], "conditions": conditions}
        self._api.ask("PATCH", f"{_path(pod.document)}/status", {"status": status}, STRATEGIC)

    def _end(self, uid: str, document: dict[str, Any]) -> None:
        pod = self.pods.get(uid)
        if pod is None or pod.ends():
            self._api.ask("DELETE", _path(document), {"gracePeriodSeconds": 0})
            if pod is not None:
                self.pods.pop(uid).close()


def _said(pod: Running) -> str:
    """The end of its log, without the reviews."""
    return "\n".join([line for line in pod.log.read_text().splitlines() if '"message":"review"' not in line][-20:])


def _path(document: dict[str, Any]) -> str:
    meta = document["metadata"]
    return f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"

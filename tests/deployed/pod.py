"""One pod: its process is started as its manifest says, in a network and a file system of its own."""

from __future__ import annotations

import base64
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.deployed.network import API_SERVER, OURS

if TYPE_CHECKING:
    from tests.deployed.api import Api
    from tests.deployed.network import Network

PROGRAMS = "/mnt"
"""What the node's image has before all other programs."""

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class Running:
    """A pod that was given to this node.

    Args:
        api: the API server.
        network: of the node.
        document: the pod.
        folder: of its own.
        programs: where the image has its programs.
    """

    def __init__(self, api: Api, network: Network, document: dict[str, Any], folder: Path, programs: Path) -> None:
        self._api = api
        self._network = network
        self.document = document
        self._folder = folder
        self._programs = programs
        meta = document["metadata"]
        self.name, self.namespace = meta["name"], meta["namespace"]
        self.role = meta["labels"].get("poblano.dev/role", "")
        self._netns = f"{OURS}-{meta['uid'][:8]}"
        (self._container,) = document["spec"]["containers"]
        self.log = folder / "log"
        self.restarts = 0
        self._told: float | None = None
        self._mounts = self._mounted()
        self.address = network.add(self._netns)
        self.process = self._start()

    def _mounted(self) -> dict[str, Path]:
        """Each path in the container, and what is there."""
        made = {ACCOUNT: self._account(), PROGRAMS: self._programs}
        volumes = {one["name"]: one for one in self.document["spec"].get("volumes", [])}
        for mount in self._container.get("volumeMounts", []):
            volume, place = volumes[mount["name"]], self._folder / "volumes" / mount["name"]
            place.mkdir(parents=True, exist_ok=True)
            if "secret" in volume:
                self._secret(volume["secret"]["secretName"], place)
            else:
                assert "emptyDir" in volume, f"this node knows no {volume}"
            made[mount["mountPath"]] = place
        return made

    def _account(self) -> Path:
        place = self._folder / "account"
        place.mkdir(parents=True, exist_ok=True)
        account = self.document["spec"]["serviceAccountName"]
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token"
        token = self._api.ask(
            "POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        )
        (place / "token").write_text(token["status"]["token"])
        (place / "ca.crt").write_text(Path(self._api.ca).read_text())
        (place / "namespace").write_text(self.namespace)
        return place

    def _secret(self, name: str, place: Path) -> None:
        secret = self._api.ask("GET", f"/api/v1/namespaces/{self.namespace}/secrets/{name}")
        for key, value in secret.get("data", {}).items():
            (place / key).write_bytes(base64.b64decode(value))

    def _start(self) -> subprocess.Popen[bytes]:
        command = [*self._container["command"], *self._container.get("args", [])]
        mounts = [
            f"mount --bind {shlex.quote(str(here))} {there}"
            for there, here in sorted(self._mounts.items(), key=lambda one: one[0] == "/tmp")
            if not _has_us(there)
        ]
        if self._container["securityContext"]["readOnlyRootFilesystem"]:
            mounts.append("mount -o remount,bind,ro /")
        script = "\n".join([f"hostname {self.name}", *mounts, "cd /", f"exec {shlex.join(command)}"])
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with self.log.open("ab") as log:
            return subprocess.Popen(
                ["ip", "netns", "exec", self._netns, *guard, "unshare", "--mount", "--uts", "sh", "-euc", script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        given = {one["name"]: self._value(one) for one in self._container.get("env", [])}
        path = f"{PROGRAMS}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {"PATH": path, "KUBERNETES_SERVICE_HOST": API_SERVER, "KUBERNETES_SERVICE_PORT": "443", **given}

    def _value(self, one: dict[str, Any]) -> str:
        if "value" in one:
            return str(one["value"])
        field = one["valueFrom"]["fieldRef"]["fieldPath"]
        return {"metadata.name": self.name, "metadata.namespace": self.namespace, "status.podIP": self.address}[field]

    def passes(self, probe: str) -> bool:
        """Whether a probe of the manifest is answered well."""
        asked = self._container[probe]["httpGet"]
        ports = {one["name"]: one["containerPort"] for one in self._container["ports"]}
        try:
            with urlopen(
                f"http://{self.address}:{ports.get(asked['port'], asked['port'])}{asked['path']}", timeout=3
            ) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    def revive(self) -> None:
        """Start the container again if it has ended."""
        if self.process.poll() is not None:
            self.restarts += 1
            self.process = self._start()

    def ends(self) -> bool:
        """Tell it to go, and kill it when its time is up; whether it has ended."""
        if self._told is None:
            self._told = time.monotonic()
            self.process.terminate()
        if time.monotonic() - self._told > self.document["spec"]["terminationGracePeriodSeconds"]:
            self.process.kill()
        return self.process.poll() is not None

    def kill(self) -> None:
        """As the kernel does it when memory is short."""
        self.process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """All of it goes."""
        self.process.kill()
        self.process.wait()
        self._network.remove(self._netns)


def _has_us(place: str) -> bool:
    """Whether the interpreter and the checkout are below a folder of this machine, which the pod has one of its own in place of."""
    return any(Path(place) in path.parents for path in (Path(sys.executable), Path(__file__).resolve()))

"""The API servers that things go wrong with: each can be killed, started again where it was, and set back to an older state."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import ssl
import subprocess
import sys
import urllib.request
from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress
from pathlib import Path
from signal import SIGCONT, SIGSTOP

from tests import control_plane as real
from tests.eventually import eventually
from tests.ports import free_port

READY_SECONDS = 120


class Target(ABC):
    """One API server on loopback, with what it keeps in a folder."""

    name: str
    port: int
    token: str
    ca: str
    has_store = False

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @abstractmethod
    def start(self) -> None:
        """Serve, where it served before; back when it does."""

    @abstractmethod
    def kill(self) -> None:
        """End it with SIGKILL."""

    @abstractmethod
    def compact(self) -> None:
        """Forget what happened before now."""

    @abstractmethod
    def keep(self) -> None:
        """Remember the state of now. The server is killed and started for it."""

    @abstractmethod
    def go_back(self) -> None:
        """Kill it, and start it with the state that was kept: as if etcd had been restored from a backup."""

    def restart(self) -> None:
        self.kill()
        self.start()

    def wait_until_ready(self) -> None:
        eventually(self._is_ready, f"{self.name} serves", seconds=READY_SECONDS)

    def _is_ready(self) -> bool:
        context = ssl.create_default_context(cadata=self.ca)
        with suppress(OSError, http.client.HTTPException):
            asked = urllib.request.Request(f"{self.url}/readyz", headers={"Authorization": f"Bearer {self.token}"})
            with urllib.request.urlopen(asked, context=context, timeout=10) as answer:
                return answer.status == 200
        return False


class EmbeddedTarget(Target):
    """The embedded cluster, in a process of its own and with its data on disk."""

    name = "embedded"

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._kept = folder / "kept"
        self._process: subprocess.Popen[str] | None = None
        self.port = free_port()
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.embedded", str(self.port), str(self._data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        where = self._answer()
        self.port, self.token, self.ca = int(where["url"].rpartition(":")[2]), where["token"], where["ca"]
        self.wait_until_ready()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def compact(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write("compact\n")
        self._process.stdin.flush()
        self._answer()

    def keep(self) -> None:
        self.kill()
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self._data, self._kept)
        self.start()

    def go_back(self) -> None:
        self.kill()
        shutil.rmtree(self._data)
        shutil.copytree(self._kept, self._data)
        self.start()

    def _answer(self) -> dict[str, str]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the embedded cluster has ended"
        answer: dict[str, str] = json.loads(line)
        return answer


class RealTarget(Target):
    """kube-apiserver and etcd."""

    name = "kube-apiserver"
    has_store = True

    def __init__(self, assets: Path, folder: Path) -> None:
        self._assets = assets
        self._folder = folder
        self._etcd_url, self._peer = real._etcd_url(), real._etcd_url()
        self._server, self._store = ExitStack(), ExitStack()
        self._etcd: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.token = "admin-token"
        self.name = "kube-apiserver {}.{}".format(*real._version(assets / "kube-apiserver"))
        real._write_credentials(folder)
        self.start_store()
        self.start()

    def start(self) -> None:
        options = real.apiserver_options(self._folder, self._etcd_url, self.port)
        self._server.enter_context(real._process(self._folder, self._assets / "kube-apiserver", *options))
        certificate = self._folder / "certs" / "apiserver.crt"
        eventually(certificate.exists, "it has a certificate", seconds=READY_SECONDS)
        self.ca = certificate.read_text()
        self.wait_until_ready()

    def kill(self) -> None:
        self._server.close()

    def start_store(self) -> None:
        options = real.etcd_options(self._folder, self._etcd_url, self._peer)
        self._etcd = self._store.enter_context(real._process(self._folder, self._assets / "etcd", *options))

    def kill_store(self) -> None:
        self._store.close()

    def freeze_store(self) -> None:
        assert self._etcd is not None
        self._etcd.send_signal(SIGSTOP)

    def thaw_store(self) -> None:
        assert self._etcd is not None
        self._etcd.send_signal(SIGCONT)

    def compact(self) -> None:
        found = self._ask_etcd("range", {"key": base64.b64encode(b"none").decode()})
        self._ask_etcd("compaction", {"revision": found["header"]["revision"], "physical": True})

    def keep(self) -> None:
        self.kill()
        self.kill_store()
        kept = self._folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self._folder / "etcd", kept)
        self.start_store()
        self.start()

    def go_back(self) -> None:
        self.kill()
        self.kill_store()
        shutil.rmtree(self._folder / "etcd")
        shutil.copytree(self._folder / "kept", self._folder / "etcd")
        self.start_store()
        self.start()

    def close(self) -> None:
        self.kill()
        self.kill_store()

    def _ask_etcd(self, what: str, body: object) -> dict[str, dict[str, str]]:
        """By etcd's gateway from JSON to gRPC."""
        asked = urllib.request.Request(f"{self._etcd_url}/v3/kv/{what}", data=json.dumps(body).encode())
        with urllib.request.urlopen(asked, timeout=30) as answer:
            found: dict[str, dict[str, str]] = json.load(answer)
            return found

"""An embedded cluster with a kubelet in front of it, who has the logs of its Pods: as many lines as the test has written."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import yaml
from aiohttp import web
from typing_extensions import override

from poblano.core.deployed import UUID_LABEL
from tests.faults.middleman import Middleman

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.serving_cluster import Running

CONFIG = """
apiVersion: v1
kind: Config
current-context: it
contexts: [{{name: it, context: {{cluster: it, user: it}}}}]
clusters: [{{name: it, cluster: {{server: "{url}"}}}}]
users: [{{name: it, user: {{}}}}]
"""
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Kubelet(Middleman):
    """The logs by Pod; whoever follows one is told what is written later too, until `cut`."""

    def __init__(self, cluster: Running) -> None:
        self._cluster = cluster
        self._logs: dict[str, list[str]] = defaultdict(list)
        self._before: dict[str, list[str]] = {}
        self._old: dict[str, int] = {}
        self._written = 0
        self._breaks = 0
        super().__init__(cluster.url, _authority(cluster.kubeconfig), cluster.token)

    def kubeconfig(self, folder: Path) -> Path:
        """Where those who ask through him find him."""
        file = folder / "kubeconfig"
        file.write_text(CONFIG.format(url=self.url))
        return file

    def writes(self, pod: str, *lines: Any) -> None:
        """A container says something: objects as JSON, texts as they are. Two lines each have the same time."""
        for line in lines:
            stamp = BEGAN + timedelta(seconds=self._written // 2)
            self._written += 1
            text = line if isinstance(line, str) else json.dumps(line)
            self._logs[pod].append(f"{stamp:%Y-%m-%dT%H:%M:%S}.000000000Z {text}\n")

    def remarks(self, pod: str, text: str) -> None:
        """The kubelet itself says something of a log, without a time."""
        self._logs[pod].append(f"{text}\n")

    def is_old(self, pod: str) -> None:
        """What a container has said was long ago: who asks for the last seconds does not get it."""
        self._old[pod] = len(self._logs[pod])

    def begins_again(self, pod: str, last: Any, first: Any) -> None:
        """A container ends, and another is begun in its place; whoever follows the log is cut off before.

        Args:
            pod: whose.
            last: what the container says before it ends.
            first: what the other begins with.
        """
        self.breaks_off()
        self.writes(pod, last)
        self._before[pod] = self._logs.pop(pod)
        self.writes(pod, first)

    def breaks_off(self) -> None:
        """Whoever follows a log now is cut off."""
        self._breaks += 1

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """Ask the cluster behind him."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._server + path, data, headers, method=method)
        with urlopen(request, context=self._tls) as answer:
            return json.load(answer)

    def status(self, method: str, path: str) -> int:
        """How the cluster answers."""
        try:
            self.ask(method, path)
        except HTTPError as error:
            return error.code
        return 200

    def has_deployment(self, uuid: str, namespace: str, name: str) -> None:
        """There is a Deployment of a module."""
        template = {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "server", "image": "x"}]},
        }
        meta = {
            "name": name,
            "labels": {UUID_LABEL: uuid},
            "annotations": {"poblano.dev/description": f"what {uuid} is for"},
        }
        spec = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template}
        self.ask("POST", f"/apis/apps/v1/namespaces/{namespace}/deployments", {"metadata": meta, "spec": spec})

    def runs(self, uuid: str, namespace: str, name: str) -> None:
        """A Pod of a module is there, and has begun."""
        path = f"/api/v1/namespaces/{namespace}/pods"
        meta = {"name": name, "labels": {UUID_LABEL: uuid}}
        self.ask("POST", path, {"metadata": meta, "spec": {"containers": [{"name": "server", "image": "x"}]}})
        began = {"status": {"phase": "Running"}}
        self.ask("PATCH", f"{path}/{name}/status", began, "application/merge-patch+json")

    @override
    async def _handle(self, request: web.Request) -> web.StreamResponse:
        *_, pod, last = request.path.split("/")
        if last != "log":
            return await super()._handle(request)
        previous = "previous" in request.query
        if previous and pod not in self._before:
            status = {
                "kind": "Status",
                "status": "Failure",
                "reason": "BadRequest",
                "code": 400,
                "message": "not found",
            }
            return web.json_response(status, status=400)
        answer, breaks, since = web.StreamResponse(), self._breaks, request.query.get("sinceTime", "")
        told = self._old.get(pod, 0) if "sinceSeconds" in request.query else 0
        await answer.prepare(request)
        if previous:
            for line in self._before[pod]:
                await answer.write(line.encode())
            return answer
        while self._breaks == breaks and not self._stop.is_set():
            lines = self._logs[pod]
            for line in lines[told:]:
                if line[:19] >= since[:19]:
                    await answer.write(line.encode())
            told = len(lines)
            await asyncio.sleep(0.02)
        return answer


def _authority(kubeconfig: Path) -> str:
    (cluster,) = yaml.safe_load(kubeconfig.read_text())["clusters"]
    return base64.b64decode(cluster["cluster"]["certificate-authority-data"]).decode()

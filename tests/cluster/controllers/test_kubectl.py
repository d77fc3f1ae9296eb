"""The real kubectl, new and old, rolls out, back, scales, waits and deletes."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from poblano.cluster.serving.served import Served, Settings

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: "nginx:1", ports: [{containerPort: 80}]}]
"""
STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: "postgres:1"}]}
"""


def _new() -> str | None:
    return shutil.which("kubectl", path=str(Path(sys.executable).parent))


def _old() -> str | None:
    """Debian's, which is 1.20."""
    for name in ("kubectl-1.20", "kubectl"):
        found = shutil.which(name)
        if found is None:
            continue
        asked = [found, "version", "--client", "-o", "json"]
        if '"v1.20.' in subprocess.run(asked, capture_output=True, text=True, check=False, timeout=30).stdout:
            return found
    return None


class Kubectl:
    def __init__(self, program: str, served: Served, home: Path) -> None:
        self._start = [program, f"--kubeconfig={served.kubeconfig}", f"--cache-dir={home / 'cache'}"]
        self._home = home

    async def __call__(self, *arguments: str, input: str = "") -> str:
        """What it prints; it must succeed."""
        running = await asyncio.create_subprocess_exec(
            *self._start,
            *arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"HOME": str(self._home), "PATH": "/usr/bin:/bin"},
        )
        async with asyncio.timeout(120):
            output, _ = await running.communicate(input.encode())
        assert running.returncode == 0, output.decode()
        return output.decode()

    async def json(self, *arguments: str) -> Any:
        return json.loads(await self(*arguments, "-o", "json"))


@pytest.fixture(params=[_new, _old], ids=["new", "old"])
async def kubectl(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Kubectl]:
    program = await asyncio.to_thread(request.param)
    if program is None:
        pytest.skip("cannot run here: this kubectl is not installed")
    async with Served(Settings(controllers=True)) as served:
        yield Kubectl(program, served, tmp_path)


async def test_a_deployment_from_the_cradle_to_the_grave(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f", "-", input=MANIFEST)
    assert 'deployment "web" successfully rolled out' in await kubectl("rollout", "status", "deployment/web")
    await kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=90s")
    await kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=web", "--timeout=90s")
    await kubectl("scale", "deployment/web", "--replicas=4")
    await kubectl("rollout", "status", "deployment/web")
    assert (await kubectl.json("get", "deployment", "web"))["status"]["readyReplicas"] == 4
    await kubectl("set", "image", "deployment/web", "main=nginx:2")
    await kubectl("rollout", "status", "deployment/web")
    history = await kubectl("rollout", "history", "deployment/web")
    assert [line.split()[0] for line in history.splitlines() if line[:1].isdigit()] == ["1", "2"]
    await kubectl("rollout", "undo", "deployment/web")
    await kubectl("rollout", "status", "deployment/web")
    found = await kubectl.json("get", "deployment", "web")
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1"
    assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    await kubectl("rollout", "restart", "deployment/web")
    await kubectl("rollout", "status", "deployment/web")
    await kubectl("expose", "deployment/web", "--port=80")
    assert "<none>" not in await kubectl("get", "endpoints", "web")
    await kubectl("delete", "deployment", "web", "--wait=true", "--timeout=90s")
    async with asyncio.timeout(90):
        while (await kubectl.json("get", "pods,replicasets"))["items"]:
            await asyncio.sleep(0.1)


async def test_a_stateful_set_rolls_out_and_back(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f", "-", input=STATEFUL)
    await kubectl("rollout", "status", "statefulset/db")
    await kubectl("set", "image", "statefulset/db", "main=postgres:2")
    await kubectl("rollout", "status", "statefulset/db")
    await kubectl("rollout", "undo", "statefulset/db")
    await kubectl("rollout", "status", "statefulset/db")
    images = await kubectl("get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}")
    assert images == "postgres:1 postgres:1"


async def test_a_job_is_waited_for_and_the_node_can_be_drained(kubectl: Kubectl) -> None:
    await kubectl("create", "job", "work", "--image=busybox")
    await kubectl("wait", "--for=condition=Complete", "job/work", "--timeout=90s")
    await kubectl("apply", "-f", "-", input=MANIFEST)
    await kubectl("rollout", "status", "deployment/web")
    await kubectl("drain", "poblano", "--timeout=90s", "--force")
    assert (await kubectl.json("get", "pods", "--field-selector=status.phase=Running"))["items"] == []
    await kubectl("uncordon", "poblano")
    await kubectl("rollout", "status", "deployment/web")
    await kubectl("create", "namespace", "shop")
    await kubectl("delete", "namespace", "shop", "--timeout=90s")

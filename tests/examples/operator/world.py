"""What the tests of the operator do to a cluster, and what they look at in it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from poblano import a, kind_of
from poblano.client import Resources
from poblano.core.errors import NotFound
from poblano.core.kinds import Kind
from tests.examples.operator.killed import Order

ROOT = Path(__file__).resolve().parents[3]
WEBAPPS = Kind("examples.poblano.dev", "v1alpha1", "WebApp", "webapps")
NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
CONFIGMAPS = kind_of(a.ConfigMap)
SERVICES = kind_of(a.Service)
DEPLOYMENTS = kind_of(a.Deployment)
EVENTS = kind_of(a.Event)
PARTS = (a.ConfigMap, a.Service, a.Deployment)


@dataclass
class Operator:
    """Processes of the operator, by order."""

    process: subprocess.Popen[str]

    def does(self, **order):
        """What became of a process with this order: it ``completed`` it, or was ``killed``."""
        return self._told(json.dumps(asdict(Order(**order))))

    def _told(self, line):
        print(line, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().strip()
        assert answer in {"completed", "killed", "started"}, answer
        return answer

    @contextmanager
    def running(self):
        """One that runs for the block."""
        self._told("{}")
        try:
            yield
        finally:
            outcome = self._told("stop")
        assert outcome == "completed"


@contextmanager
def operating(kubeconfig, log):
    """The operator against a cluster."""
    command = [sys.executable, "-m", "tests.examples.operator.killed", str(kubeconfig)]
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        yield Operator(process)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


class World:
    """A cluster, by its API.

    ready: whether Pods come to be ready in it.
    """

    def __init__(self, client, *, ready):
        self.api = Resources(client, field_manager="somebody")
        self.ready = ready

    async def namespace(self, name):
        await self.api.create(NAMESPACES, {"metadata": {"name": name}})
        return name

    async def webapp(self, space, *, name="page", **spec):
        made = {"metadata": {"name": name, "namespace": space}, "spec": {"theme": "dark", **spec}}
        return await self.api.apply(WEBAPPS, made, force=True)

    async def found(self, kind, space, name="page"):
        try:
            return await self.api.get(kind, name, "" if kind is NAMESPACES else space)
        except NotFound:
            return None

    async def state(self, space):
        """All that the operator is answerable for, but for what differs from one namespace and moment to another."""
        app = await self.found(WEBAPPS, space)
        if app is None:
            return {"webapp": None, "noted": await self._noted(space)}
        status = app.get("status") or {}
        conditions = [{**one, "lastTransitionTime": ""} for one in status.get("conditions") or []]
        seen = {
            "webapp": app["spec"],
            "finalizers": app["metadata"].get("finalizers"),
            "status": {**status, "conditions": conditions},
            "noted": await self._noted(space),
        }
        for part in PARTS:
            found = await self.found(part, space)
            seen[part.__name__] = found and _of(found, app)
        return json.loads(json.dumps(seen).replace(space, "SPACE"))

    async def _noted(self, space):
        found = await self.found(NAMESPACES, space, space)
        return found and (found["metadata"].get("annotations") or {}).get("examples.poblano.dev/page")

    async def settles(self, space):
        """The state, once it says of the WebApp as it is now what has become of it."""
        seen = {}

        async def is_settled():
            seen.update(await self.state(space))
            app = await self.found(WEBAPPS, space)
            status = seen["status"]
            ready = [one["status"] for one in status["conditions"] if one["type"] == "Ready"]
            current = status.get("observedGeneration") == app["metadata"]["generation"]
            return current and ready == [str(self.ready)]

        await eventually(is_settled, lambda: f"the WebApp in {space} has settled: {seen}")
        return seen

    async def comes_to(self, space, wanted):
        """Wait until its state is this one."""
        seen = {}

        async def is_so():
            seen.clear()
            seen.update(await self.state(space))
            return seen == wanted

        await eventually(is_so, lambda: f"{space} is\n{seen}, not\n{wanted}")

    async def finds_another(self, kind, space, before):
        """Wait until there is another object of that name."""

        async def is_another():
            found = await self.found(kind, space)
            return found is not None and found["metadata"]["uid"] != before["metadata"]["uid"]

        await eventually(is_another, lambda: f"{kind} {space}/page is made again")

    async def emptied(self, spaces):
        """Delete the WebApps of these namespaces, while the operator runs."""
        for space in spaces:
            if await self.found(WEBAPPS, space):
                await self.api.delete(WEBAPPS, "page", space)
        await asyncio.gather(*(self.loses(WEBAPPS, space) for space in spaces))

    async def loses(self, kind, space, name="page"):
        """Wait until the object is gone."""

        async def is_gone():
            return await self.found(kind, space, name) is None

        await eventually(is_gone, lambda: f"{kind} {space}/{name} is gone")


async def eventually(probe, promise, seconds=90.0):
    """Wait until `probe` comes true."""
    deadline = time.monotonic() + seconds
    while not await probe():
        assert time.monotonic() < deadline, promise()
        await asyncio.sleep(0.05)


def _of(found, app):
    """What the operator has said of an object."""
    owners = [
        {**one, "uid": one["uid"] == app["metadata"]["uid"]} for one in found["metadata"].get("ownerReferences", [])
    ]
    spec = found.get("spec") or {}
    said = {key: spec[key] for key in ("replicas", "template", "selector") if key in spec}
    ports = [{key: port[key] for key in ("port", "targetPort")} for port in spec.get("ports", [])]
    return {
        "labels": found["metadata"]["labels"],
        "owners": owners,
        "data": found.get("data"),
        "said": said,
        "ports": ports,
    }

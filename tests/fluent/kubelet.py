"""An API server that answers for Pods and their logs, as a kubelet writes them."""

from __future__ import annotations

import asyncio

from aiohttp import web


def pod(name, *containers, **labels):
    spec = {"containers": [{"name": one} for one in containers], "initContainers": [{"name": "first"}]}
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": labels}, "spec": spec}


class Kubelet:
    """Pods, and what their containers write. `hold` keeps a followed log open, `silent` an answer from coming."""

    def __init__(self) -> None:
        self.pods = {}
        self.forbidden = False
        self.owners = {}
        self.lines = {}
        self.hold = asyncio.Event()
        self.asked = []
        self.selectors = []
        self.left = 0

    def has(self, name, *containers, **labels):
        self.pods[name] = pod(name, *containers, **labels)

    async def answer(self, request):
        path = request.path.removeprefix("/api/v1/namespaces/shop/").removeprefix("/apis/apps/v1/namespaces/shop/")
        match path.split("/"):
            case ["pods"]:
                self.selectors.append(request.query.get("labelSelector", ""))
                return web.json_response({"items": list(self.pods.values()), "metadata": {}})
            case ["pods", _] if self.forbidden:
                return web.json_response({"kind": "Status", "message": "you may not"}, status=403)
            case ["pods", name]:
                found = self.pods.get(name)
            case ["pods", name, "log"]:
                return await self.log(request, name)
            case [_, name]:
                found = self.owners.get(name)
        return web.json_response(found) if found else web.json_response(NONE, status=404)

    async def log(self, request, name):
        self.asked.append((name, dict(request.query)))
        lines = self.lines.get((name, request.query["container"]))
        if lines is None:
            return web.json_response({"kind": "Status", "message": "waiting to start"}, status=400)
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for line in lines:
                await response.write(line)
            if request.query.get("follow"):
                await self.hold.wait()
        finally:
            self.left += 1
        return response


NONE = {"kind": "Status", "reason": "NotFound", "message": "none", "details": {"name": "x"}}


def breaking(kubelet, log, *, after):
    """Answer with what was written since, as a node does; the connection breaks behind so many lines, and then so many more."""
    counts = list(after)

    async def answer(request, name):
        kubelet.asked.append((name, dict(request.query)))
        since = request.query.get("sinceTime", "")[:19]
        lines = [line for line in log if line[:19] >= since]
        response = web.StreamResponse()
        await response.prepare(request)
        for line in lines[: counts[0]] if counts else lines:
            await response.write(f"{line}\n".encode())
        if counts:
            counts.pop(0)
            await response.write(b"2026-01-01T00:00:09Z half a li")
            await asyncio.sleep(0.05)
            request.transport.abort()
        return response

    kubelet.log = answer

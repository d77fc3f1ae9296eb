"""A module that is run on a cluster for a test."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from poblano import Module, Resource, a, kind_of
from poblano.core.errors import NotFound
from poblano.watch.watcher import Watcher
from tests.watch.clusters import CONFIGMAPS


@asynccontextmanager
async def watching(api, *capabilities, uuid="hello", ignored=()):
    """The actions of these capabilities, running."""
    watcher = Watcher(Module(*capabilities).bindings, api._client, uuid=uuid, ignored=ignored)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        watcher.stop()
        async with asyncio.timeout(60):
            await task


def idle(watcher):
    """Whether nothing is worked on, and nothing waits for its turn."""
    return all(not one.work.queue.processing and not len(one.work.queue) for one in watcher.controllers)


async def found(api, space, name, kind=CONFIGMAPS):
    """The object, or None."""
    try:
        return await api.get(kind, name, space)
    except NotFound:
        return None


async def finally_(ask, promise, seconds=90.0):
    """Ask until the answer is true, and return it."""
    try:
        async with asyncio.timeout(seconds):
            while not (answer := await ask()):
                await asyncio.sleep(0.05)
            return answer
    except TimeoutError:
        raise AssertionError(f"not in {seconds} s: {promise}") from None


class Widget(Resource, group="watching.example.com", version="v1", plural="widgets"):
    """A kind that nobody but the test looks after."""


WIDGETS = kind_of(Widget)


async def serve_widgets(api):
    """Have the cluster know Widgets, if it does not yet."""
    await serve(api, WIDGETS)


async def serve(api, kind):
    """Have the cluster know objects of a kind in namespaces, that have a spec and a status."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {
        "plural": kind.plural,
        "singular": kind.kind.lower(),
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
    }
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema, "status": schema}}},
        "subresources": {"status": {}},
    }
    definition = {
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {"group": kind.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    await api.apply(kind_of(a.CustomResourceDefinition), definition, force=True)

    async def served():
        try:
            return await api.list(kind) is not None
        except NotFound:
            return False

    await finally_(served, f"{kind.plural} are served")


async def make_widget(api, space, name="web", **spec):
    """A Widget in the cluster."""
    return await api.create(WIDGETS, {"metadata": {"name": name, "namespace": space}, "spec": spec})

"""The watch, reconcile and finalize actions of a module beside its demonstration: run, and waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from poblano.cli.acts import Acts, NotingClient
from poblano.cli.applying import Applier
from poblano.cli.project import Project
from poblano.client import Access
from poblano.client.access import Impersonation
from poblano.core.cache import Key
from poblano.core.filters import Subject
from poblano.core.jsonvalue import Document
from poblano.watch.informer import Informer
from poblano.watch.watcher import Watcher

T = TypeVar("T")

PATIENCE_SECONDS: Final = 60.0
"""How long something may take that the module or the cluster is to do: what is told then is that it did not."""
PAUSE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Followed:
    """What runs them, and what they did."""

    watcher: Watcher
    acts: Acts

    async def caught_up(self, stored: Document | None = None) -> None:
        """Wait until they have been told of `stored`, have done what they do about it, and so on for what they wrote.

        Args:
            stored: an object as it was stored.
        """
        waiting = [stored] if stored is not None else []
        while True:
            for document in waiting:
                await patiently(partial(self._knows, document))
            await patiently(self._is_idle)
            waiting, self.acts.written = self.acts.written, []
            if not waiting:
                return

    async def _is_idle(self) -> bool:
        queues = [controller.work.queue for controller in self.watcher.controllers]
        return not any(len(queue) or queue.processing for queue in queues)

    async def _knows(self, document: Document) -> bool:
        return all(_has(one, document) for one in self.watcher.informers if _is_about(one, document))


@asynccontextmanager
async def following(project: Project, access: Access) -> AsyncGenerator[Followed]:
    """The actions of `project`, at work within the block under a name of their own.

    Args:
        project: whose.
        access: of somebody who may do everything.
    """
    settings, acts = project.settings, Acts()
    theirs = Impersonation(module_user(project))
    ignored = (*settings.always_ignore.namespaces, *settings.watch.always_ignore.namespaces)
    async with NotingClient(replace(access, user=replace(access.user, impersonate=theirs))) as client:
        client.acts = acts
        bindings = [acts.recorded(binding) for binding in project.module.bindings]
        watcher = Watcher(bindings, client, uuid=settings.uuid, ignored=ignored)
        task = asyncio.create_task(watcher.run())
        try:
            await patiently(lambda: _true(value=task.done() or watcher.not_ready() is None))
            yield Followed(watcher, acts)
        finally:
            watcher.stop()
            watcher.hurry()
            await asyncio.wait([task])
        task.result()


def module_user(project: Project) -> str:
    """Under which name the actions of a module write."""
    return f"poblano-{project.settings.uuid}"


async def patiently(look: Callable[[], Awaitable[T | None]]) -> T | None:
    """What `look` finds as soon as it finds something; None when it does not for long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := await look()):
        if time.monotonic() > deadline:
            return None
        await asyncio.sleep(PAUSE_SECONDS)
    return found


async def has_condition(applier: Applier, document: Document, wanted: str) -> str | None:
    """What the status of an object says beside a condition that holds for it as it is now; None as long as that does not."""
    found = await applier.read(document)
    status: Document = found.get("status") or {}
    conditions: list[Document] = status.get("conditions") or []
    for condition in conditions:
        current = condition.get("observedGeneration", status.get("observedGeneration"))
        if condition.get("type") == wanted and current in {None, found["metadata"].get("generation")}:
            return str(condition.get("message") or "True") if condition.get("status") == "True" else None
    return None


async def _true(*, value: bool) -> bool:
    return value


def _is_about(informer: Informer, document: Document) -> bool:
    metadata, kind = document["metadata"], informer.kind
    namespace: str = metadata.get("namespace", "")
    subject = Subject(
        namespace=namespace,
        name=metadata["name"],
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        deleting="deletionTimestamp" in metadata,
    )
    same = (document["apiVersion"], document["kind"]) == (kind.api_version, kind.kind)
    return same and informer.namespace in {"", namespace} and informer.selector.takes(subject)


def _has(informer: Informer, document: Document) -> bool:
    """Whether an informer knows this version of an object or a newer one. The cluster is our own: its versions are numbers."""
    metadata = document["metadata"]
    found = informer.cache.get(Key(metadata.get("namespace", ""), metadata["name"]))
    return found is not None and int(found.resource_version) >= int(metadata["resourceVersion"])

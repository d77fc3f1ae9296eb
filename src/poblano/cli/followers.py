"""The watch and reconcile actions of a module, run beside its webhooks or by themselves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from poblano.log import Log

if TYPE_CHECKING:
    from poblano.cli.project import Project
    from poblano.client import ApiClient
    from poblano.watch.election import Leadership
    from poblano.watch.metrics import Observer
    from poblano.watch.watcher import Watcher


def has_followers(project: Project) -> bool:
    """Whether the module has watch or reconcile actions."""
    return any(binding.phase in {"watch", "reconcile"} for binding in project.module.bindings)


def watcher_of(
    project: Project, client: ApiClient, leadership: Leadership | None = None, observer: Observer | None = None
) -> Watcher:
    """What runs them.

    Args:
        project: whose.
        client: an open client.
        leadership: who may work; None where nobody else runs the module.
        observer: who counts.
    """
    from poblano.watch.metrics import NOBODY
    from poblano.watch.watcher import Watcher

    settings = project.settings
    ignored = (*settings.always_ignore.namespaces, *settings.watch.always_ignore.namespaces)
    return Watcher(
        project.module.bindings,
        client,
        uuid=settings.uuid,
        ignored=ignored,
        leadership=leadership,
        observer=observer or NOBODY,
    )


class Followers:
    """Runs them on one client, of one module after the other: `poblano dev` loads it anew on each save."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._running: tuple[Watcher, asyncio.Task[None]] | None = None

    async def use(self, project: Project) -> None:
        """Run those of `project` instead of what runs."""
        await self.close()
        if has_followers(project):
            watcher = watcher_of(project, self._client)
            task = asyncio.create_task(watcher.run())
            task.add_done_callback(_ended)
            self._running = watcher, task

    async def close(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        if self._running is not None:
            watcher, task = self._running
            self._running = None
            watcher.stop()
            await asyncio.wait([task])


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        Log.error(error, "the watch and reconcile actions have ended")

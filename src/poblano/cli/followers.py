"""The watch and reconcile actions of a module, run beside its webhooks or by themselves."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from poblano.core.errors import InvalidSettings
from poblano.log import Log

if TYPE_CHECKING:
    from poblano.admission.health import Readiness
    from poblano.cli.project import Project
    from poblano.client import ApiClient
    from poblano.watch.watcher import Watcher


def has_followers(project: Project) -> bool:
    """Whether the module has watch or reconcile actions."""
    return any(binding.phase in {"watch", "reconcile"} for binding in project.module.bindings)


def watcher_of(project: Project, client: ApiClient) -> Watcher:
    """What runs them."""
    from poblano.watch.watcher import Watcher

    settings = project.settings
    ignored = (*settings.always_ignore.namespaces, *settings.watch.always_ignore.namespaces)
    return Watcher(project.module.bindings, client, uuid=settings.uuid, ignored=ignored)


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


async def beside(project: Project, readiness: Readiness, serving: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Serve, and run them as long; when either ends, so does the other."""
    from poblano.client import connect

    async with connect() as client:
        watcher = watcher_of(project, client)
        readiness.add("watches", watcher.not_ready)
        tasks = [asyncio.create_task(serving()), asyncio.create_task(watcher.run())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watcher.stop()
            if not tasks[0].done():
                tasks[0].cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()


async def alone(project: Project, host: str, health_port: int) -> None:
    """Run them until SIGTERM, with the health port."""
    from poblano.admission.health import HealthServer, Readiness
    from poblano.client import connect
    from poblano.metrics import new_registry

    readiness = Readiness()
    loop = asyncio.get_running_loop()
    health = HealthServer(readiness, new_registry(), host=host, port=health_port)
    async with connect() as client:
        watcher = watcher_of(project, client)
        readiness.add("watches", watcher.not_ready)
        try:
            await health.start()
        except OSError as error:
            raise InvalidSettings(
                f"port {health_port} cannot be had: {error.strerror or error}; choose another with --health-port"
            ) from None
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, watcher.stop)
        try:
            Log.info("watching", module=project.settings.uuid, health=health.addresses)
            await watcher.run()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            await health.close()


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        Log.error(error, "the watch and reconcile actions have ended")

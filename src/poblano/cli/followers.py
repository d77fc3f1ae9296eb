"""The watch and reconcile actions of a module, run beside its webhooks or by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from poblano.core.binding import FOLLOWERS, Binding
from poblano.log import Log

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from poblano.cli.project import Project
    from poblano.client import Access, ApiClient
    from poblano.watch.calling import Caller
    from poblano.watch.companion import MakeCompanion
    from poblano.watch.informer import Informer
    from poblano.watch.leadership import Leadership
    from poblano.watch.metrics import Observer
    from poblano.watch.watcher import Watcher


GRACE_SECONDS = 2.0
"""How long actions may go on in `poblano dev` once there is other code to run: somebody waits for it."""


def has_followers(project: Project) -> bool:
    """Whether the module has watch, reconcile or finalize actions, or schedules."""
    return bool(project.module.schedules) or any(binding.phase in FOLLOWERS for binding in project.module.bindings)


def watcher_of(
    project: Project,
    client: ApiClient,
    leadership: Leadership | None = None,
    observer: Observer | None = None,
    *,
    registry: CollectorRegistry | None = None,
    warm: Callable[[], None] = lambda: None,
    grace: float | None = None,
) -> Watcher:
    """What runs them.

    Args:
        project: whose.
        client: an open client.
        leadership: who may work; None where nobody else runs the module.
        observer: who counts.
        registry: where the metrics of schedules are read; None where nobody reads them.
        warm: see `Watcher`.
        grace: see `Watcher`.
    """
    from poblano.watch import watcher
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
        threads=settings.watch.threads,
        beside=_companions(project, client, registry),
        needs=lambda capability: _stores_of(project, capability),
        warm=warm,
        grace=watcher.GRACE_SECONDS if grace is None else grace,
    )


def _stores_of(project: Project, name: str) -> list[Informer]:
    """What brings what is in the store of a capability, or of all: until it is known, an action would find it empty."""
    from poblano.store.speaking import speaks_of_store

    spoken_of = [one for one in project.module.capabilities if name in {"", one.name} and speaks_of_store(one)]
    if not spoken_of:
        return []
    from poblano.store.keeper import ClusterKeeper

    keepers = [one.store.keeper for one in spoken_of]
    return [keeper.informer for keeper in keepers if isinstance(keeper, ClusterKeeper)]


def _companions(project: Project, client: ApiClient, registry: CollectorRegistry | None) -> list[MakeCompanion]:
    if not project.module.schedules:
        return []
    from poblano.schedule.metrics import UNCOUNTED, ScheduleMetrics
    from poblano.schedule.records import Records
    from poblano.schedule.runner import Runner
    from poblano.watch.standing import own_identity

    settings = project.settings
    for schedule in project.module.schedules:
        if schedule.warning:
            Log.warning(schedule.warning)
    observer = UNCOUNTED if registry is None else ScheduleMetrics(registry)
    records = Records(client, uuid=settings.uuid, namespace=namespace_of(project, client.access))
    process = own_identity()

    def make(caller: Caller) -> Runner:
        return Runner(project.module.schedules, records, caller, process=process, observer=observer)

    return [make]


def namespace_of(project: Project, access: Access) -> str:
    """Where the module's own objects are: in the pod's namespace, and outside of a pod where its pods would be."""
    return access.namespace if access.context == "in-cluster" else project.settings.namespace


class Followers:
    """Runs them on one client, of one module after the other: `poblano dev` loads it anew on each save."""

    def __init__(self, client: ApiClient, observer: Observer | None = None) -> None:
        self._client = client
        self._observer = observer
        self._running: tuple[Watcher, asyncio.Task[None]] | None = None

    async def use(self, project: Project) -> None:
        """Run those of `project` instead of what runs."""
        await self.close()
        if has_followers(project):
            _say_what_stays(project.module.bindings)
            watcher = watcher_of(project, self._client, observer=self._observer, grace=GRACE_SECONDS)
            task = asyncio.create_task(watcher.run())
            task.add_done_callback(_ended)
            self._running = watcher, task

    def hurry(self) -> None:
        """Have what is under way end at once."""
        if self._running is not None:
            self._running[0].hurry()

    async def close(self) -> None:
        """Begin nothing more, and wait for what is under way, for a moment; then it is cancelled."""
        if self._running is not None:
            watcher, task = self._running
            watcher.stop()
            await asyncio.wait([task])
            self._running = None


def _say_what_stays(bindings: Iterable[Binding]) -> None:
    """Name the filters that the API server does not evaluate: it sends more than those rules are about."""
    from poblano.core.pushdown import pushed

    for binding in bindings:
        if binding.phase in FOLLOWERS and (stays := pushed(binding).stays):
            Log.debug("filters that stay here", rule=binding.title, kind=binding.kind.kind, filters=[*map(str, stays)])


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        Log.error(error, "the watch and reconcile actions have ended")

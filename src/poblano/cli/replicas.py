"""``poblano run --role watcher`` and ``all``: one of several replicas, of which one works, or each on its share.

What it starts, in order: the health port, the webhooks, the caches, the election, the controllers. It ends in the reverse
order, and the lease is given back when no action runs any more.
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from poblano.cli.followers import namespace_of, watcher_of
from poblano.cli.keeping import kept
from poblano.cli.main import LOST
from poblano.core.binding import FOLLOWERS
from poblano.core.errors import InvalidSettings
from poblano.log import Log

if TYPE_CHECKING:
    from poblano.admission.health import Checks
    from poblano.admission.server import AdmissionServer
    from poblano.cli.project import Project
    from poblano.client import Access
    from poblano.core.lease import LeaseTimes
    from poblano.watch.counting import Counted
    from poblano.watch.leadership import Leadership

Work: TypeAlias = Literal["elected", "shared", "alone"]
"""Who of several replicas works: one, each on its share of the objects, or there is but one and nobody is asked."""


async def alone(project: Project, host: str, health_port: int, work: Work, times: LeaseTimes | None = None) -> None:
    """Run the actions until SIGTERM, with the health port. A second signal ends those that are under way."""
    from poblano.admission.health import Checks, HealthServer
    from poblano.admission.heartbeat import Heartbeat
    from poblano.admission.signals import listening
    from poblano.client import ApiClient, find_access
    from poblano.metrics import new_registry
    from poblano.watch.collecting import settled
    from poblano.watch.counting import Counted
    from poblano.watch.health import add_liveness, add_readiness
    from poblano.watch.watcher import GRACE_SECONDS

    readiness, liveness, registry, counted = Checks("readyz"), Checks("healthz"), new_registry(), Counted()
    counted.attach(registry)
    access = find_access()
    async with ApiClient(access, observe=counted.requested) as client:
        leadership = leadership_of(project, access, work, counted, times)
        watcher = watcher_of(project, client, leadership, counted, registry=registry, warm=settled)
        heartbeat = Heartbeat(project.module.bindings, held)
        liveness.add("loop", heartbeat.problem)
        add_liveness(liveness, watcher)
        add_readiness(readiness, watcher, stale=True)
        health = HealthServer(readiness, registry, liveness=liveness, host=host, port=health_port)
        try:
            await health.start()
        except OSError as error:
            raise InvalidSettings(
                f"port {health_port} cannot be had: {error.strerror or error}; choose another with --health-port"
            ) from None
        heartbeat.start()
        try:
            with listening(watcher.stop, watcher.hurry, patience=GRACE_SECONDS):
                async with kept(project, client, readiness, registry=registry, liveness=liveness):
                    Log.info("watching", module=project.settings.uuid, health=health.addresses)
                    await watcher.run()
        finally:
            heartbeat.close()
            await health.close()


async def beside(
    project: Project,
    server: AdmissionServer,
    checks: tuple[Checks, Checks],
    counted: Counted,
    *,
    work: Work,
    patience: float,
) -> None:
    """Serve and run the actions until a signal, or until the actions end by themselves.

    The actions end first, so that another replica can begin with them while this one still answers reviews.

    Args:
        project: whose actions.
        server: which serves.
        checks: of readiness and of liveness.
        counted: who counts.
        work: who of several replicas works.
        patience: as of `until_signalled`.
    """
    from poblano.admission.server import until_signalled
    from poblano.client import ApiClient, find_access
    from poblano.watch.collecting import settled
    from poblano.watch.health import add_liveness, add_readiness

    access = find_access()
    async with ApiClient(access, observe=counted.requested) as client:
        watcher = watcher_of(project, client, leadership_of(project, access, work, counted), counted, warm=settled)
        add_readiness(checks[0], watcher, stale=False)
        add_liveness(checks[1], watcher)
        ending = asyncio.Event()
        serving = asyncio.create_task(until_signalled(server, patience=patience, signalled=ending))
        watching = asyncio.create_task(watcher.run())
        told = asyncio.create_task(ending.wait())
        told.add_done_callback(lambda _: watcher.stop())
        for task in (serving, watching):
            task.add_done_callback(lambda _: ending.set())
        try:
            await asyncio.wait((serving, watching))
        finally:
            tasks: tuple[asyncio.Task[Any], ...] = (serving, watching, told)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        watching.result()
        serving.result()


def leadership_of(
    project: Project, access: Access, work: Work, counted: Counted, times: LeaseTimes | None = None
) -> Leadership | None:
    """Who works.

    Raises:
        InvalidSettings: the objects cannot be shared.
    """
    from poblano.client import ApiClient
    from poblano.watch.election import Election
    from poblano.watch.sharding import Sharing
    from poblano.watch.standing import own_identity

    name = f"poblano-{project.settings.uuid}"
    if work == "alone":
        counted.leading(name, leads=True)
        return None
    connect, where, who = (
        partial(ApiClient, access, observe=counted.requested),
        namespace_of(project, access),
        own_identity(),
    )
    if work == "elected":
        return Election(
            connect, namespace=where, name=name, identity=who, times=times, observer=counted, abandon=abandon
        )
    _check_shareable(project)
    return Sharing(connect, namespace=where, group=name, identity=who, times=times, observer=counted, abandon=abandon)


def _check_shareable(project: Project) -> None:
    for binding in project.module.bindings:
        if binding.phase in FOLLOWERS and binding.queue != "kind_ns_name":
            raise InvalidSettings(
                f'{binding.title} is to run one at a time (queue="{binding.queue}"), which replicas that share the objects '
                "cannot keep; take that away, or run with --work elected"
            )


def abandon() -> None:
    """End the process at once: another replica may begin, and an action that cannot be stopped still runs."""
    Log.error("the lease is lost and an action cannot be stopped: the process ends", status=LOST)
    os._exit(LOST)


def held(who: str, seconds: float) -> None:
    """Somebody has held the event loop for long: say who."""
    Log.warning("the event loop is held up; make the action def, or let it await", by=who, ms=round(seconds * 1000))

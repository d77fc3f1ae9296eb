"""What a watcher says of itself: each part by its name."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from poblano.admission.health import Checks
from poblano.core.cache import Key
from poblano.core.errors import LeadershipLost
from poblano.core.workqueue import WorkQueue
from poblano.watch.health import (
    QUIET_SECONDS,
    STALE_SECONDS,
    STUCK_SECONDS,
    add_liveness,
    add_readiness,
    dead_watch,
    stale_cache,
    stuck_queue,
)
from tests.watch.clusters import CONFIGMAPS


def informer(quiet=0.0, trouble=None):
    return SimpleNamespace(
        kind=CONFIGMAPS,
        namespace="shop",
        trouble=trouble,
        reflector=SimpleNamespace(trouble=SimpleNamespace(quiet_seconds=quiet)),
    )


def controller(waited=None, *, runs=False):
    now = [time.monotonic() - (waited or 0)]
    queue = WorkQueue(clock=lambda: now[0])
    if runs:
        queue.add(Key("shop", "other"))
        queue.get()
    if waited is not None:
        queue.add(Key("shop", "web"))
    return SimpleNamespace(binding=SimpleNamespace(title="shop/deploy"), work=SimpleNamespace(queue=queue))


def watcher(informers=(), controllers=(), leadership=None, missing=None):
    return SimpleNamespace(
        informers=informers, controllers=controllers, leadership=leadership, not_ready=lambda: missing
    )


def leader(trouble=None, *, lost=False):
    event = asyncio.Event()
    if lost:
        event.set()
    return SimpleNamespace(lost=event, trouble=lambda: trouble, failure=lambda: LeadershipLost("it was not renewed"))


def test_a_watch_is_dead_when_it_is_silent_for_longer_than_it_can_be_and_has_not_said_why():
    assert dead_watch(informer(QUIET_SECONDS - 1)) is None
    assert dead_watch(informer(QUIET_SECONDS + 1, "the API server is away")) is None
    assert "configmaps in shop: nothing was heard" in dead_watch(informer(QUIET_SECONDS + 1))


def test_a_cache_is_stale_when_it_has_been_behind_for_long():
    assert stale_cache(informer(STALE_SECONDS + 1)) is None
    assert stale_cache(informer(1, "the API server is away")) is None
    assert stale_cache(informer(STALE_SECONDS + 1, "the API server is away")).endswith("the API server is away")


def test_a_queue_is_stuck_when_something_waits_and_nothing_runs_and_busy_is_not_dead():
    assert stuck_queue(controller()) is None
    assert stuck_queue(controller(1)) is None
    assert stuck_queue(controller(STUCK_SECONDS + 10, runs=True)) is None
    assert "shop/deploy: 1 wait" in stuck_queue(controller(STUCK_SECONDS + 10))


def test_liveness_names_the_part_that_failed():
    checks = Checks("healthz")
    add_liveness(checks, watcher([informer(), informer(QUIET_SECONDS + 1)], [controller()], leader(lost=True)))
    assert set(checks.failures()) == {"watches", "leader"}
    assert "[+]queues ok" in checks.report()
    assert checks.failures()["leader"] == "it was not renewed"
    fine = Checks("healthz")
    add_liveness(fine, watcher([informer()], [controller()]))
    assert fine.failures() == {}


@pytest.mark.parametrize("stale", [True, False])
def test_l7_who_does_not_lead_is_ready_and_who_does_not_know_who_leads_is_not(stale):
    checks = Checks("readyz")
    behind = informer(STALE_SECONDS + 1, "the API server is away")
    add_readiness(checks, watcher([behind], [], leader()), stale=stale)
    assert set(checks.failures()) == ({"caches"} if stale else set())
    add_readiness(checks, watcher([], [], leader("forbidden"), missing="not synced: pods"), stale=stale)
    assert checks.failures() == {"caches": "not synced: pods", "leader": "forbidden"}
    alone = Checks("readyz")
    add_readiness(alone, watcher(), stale=stale)
    assert alone.report() == "[+]caches ok\nreadyz check passed"

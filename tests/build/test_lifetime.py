"""Probes and grace periods against what `poblano run` really does."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from poblano.admission import heartbeat, server
from poblano.admission.health import Checks, HealthApp
from poblano.build.lifetime import LIVENESS, MARGIN_SECONDS, READINESS, STARTUP, grace_seconds
from poblano.build.podvalues import kinds_of_pods
from poblano.cli import run
from poblano.store import stores
from poblano.watch import watcher
from tests.build.planned import admitting, container, following, keeping, plan_of, pod_spec


@pytest.mark.parametrize("seconds", [1, 30])
def test_a_pod_is_not_killed_while_it_drains(seconds: int):
    plan = plan_of(admitting(timeout=seconds))

    # An action may hold the loop for as long as somebody waits for it; then come the drain and the last answers. A chart's
    # user may give a webhook 30 seconds, whatever it was built with.
    assert grace_seconds(plan, "admission") == 30 + server.GRACE_SECONDS + 30 + MARGIN_SECONDS
    assert pod_spec(plan)["terminationGracePeriodSeconds"] == grace_seconds(plan, "admission")


def test_what_is_in_a_store_is_sent_before_the_end():
    without, with_store = (grace_seconds(plan_of(one), "admission") for one in (admitting(), keeping()))

    assert with_store - without == stores.GRACE_SECONDS


def test_a_watcher_may_end_what_it_is_at():
    plan = plan_of(following())

    assert kinds_of_pods(plan) == ("watcher",)
    assert grace_seconds(plan, "watcher") >= 2 * watcher.GRACE_SECONDS


@pytest.mark.parametrize("probe", [STARTUP, READINESS, LIVENESS])
def test_a_probe_asks_a_page_of_the_health_port(probe: dict[str, Any]):
    page = HealthApp(Checks("readyz"), liveness=Checks("healthz")).admit(b"GET", probe["httpGet"]["path"].encode(), {})

    ports = {one["name"]: one["containerPort"] for one in container(plan_of(admitting()))["ports"]}
    (option,) = [one for one in run.command.params if one.name == "health_port"]
    assert getattr(page, "status", None) == 200
    assert ports[probe["httpGet"]["port"]] == option.default


def test_a_loop_that_is_held_for_a_while_is_no_reason_to_restart():
    # Half a minute: what /healthz tolerates, and as many probes as must fail after that.
    assert heartbeat.DEAD_SECONDS + (LIVENESS["failureThreshold"] - 1) * LIVENESS["periodSeconds"] >= 30
    assert LIVENESS["timeoutSeconds"] <= heartbeat.DEAD_SECONDS


def test_a_pod_that_is_not_ready_is_known_before_the_drain_of_one_that_ends_is_over():
    assert READINESS["failureThreshold"] * READINESS["periodSeconds"] <= server.GRACE_SECONDS


def test_a_start_may_take_two_minutes():
    assert STARTUP["failureThreshold"] * STARTUP["periodSeconds"] == 120


def test_the_process_is_told_by_signal_and_needs_no_hook():
    assert "lifecycle" not in container(plan_of(admitting()))
    assert "SIGTERM" in (inspect.getdoc(server.until_signalled) or "")

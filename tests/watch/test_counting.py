"""What the watching part counts, and what becomes of it on /metrics: the names, labels and buckets of operators in Go."""

from __future__ import annotations

import gc
import itertools
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from poblano.core.filters import NameIs
from poblano.core.kinds import Kind
from poblano.core.listwatch import Watch
from poblano.core.marks import LabelIs
from poblano.core.projection import FULL
from poblano.core.reflector import Reflector
from poblano.core.selectors import Selector
from poblano.core.watch_events import Failure, Page
from poblano.core.workqueue import LOW, WorkQueue
from poblano.metrics import new_registry
from poblano.watch.counting import QUEUE_BUCKETS, Counted
from poblano.watch.exposing import DEFINITIONS
from poblano.watch.metrics import NOBODY, UNHEARD

PODS = Kind("", "v1", "Pod", "pods")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def counted():
    return Counted()


@pytest.fixture
def shown(counted):
    """What a scrape finds: values by name and the labels' values, in the order of the labels' names."""
    registry = CollectorRegistry()
    counted.attach(registry)

    def scrape():
        families = text_string_to_metric_families(generate_latest(registry).decode())
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    return scrape


def test_every_run_is_counted_by_what_came_of_it_and_timed(counted, shown):
    queue = WorkQueue[str](clock=Clock())
    heard = counted.controller("shop/deploy", workers=4, queue=queue)
    for result, seconds in [("success", 0.001), ("success", 0.2), ("error", 70.0), ("requeue_after", 0.3)]:
        heard.began()
        heard.ended(result, seconds)
    heard.began()

    found = shown()

    assert {key[2]: value for key, value in found.items() if key[0] == "controller_runtime_reconcile_total"} == {
        "success": 2,
        "error": 1,
        "requeue": 0,
        "requeue_after": 1,
    }
    assert found["controller_runtime_reconcile_errors_total", "shop/deploy"] == 1
    assert found["controller_runtime_active_workers", "shop/deploy"] == 1
    assert found["controller_runtime_max_concurrent_reconciles", "shop/deploy"] == 4
    assert found["controller_runtime_reconcile_time_seconds_bucket", "shop/deploy", "0.005"] == 1
    assert found["controller_runtime_reconcile_time_seconds_bucket", "shop/deploy", "60.0"] == 3
    assert found["controller_runtime_reconcile_time_seconds_count", "shop/deploy"] == 4
    assert found["controller_runtime_reconcile_time_seconds_sum", "shop/deploy"] == pytest.approx(70.501)


def test_terminal_errors_panics_and_timeouts_are_counted_apart(counted, shown):
    heard = counted.controller("shop/deploy", workers=1, queue=WorkQueue(clock=Clock()))
    heard.terminal()
    heard.panicked()
    heard.panicked()
    heard.timed_out()

    found = shown()

    assert found["controller_runtime_terminal_reconcile_errors_total", "shop/deploy"] == 1
    assert found["controller_runtime_reconcile_panics_total", "shop/deploy"] == 2
    assert found["controller_runtime_reconcile_timeouts_total", "shop/deploy"] == 1


def test_a_queue_tells_how_deep_it_is_how_long_keys_wait_and_how_long_they_are_worked_on(counted, shown):
    clock = Clock()
    queue = WorkQueue[str](clock=clock)
    queue.observer = counted.controller("shop/deploy", workers=2, queue=queue)
    name = ("shop/deploy", "shop/deploy")
    queue.add("a")
    queue.add("a")  # it is to be run already: one more is none
    queue.add("b")
    queue.add("c", priority=LOW)
    clock.now = 5.0
    assert queue.get() == "a"
    clock.now = 8.0

    found = shown()

    assert found["workqueue_adds_total", *name] == 3
    assert found["workqueue_depth", *name, "0"] == 1
    assert found["workqueue_depth", *name, "-100"] == 1
    assert found["workqueue_queue_duration_seconds_sum", *name] == 5
    assert found["workqueue_unfinished_work_seconds", *name] == 3
    assert found["workqueue_longest_running_processor_seconds", *name] == 3
    assert found["workqueue_work_duration_seconds_count", *name] == 0

    queue.done("a")
    queue.add_rate_limited("a")
    found = shown()

    assert found["workqueue_work_duration_seconds_sum", *name] == 3
    assert found["workqueue_longest_running_processor_seconds", *name] == 0
    assert found["workqueue_retries_total", *name] == 1


def test_a_queue_that_is_empty_has_the_depth_0(counted, shown):
    queue = WorkQueue[str](clock=Clock())
    counted.controller("shop/deploy", workers=1, queue=queue)

    assert shown()["workqueue_depth", "shop/deploy", "shop/deploy", "0"] == 0


def test_controllers_of_a_name_are_counted_as_one_and_one_that_is_gone_no_longer_waits(counted, shown):
    queues = [WorkQueue[str](clock=Clock()) for _ in range(2)]
    for queue in queues:
        queue.observer = counted.controller("shop/deploy", workers=3, queue=queue)
        queue.add("a")

    assert shown()["workqueue_depth", "shop/deploy", "shop/deploy", "0"] == 2
    assert shown()["controller_runtime_max_concurrent_reconciles", "shop/deploy"] == 6

    del queue
    queues.clear()
    gc.collect()

    assert shown()["workqueue_depth", "shop/deploy", "shop/deploy", "0"] == 0
    assert shown()["controller_runtime_max_concurrent_reconciles", "shop/deploy"] == 0
    assert shown()["workqueue_adds_total", "shop/deploy", "shop/deploy"] == 2


def test_an_informer_tells_what_it_went_through(counted, shown):
    clock = Clock()
    reflector = Reflector(clock=clock, streaming=False, chance=lambda: 0.0)
    informer = Watched(Kind("apps", "v1", "Deployment", "deployments"), reflector)
    counted.informer(informer)
    key = ("all", "shop", "deployments.apps", "tier in (data) and metadata.name!=web")
    assert shown()["poblano_watch_synced", *key] == 0
    assert ("poblano_watch_sync_seconds", *key) not in shown()

    clock.now = 2.0
    reflector.listed(Page((), "7"))
    assert isinstance(reflector.command, Watch)
    reflector.opened()
    reflector.failed(Failure(status=410, reason="Expired"))
    clock.now = 12.0

    found = shown()

    assert found["poblano_watch_synced", *key] == 1
    assert found["poblano_watch_sync_seconds", *key] == 2
    assert found["poblano_watch_quiet_seconds", *key] == 10
    assert found["poblano_watch_lists_total", *key] == 1
    assert found["poblano_watch_watches_total", *key] == 1
    assert found["poblano_watch_errors_total", *key] == 1
    assert found["poblano_watch_relists_total", *key[:2], "expired", *key[2:]] == 1
    assert found["poblano_watch_objects", *key] == 0


def test_an_informer_takes_the_place_of_the_one_before_it(counted, shown):
    """As when `poblano dev` has loaded the module anew. Two of the same would make a page that Prometheus refuses."""
    informers = [Watched(PODS, Reflector(clock=Clock())) for _ in range(2)]
    for informer in informers:
        counted.informer(informer)
    informers[1].reflector.counts["lists"] = 7

    assert shown()["poblano_watch_lists_total", "all", "shop", "pods", informers[1].terms] == 7
    assert len([key for key in shown() if key[0] == "poblano_watch_objects"]) == 1


class Watched:
    """As much of an informer as is looked at."""

    terms = "tier in (data) and metadata.name!=web"

    def __init__(self, kind, reflector):
        self.kind, self.namespace, self.reflector, self.cache = kind, "shop", reflector, reflector.cache
        self.selector = Selector.of(LabelIs("tier", frozenset({"data"})), NameIs(frozenset({"web"}), negated=True))
        self.projection = FULL


def test_requests_are_counted_by_code_host_and_method(counted, shown):
    counted.requested("GET", "10.0.0.1:443", "200", 0.01)
    counted.requested("GET", "10.0.0.1:443", "200", 3.0)
    counted.requested("PATCH", "10.0.0.1:443", "<error>", 5.0)

    found = shown()

    assert found["rest_client_requests_total", "200", "10.0.0.1:443", "GET"] == 2
    assert found["rest_client_requests_total", "<error>", "10.0.0.1:443", "PATCH"] == 1
    assert found["rest_client_request_duration_seconds_bucket", "10.0.0.1:443", "0.025", "GET"] == 1
    assert found["rest_client_request_duration_seconds_sum", "10.0.0.1:443", "GET"] == pytest.approx(3.01)


def test_who_leads_is_1_and_who_does_not_is_0(counted, shown):
    counted.leading("poblano-hello", leads=True)
    counted.leading("poblano-hello-certificates", leads=False)

    assert shown()["leader_election_master_status", "poblano-hello"] == 1
    assert shown()["leader_election_master_status", "poblano-hello-certificates"] == 0


def test_the_buckets_of_queues_are_those_of_controller_runtime():
    """ExponentialBuckets(10e-9, 10, 12)."""
    assert QUEUE_BUCKETS[0] == 1e-8
    assert len(QUEUE_BUCKETS) == 12
    assert all(more == pytest.approx(10 * less) for less, more in itertools.pairwise(QUEUE_BUCKETS))


KUBEBUILDER = {
    "controller_runtime_active_workers": {"controller"},
    "controller_runtime_reconcile_total": {"controller", "result"},
    "controller_runtime_reconcile_errors_total": {"controller"},
    "workqueue_depth": {"name"},
    "workqueue_queue_duration_seconds_bucket": {"name", "le"},
    "workqueue_adds_total": {"name"},
    "workqueue_unfinished_work_seconds": {"name"},
    "workqueue_work_duration_seconds_bucket": {"name", "le"},
    "workqueue_retries_total": {"name"},
    "process_cpu_seconds_total": set(),
    "process_resident_memory_bytes": set(),
}
"""The series, and the labels of each, that kubebuilder's two Grafana dashboards for controller-runtime ask for
(its plugin grafana/v1-alpha: controller-runtime-metrics.json and controller-resources-metrics.json)."""


def test_what_the_dashboards_of_controller_runtime_ask_for_is_there(counted):
    registry = new_registry()
    counted.attach(registry)
    counted.controller("shop/deploy", workers=1, queue=WorkQueue(clock=Clock()))

    found = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)

    missing = {name: labels for name, labels in KUBEBUILDER.items() if not labels <= found.get(name, {"(not there)"})}
    assert missing == {}
    assert set(KUBEBUILDER) <= set(found)


def test_every_metric_is_defined_once_and_explained():
    assert len({one.name for one in DEFINITIONS}) == len(DEFINITIONS)
    assert all(re.fullmatch(r"[a-z_]+[a-z]", one.name) and one.help for one in DEFINITIONS)


def test_prometheus_client_is_not_loaded_before_somebody_asks():
    """Nor is anything else that takes long: a process that counts is as quick to start as one that does not."""
    code = """
        import json, sys
        from poblano.core.workqueue import WorkQueue
        from poblano.watch.counting import Counted
        counted = Counted()
        queue = WorkQueue(clock=lambda: 0.0)
        queue.observer = heard = counted.controller("a", workers=1, queue=queue)
        queue.add("k"); queue.get(); heard.began(); heard.ended("success", 1.0); queue.done("k")
        print(json.dumps([name for name in sys.modules if name.partition(".")[0] in {"prometheus_client", "aiohttp"}]))
    """
    done = subprocess.run(
        [sys.executable, "-c", re.sub(r"^ {8}", "", code, flags=re.MULTILINE)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []


def test_nobody_hears_everything():
    assert NOBODY.controller("a", workers=1, queue=WorkQueue(clock=Clock())) is UNHEARD
    NOBODY.informer(SimpleNamespace())
    NOBODY.requested("GET", "a", "200", 1.0)
    NOBODY.leading("a", leads=True)
    UNHEARD.added()
    UNHEARD.got(1.0)
    UNHEARD.began()
    UNHEARD.ended("success", 1.0)
    UNHEARD.done(1.0)
    UNHEARD.retried()
    UNHEARD.terminal()
    UNHEARD.panicked()
    UNHEARD.timed_out()

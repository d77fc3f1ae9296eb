"""Reconciles: who takes a turn at what, and what the turns come to."""

from __future__ import annotations

import http.client
import http.server
import json
import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks import audit, failover, reconciles, relay, tables, turns
from benchmarks.figures import Spread
from benchmarks.informed import Informed
from benchmarks.reconcilers import KOPF, KOPF_EVENT, PEPR, POBLANO, POBLANO_WATCH, Reconciler
from benchmarks.turns import SIZES, Reconciled, Turn, Work


def someone(name, *, applies=True):
    return Reconciler(name, [], Path(), applies=applies)


def took(seconds, memory, objects=1000, **more):
    return Turn(objects, first=0.1, last=seconds, cpu=1.0, peak_mb=memory + 5, after_mb=memory, **more)


FOUND = Reconciled(
    {
        (Work(1000), POBLANO): [took(0.2, 50, updates=900.0, update_cpu_us=100.0), took(0.5, 40)],
        (Work(1000), KOPF): [took(2.0, 150), took(4.0, 150)],
        (Work(1000), PEPR): [took(1.0, 200), took(1.0, 200)],
        (Work(1000, applies=True), POBLANO): [took(3.0, 60)],
    },
    {POBLANO: 12, KOPF: 101, PEPR: 200},
)


def test_each_takes_its_turn_at_each_work_and_another_one_is_first_in_each_round():
    those = [someone(name) for name in (POBLANO, KOPF, PEPR)]

    taken = list(reconciles.order(those, 2))

    for work, most in reconciles.WORKS.items():
        rounds = {n: [who.name for number, at, who in taken if (number, at) == (n, work)] for n in range(2)}
        assert rounds[0] == [POBLANO, KOPF, PEPR]
        assert rounds[1] == ([KOPF, PEPR, POBLANO] if most > 1 else [])


def test_who_is_only_told_applies_nothing():
    those = [someone(POBLANO), someone(POBLANO_WATCH, applies=False), someone(KOPF_EVENT, applies=False)]

    assert {who.name for _, work, who in reconciles.order(those, 1) if work.applies} == {POBLANO}


def test_a_bound_is_the_median_of_what_each_round_came_to():
    held = {bound.promise: bound for bound in turns.bounds(FOUND)}

    assert held["reconciles a second, 1 000 objects, beside kopf"].measured == pytest.approx(9.0)
    assert held["memory then, 1 000 objects, beside kopf"].measured == pytest.approx(0.3)
    assert held["memory then, 1 000 objects, beside Pepr"].measured == pytest.approx(0.225)
    assert all(bound.holds for bound in held.values())


def test_of_the_metadata_alone_speed_and_weight_are_promised():
    known = [Informed(seconds, 2.0) for seconds in (1.0, 7.0, 2.0)]

    seconds, weight = turns.bounds(Reconciled({}, {}, known))

    assert (seconds.measured, weight.measured) == (2.0, 2.0)
    assert seconds.holds
    assert weight.holds


def test_two_runs_of_an_object_at_once_break_a_promise():
    gaps = failover.Gaps(Spread.of([16.0]), Spread.of([0.5]), runs=900, overlaps=1)

    assert [bound.holds for bound in failover.bounds(gaps)] == [True, True, False]
    assert "900" in tables.failover(gaps)


def test_nothing_is_promised_of_what_was_not_measured():
    assert not list(turns.bounds(Reconciled({(Work(SIZES[0]), POBLANO): [took(1.0, 1)]}, {})))


def test_the_tables_tell_the_works_apart():
    returned, applied = (tables.reconciles(FOUND, applies=applies).splitlines() for applies in (False, True))

    assert len(returned) == 2 + 3
    assert len(applied) == 2 + 1
    assert "connections" in applied[0]
    assert applied[-1].rstrip(" |").endswith("12")


def test_the_first_list_is_that_of_the_contender(tmp_path):
    def event(second, resource, agent):
        at = f"2026-01-01T00:00:{second:02d}.000000Z"
        return json.dumps({"requestReceivedTimestamp": at, "objectRef": {"resource": resource}, "userAgent": agent})

    log = tmp_path / "audit.log"
    lines = [(1, "widget1s", "poblano/1"), (3, "widget2s", "poblano/1"), (4, "widget1s", "kube-controller-manager/v1")]
    log.write_text("\n".join(event(*line) for line in [*lines, (5, "widget1s", "kopf/1"), (6, "widget1s", "kopf/1")]))
    begin = datetime.fromisoformat("2026-01-01T00:00:00Z").timestamp()

    assert audit.first_asked(log, "widget1s", begin + 2) == begin + 5
    assert audit.first_asked(log, "widget1s", begin + 7) is None


class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * 300_000)

    def log_message(self, *_):
        pass


def test_a_relay_counts_connections_and_passes_everything_on(tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with relay.relaying(f"http://127.0.0.1:{server.server_port}", tmp_path) as between:
            sizes = [len(asked(between.url)) for _ in range(3)]
            opened = between.opened
        server.shutdown()
        thread.join()

    assert sizes == [300_000] * 3
    assert opened == 3


def asked(url):
    with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().read()

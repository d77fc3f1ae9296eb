"""Turns: their order, what counts as a right answer, and what wrk said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from benchmarks import processes, reviews, wrk
from benchmarks.admission import Outcome, Row, Turn, rotated
from benchmarks.contenders import FLOOR, PEPR, POBLANO
from benchmarks.promises import all_hold, of_admission
from benchmarks.wrk import Load


def row(name, rate, p99):
    return Row.of(name, 16, [Turn(Load(round(rate), 1.0, p99 / 2, p99, 0), 1e6 / rate)])


def test_each_server_begins_a_round_in_its_turn():
    firsts = Counter(rotated(["a", "b", "c"], number)[0] for number in range(6))

    assert firsts == {"a": 2, "b": 2, "c": 2}


def test_both_hello_modules_get_the_same_review_but_for_the_namespace():
    theirs = json.loads(reviews.configmap_review(namespace="pepr-demo"))["request"]
    ours = json.loads(reviews.configmap_review(namespace="poblano-demo"))["request"]

    assert ours["namespace"] == "poblano-demo"
    theirs["namespace"] = ours["namespace"]
    theirs["object"]["metadata"]["namespace"] = ours["object"]["metadata"]["namespace"]
    theirs["object"]["data"].pop("filling")
    ours["object"]["data"].pop("filling")
    assert ours == theirs


@pytest.mark.parametrize("namespace", ("pepr-demo", "poblano-demo"))
def test_every_review_is_as_long_as_the_others(namespace):
    assert len(reviews.configmap_review(namespace=namespace)) == reviews.SIZE


@pytest.mark.parametrize(
    "change",
    (
        {"uid": "another"},
        {"allowed": False},
        {"patchType": None},
        {"patch": "W10="},
    ),
)
def test_an_answer_that_does_not_do_the_work_voids_the_run(change):
    answer = json.loads(reviews.allowing_answer())
    answer["response"].update(change)

    with pytest.raises(reviews.WrongAnswer):
        reviews.patch_of(json.dumps(answer).encode())


def test_refused_and_lost_requests_both_count_as_bad():
    line = '{"requests":5,"microseconds":1000000,"p50":1,"p99":2,"failed":1,"refused":2}'

    assert wrk.parse(f"Running 1s test\n  Non-2xx\n\n{line}\n").bad == 3


def test_the_promises_hold_at_their_limits():
    outcome = Outcome([row(PEPR, 1000, 10.0), row(POBLANO, 5000, 2.0), row(FLOOR, 10000, 1.0)])

    assert all_hold(of_admission(outcome))


def test_a_slower_server_breaks_a_promise():
    outcome = Outcome([row(PEPR, 1000, 10.0), row(POBLANO, 4000, 2.0), row(FLOOR, 10000, 1.0)])

    assert not all_hold(of_admission(outcome))


def test_no_promise_is_made_about_servers_that_did_not_take_part():
    assert list(of_admission(Outcome([row(PEPR, 1000, 10.0)]))) == []


def test_memory_and_cpu_are_those_of_the_process_and_its_children(tmp_path):
    child = [sys.executable, "-c", "import time; time.sleep(60)"]
    parent = [sys.executable, "-c", f"import subprocess; subprocess.run({child!r})"]
    with processes.running("tree", parent, log=tmp_path / "log", cores=processes.ALL_CORES) as tree:
        processes.until_ready(tree, lambda: len(processes.family(tree.pid)) == 2)
        _, youngest = processes.family(tree.pid)

        assert tree.rss_mb() > processes.Running("child", youngest, tree.log).rss_mb() > 0.0
        assert tree.cpu_seconds() > 0.0
    assert processes.family(tree.pid) == [tree.pid]


def test_a_server_that_ends_before_it_is_ready_is_named_with_its_last_words(tmp_path):
    broken = [sys.executable, "-c", "raise SystemExit('no such port')"]

    with (
        processes.running("broken", broken, log=tmp_path / "log", cores=processes.ALL_CORES) as server,
        pytest.raises(processes.NotReady, match=r"broken ended(.|\n)*no such port"),
    ):
        processes.until_ready(server, lambda: False)


def test_a_process_is_moved_with_its_threads():
    core = min(processes.ALL_CORES)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        processes.pin([process.pid], {core})
        assert os.sched_getaffinity(process.pid) == {core}
        process.communicate(b"\n")


def test_time_that_our_own_processes_take_is_not_blamed_on_others(tmp_path):
    bystanders = processes.Bystanders()
    spin = "sum(range(100_000_000))"
    with processes.running(
        "spin", [sys.executable, "-c", spin], log=tmp_path / "log", cores=processes.ALL_CORES
    ) as one:
        processes.until_ready(one, lambda: one.cpu_seconds() > 0.2)

        assert 0.0 <= bystanders.share() <= 1.0
        assert processes.Running("us", os.getpid(), one.log).cpu_seconds() > 0.2

"""`poblano schedule`, against an embedded cluster in which the schedules of a module run."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from poblano.cli.main import cli
from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from poblano.core.kinds import Kind
from poblano.core.schedule.record import Attempt, Ended, Record
from poblano.core.store.definition import STORE, schedules_name, store_definition
from tests.cluster.serving_cluster import running

DEFINITIONS = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
CODE = """
from datetime import timedelta
from poblano import Capability, Module
shop, depot = Capability("shop"), Capability("depot")
shop.on_schedule("refresh", every=timedelta(hours=1))(print)
shop.on_schedule("nightly", cron="30 2 * * *", timezone="Europe/Berlin")(print)
depot.on_schedule("nightly", every=timedelta(days=1), completions=1)(print)
module = Module(shop, depot)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    settings = '[tool.poblano]\nuuid = "hours"\nmodule = "hours:module"\ndescription = "x"\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    (tmp_path / "hours.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def empty():
    """A cluster without the kind that stores are kept in."""
    with running(Settings()) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def cluster():
    with running(Settings()) as cluster:

        async def prepare():
            async with connect(cluster.kubeconfig) as client:
                api = Resources(client)
                await api.apply(DEFINITIONS, store_definition(), force=True)
                await api.create(NAMESPACES, {"metadata": {"name": "poblano-system"}})
                await asyncio.sleep(0)

        asyncio.run(prepare())
        yield cluster


def keep(cluster, records):
    """Have these records, and no others."""

    async def kept():
        async with connect(cluster.kubeconfig) as client:
            data = {title: record.json() for title, record in records.items()}
            obj = {"metadata": {"name": schedules_name("hours")}, "data": data}
            await Resources(client).apply(STORE, obj, "poblano-system", force=True)

    asyncio.run(kept())


def record(cluster, title):
    async def read():
        async with connect(cluster.kubeconfig) as client:
            found = await Resources(client).get(STORE, schedules_name("hours"), "poblano-system")
            return Record.of(found["data"][title])

    return asyncio.run(read())


def poblano(cluster, *arguments):
    return CliRunner().invoke(cli, ["schedule", *arguments, "--kubeconfig", str(cluster.kubeconfig)])


@pytest.fixture
def now():
    """Of the test: its file may have been read long before."""
    return datetime.now(UTC)


def test_list_says_what_each_did_and_does_next(folder, cluster, now):
    began = now - timedelta(minutes=90)
    last = Ended(began, began, began + timedelta(seconds=5), "failed", 1, "no such host")
    passed = now - timedelta(minutes=10)
    keep(
        cluster,
        {
            "shop/refresh": Record(since=now - timedelta(days=1), passed=passed, last=last, completed=7),
            "depot/nightly": Record(since=now - timedelta(days=3), completed=1),
        },
    )

    lines = poblano(cluster, "list").output.splitlines()

    assert lines[0].split() == ["SCHEDULE", "WHEN", "LAST", "RUN", "RESULT", "NEXT", "RUN", "RUNS"]
    assert re.match(r"shop/refresh +every 1h +1h \d+m ago +failed +\d{4}-\d\d-\d\d .*Z \(.*\) +7$", lines[1])
    assert re.match(r"shop/nightly +30 2 \* \* \* \(Europe/Berlin\) +never +not known +0$", lines[2])
    assert re.match(r"depot/nightly +every 1d +never +never +1$", lines[3])


def test_show_says_all_that_is_known(folder, cluster, now):
    began = now - timedelta(minutes=90)
    attempt = Attempt(began, began, "watcher-7", 2)
    last = Ended(began, began, began + timedelta(seconds=5), "failed", 1, "ValueError: no such host")
    keep(cluster, {"shop/refresh": Record(since=now, passed=now, running=(attempt,), last=last, skipped=3)})

    told = poblano(cluster, "show", "refresh").output

    assert f"defined at:  {folder / 'hours.py'}:5" in told
    assert re.search(r"running: +for 1h \d+m, attempt 2, watcher-7", told)
    assert "reason:      ValueError: no such host" in told
    assert "skipped:     3" in told


def test_pause_resume_and_run_change_the_record_and_nothing_else(folder, cluster, now):
    keep(cluster, {"shop/refresh": Record(since=now, completed=7), "depot/nightly": Record(since=now)})

    assert poblano(cluster, "pause", "refresh").exit_code == 0
    assert record(cluster, "shop/refresh").paused
    assert "paused" in poblano(cluster, "list").output
    assert poblano(cluster, "resume", "refresh").exit_code == 0
    assert not record(cluster, "shop/refresh").paused
    assert poblano(cluster, "run", "shop/refresh").exit_code == 0
    assert record(cluster, "shop/refresh").asked is not None
    assert record(cluster, "shop/refresh").completed == 7
    assert record(cluster, "depot/nightly") == Record(since=now)


def test_a_schedule_that_was_never_seen_can_be_paused_before_it_begins(folder, cluster):
    keep(cluster, {})

    assert poblano(cluster, "pause", "shop/nightly").exit_code == 0
    assert record(cluster, "shop/nightly").paused


@pytest.mark.parametrize(
    ("name", "problem"),
    (
        ("nixly", "there is no schedule nixly; there are shop/refresh, shop/nightly, depot/nightly"),
        ("nightly", "nightly may be any of shop/nightly, depot/nightly"),
    ),
)
def test_a_name_that_means_none_or_several_is_refused_with_those_there_are(folder, cluster, name, problem):
    result = poblano(cluster, "show", name)

    assert result.exit_code == 1
    assert problem in result.output


def test_a_module_without_schedules_is_told_how_to_make_one(folder, cluster):
    (folder / "hours.py").write_text("from poblano import Module\nmodule = Module()\n")

    assert "@shop.on_schedule(...) makes one" in poblano(cluster, "list").output


def test_a_cluster_without_the_kind_says_what_makes_it(folder, empty):
    result = poblano(empty, "list")

    assert result.exit_code == 1
    assert "the records cannot be read" in result.output
    assert "poblano dev, or the manifests, make the kind" in result.output

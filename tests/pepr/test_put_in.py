"""Each test of a row is seen to fail when Pepr's behaviour is put in, which shows that it looks where Pepr goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pepr.behaviour import behaviours
from tests.pepr.watchers import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS = (*(f"a{row}" for row in range(1, 19)), *(f"w{row}" for row in (*range(1, 13), 14)))
"""Without the policy reports, the background scan and the offline runner of A17. W13 is history."""

GROUPS = ("test_a*.py", "test_w0[1-4]*.py", "test_w0[5-9]*.py", "test_w1*.py")
"""Each is run by a process of its own, as whoever waits for what never comes takes a while."""

SECONDS = 900
"""How long a group may take: it is minutes on a machine that has much else to do."""

pytestmark = pytest.mark.timeout(SECONDS + 60)

OUTDATED = ("AttributeError", "ImportError", "NameError", "TypeError")
"""How a behaviour fails that our code has outgrown."""


@pytest.fixture(scope="module")
def fared_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[dict[str, str]]]:
    """How the tests of a group fared with Pepr's behaviour put in. Each group is run once, when it is first asked for."""
    found = cache(lambda group: _fared(group, tmp_path_factory.mktemp("pepr") / "report.json"))

    def fared(group: str) -> list[dict[str, str]]:
        reports = found(group)
        assert not isinstance(reports, str), reports
        return reports

    return fared


def _fared(group: str, report: Path) -> list[dict[str, str]] | str:
    """Why it could not be run, where it could not: an error would be no answer, and it would be run again for each test."""
    files = sorted(str(file) for file in HERE.glob(group))
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")} | {PATIENCE: "4"}
    options = ["-q", "-p", "tests.pepr.put_in", "-p", "no:cacheprovider", "--tb=short", f"--pepr-report={report}"]
    command = [sys.executable, "-m", "pytest", *options, *files]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        return f"{error}\n{error.stdout}"
    if not report.exists():
        return done.stdout + done.stderr
    return json.loads(report.read_text())


def group_of(name: str) -> str:
    """The group in which the tests of a behaviour are."""
    row = name.partition("_")[0]
    return next(group for group in GROUPS if fnmatch(f"test_{row[0]}{row[1:]:0>2}_x.py", group))


@pytest.mark.parametrize("name", behaviours())
def test_the_tests_of_a_row_notice(fared_in: Callable[[str], list[dict[str, str]]], name: str):
    found = [one for one in fared_in(group_of(name)) if one["behaviour"] == name]
    noticed = {one["test"] for one in found if (one["when"], one["outcome"]) == ("call", "failed")}
    skipped = {one["test"] for one in found if one["outcome"] == "skipped"}

    assert noticed == set(behaviours()[name].breaks) - skipped, found
    assert not [one for one in found if one["error"].startswith(OUTDATED)], "the behaviour no longer fits our code"


@pytest.mark.parametrize("group", GROUPS)
def test_every_test_of_a_row_is_seen_to_fail(fared_in: Callable[[str], list[dict[str, str]]], group: str):
    assert {one["test"] for one in fared_in(group) if not one["behaviour"]} == set()


def test_every_row_has_behaviours():
    assert {name.partition("_")[0] for name in behaviours()} == set(ROWS)

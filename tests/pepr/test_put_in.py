"""Each test of a row is seen to fail when Pepr's behaviour is put in, which shows that it looks where Pepr goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pepr.behaviour import behaviours

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS = (*range(1, 9), *range(12, 19))
"""A9 and A10 are about Helm charts, A11 about RBAC: no part of admission. Nor are the tracing, the policy reports, the
background scan and the offline runner of A17, nor the rotation in a cluster and the reproducible build of A8."""

OUTDATED = ("AttributeError", "ImportError", "NameError", "TypeError")
"""How a behaviour fails that our code has outgrown."""


@pytest.fixture(scope="module")
def fared(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """How the tests of the rows fared with Pepr's behaviour put in."""
    report = tmp_path_factory.mktemp("pepr") / "report.json"
    files = sorted(str(file) for file in HERE.glob("test_a*.py"))
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    options = ["-q", "-p", "tests.pepr.put_in", "-p", "no:cacheprovider", "--tb=short", f"--pepr-report={report}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    return json.loads(report.read_text())


@pytest.mark.parametrize("name", behaviours())
def test_the_tests_of_a_row_notice(fared: list[dict[str, str]], name: str):
    found = [one for one in fared if one["behaviour"] == name]
    noticed = {one["test"] for one in found if (one["when"], one["outcome"]) == ("call", "failed")}
    skipped = {one["test"] for one in found if one["outcome"] == "skipped"}

    assert noticed == set(behaviours()[name].breaks) - skipped, found
    assert not [one for one in found if one["error"].startswith(OUTDATED)], "the behaviour no longer fits our code"


def test_every_test_of_a_row_is_seen_to_fail(fared: list[dict[str, str]]):
    assert {one["test"] for one in fared if not one["behaviour"]} == set()
    assert {name.partition("_")[0] for name in behaviours()} == {f"a{row}" for row in ROWS}

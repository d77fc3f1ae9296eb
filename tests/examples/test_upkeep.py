"""examples/upkeep is a project of its own: its tests pass where its user runs them."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from poblano.cli.defining import definitions
from poblano.cli.project import load_project

UPKEEP = Path(__file__).resolve().parents[2] / "examples" / "upkeep"


@pytest.mark.timeout(400)
def test_its_own_tests_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=UPKEEP, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout


def test_it_is_a_token_by_the_hour_and_a_cron_line_and_needs_the_kind_of_stores() -> None:
    project = load_project(UPKEEP)
    token, clean_up = project.module.schedules
    assert token.every == timedelta(hours=1)
    assert (clean_up.cron, clean_up.timezone) == ("30 2 * * *", "Europe/Berlin")
    assert [one["metadata"]["name"] for one in definitions(project)] == ["poblanostores.poblano.dev"]

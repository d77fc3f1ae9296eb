"""examples/hello is a project of its own: its tests pass where its user runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HELLO = Path(__file__).resolve().parents[2] / "examples" / "hello"


@pytest.mark.timeout(400)
def test_its_own_tests_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=HELLO, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout

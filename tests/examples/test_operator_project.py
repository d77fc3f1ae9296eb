"""examples/operator is a project of its own: its tests pass where its user runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OPERATOR = Path(__file__).resolve().parents[2] / "examples" / "operator"


def test_its_own_tests_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=OPERATOR, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout

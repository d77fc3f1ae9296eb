"""What users write as the examples do is clean for mypy at its strictest, without a configuration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy learned of Poblano from the first example; that takes most of its time."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("file", ["hello/hello.py", "operator/webapps.py", "upkeep/upkeep.py"])
def test_mypy_strict_agrees_with_it(known: Path, file: str) -> None:
    example = EXAMPLES / file
    command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={known}", "--config-file=", example.name]
    done = subprocess.run(command, cwd=example.parent, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout

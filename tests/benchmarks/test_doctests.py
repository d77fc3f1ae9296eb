"""The examples in the docstrings of the benchmarks are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import benchmarks

MODULES = sorted(path.stem for path in Path(benchmarks.__file__).parent.glob("*.py") if not path.stem.startswith("__"))


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_hold(module):
    assert doctest.testmod(importlib.import_module(f"benchmarks.{module}")).failed == 0

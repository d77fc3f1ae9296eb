"""What is built of the examples is what the golden files say: see tests/build/goldens.py on how they are renewed."""

from __future__ import annotations

import pytest

from tests.build.goldens import FILES, GOLDEN


@pytest.mark.parametrize("name", FILES)
def test_what_is_built_is_what_was_read(name: str):
    assert FILES[name]() == (GOLDEN / name).read_text(encoding="utf-8"), (
        "if that is meant: python -m tests.build.goldens, and read the difference"
    )

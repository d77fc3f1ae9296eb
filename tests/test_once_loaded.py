"""What is done to a library as soon as it is loaded, and no sooner."""

from __future__ import annotations

import subprocess
import sys

import pytest

from poblano.once_loaded import once_loaded


def test_the_last_one_that_was_said_is_done_when_the_library_is_loaded_and_only_then():
    code = (
        "import sys; from poblano.once_loaded import once_loaded;"
        "done = []; before = len(sys.meta_path);"
        "once_loaded('colorsys', lambda: done.append(1)); once_loaded('colorsys', lambda: done.append(sys.modules['colorsys'].rgb_to_hsv));"
        "assert not done and 'colorsys' not in sys.modules;"
        "import colorsys; assert done == [colorsys.rgb_to_hsv]; assert len(sys.meta_path) == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_is_not_there_is_as_if_nothing_had_been_said(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    once_loaded("poblano_that_is_none", lambda: None)

    with pytest.raises(ModuleNotFoundError):
        __import__("poblano_that_is_none")

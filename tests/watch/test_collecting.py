"""The garbage collector is kept away from what is to stay, and is as it was before."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys

import pytest

from poblano.watch.collecting import settled, uncollected


@pytest.fixture(autouse=True)
def _as_before():
    was_on, frozen = gc.isenabled(), gc.get_freeze_count()
    yield
    if not frozen:
        gc.unfreeze()
    assert gc.isenabled() == was_on


def test_nothing_is_collected_while_much_is_made_and_the_collector_is_as_it_was():
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="broken off"), uncollected():
        raise ValueError("broken off")
    assert gc.isenabled()


def test_what_has_settled_is_looked_at_no_more():
    kept = [[number] for number in range(1_000)]
    settled()
    assert gc.get_freeze_count() >= len(kept)
    assert not any(one is kept for one in gc.get_objects(generation=2))


_PROGRAM = """
import os
from poblano.watch.collecting import settled

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

settled()
pieces = [bytes(100_000) for _ in range(500)]
last = bytes(100_000)
del pieces
before = resident()
settled()
print(before - resident())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="only glibc keeps what is freed")
def test_what_the_first_list_took_is_given_back():
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 30_000_000

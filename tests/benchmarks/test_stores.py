"""What the part `store` of the benchmarks makes of what it has seen."""

from __future__ import annotations

import subprocess
import sys

from benchmarks import stores, tables
from benchmarks.figures import Spread
from benchmarks.stores import PEPR, POBLANO, Kept


def kept(heard, awaited):
    return Kept(1000.0, Spread.of([500.0]), Spread.of([5.0]), Spread.of([heard]), Spread.of([awaited]))


def test_the_promises_are_ratios_to_pepr_of_the_same_run():
    found = {POBLANO: kept(0.1, 0.02), PEPR: kept(2.0, 4.0)}
    assert [(bound.measured, bound.holds) for bound in stores.bounds(found)] == [(0.005, True), (0.05, True)]
    assert [bound.holds for bound in stores.bounds({POBLANO: kept(2.0, 4.0), PEPR: kept(2.0, 4.0)})] == [False, False]
    assert not list(stores.bounds({POBLANO: kept(0.1, 0.02)}))


def test_the_table_has_a_row_for_each():
    lines = tables.stores({POBLANO: kept(0.1, 0.02), PEPR: kept(2.0, 4.0)}).splitlines()
    assert [line.split()[1] for line in lines[2:]] == [POBLANO, PEPR]


def test_an_observer_counts_the_items_of_each_flush_and_notes_when_a_key_was_there_first():
    observer = stores.Observer(None, stores.Keeper("Pepr", [], None, {}, "/apis/x/y", "keeping-v2-"))
    observer.see({"keeping-v2-key-1": "1", "keeping-v2-key-2": "1"})
    observer.see({"keeping-v2-key-1": "2", "keeping-v2-key-2": "1", "keeping-v2-probe-0": "x"})
    observer.see({"keeping-v2-key-1": "2", "keeping-v2-key-2": "1", "keeping-v2-probe-0": "y"})
    assert observer.patches == [2, 1]
    assert set(observer.arrived) == {"key-1", "key-2", "probe-0"}


def test_the_module_that_is_measured_can_be_loaded():
    command = [sys.executable, "-c", "import keeping; print([one.name for one in keeping.module.capabilities])"]
    done = subprocess.run(command, cwd=stores.SOURCES, capture_output=True, text=True, check=True)
    assert done.stdout == "['keeping']\n"

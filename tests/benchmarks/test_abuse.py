"""The table of hostile clients can be made."""

from __future__ import annotations

import os

from benchmarks import abuse
from tests.admission.hostile import NUMBERED


def test_each_kind_of_abuse_is_a_row(capsys):
    cores = os.sched_getaffinity(0)
    assert abuse.main(["--only", "bodies 1", "hang-ups", "--seconds", "0.05"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in printed[2:4]] == ["bodies 1", "hang-ups"]
    assert os.sched_getaffinity(0) == cores


def test_every_numbered_body_is_a_kind_of_abuse():
    assert {f"bodies {number}" for number in NUMBERED} <= abuse.ABUSES.keys()

"""The record of a schedule, as it is kept."""

from __future__ import annotations

import pytest

from poblano.core.schedule.record import Record, UnreadableRecord


def test_what_a_later_version_adds_is_passed_over():
    assert Record.of('{"since":"2026-03-01T12:00:00Z","colour":"red"}').completed == 0


@pytest.mark.parametrize("text", ("", "{}", "[]", '{"since":7}', '{"since":"2026-03-01T12:00:00Z","completed":"x"}'))
def test_a_record_that_is_none_is_refused_in_words(text):
    with pytest.raises(UnreadableRecord, match="cannot be read"):
        Record.of(text)

"""Conditions of a status keep the rules of metav1.Condition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.conditions import set_condition, status_of
from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import copied

TYPES = st.sampled_from(["Ready", "Available", "example.com/Synced"])
STATUSES = st.sampled_from(["True", "False", "Unknown"])
SAID = st.lists(st.tuples(TYPES, STATUSES, st.sampled_from(["Done", "Waiting"]), st.text(max_size=5)), max_size=12)


def said(conditions, type, status, reason="Done", message="", *, now="now", generation=1):
    return set_condition(conditions, type, status, reason=reason, message=message, now=now, generation=generation)


@given(SAID)
def test_there_is_one_of_each_type_with_what_was_said_last_since_its_status_changed(steps):
    conditions, model = [], {}
    for number, (type, status, reason, message) in enumerate(steps):
        conditions = said(conditions, type, status, reason, message, now=str(number), generation=number)
        since = model[type][2] if type in model and model[type][0] == status else str(number)
        model[type] = (status, reason, since, message, number)
    assert [one["type"] for one in conditions] == list(model)  # in the order in which they came
    for one in conditions:
        status, reason, since, message, number = model[one["type"]]
        assert one == {
            "type": one["type"],
            "status": status,
            "observedGeneration": number,
            "lastTransitionTime": since,
            "reason": reason,
            "message": message,
        }


@given(SAID, TYPES, STATUSES)
def test_what_was_there_is_not_changed(steps, type, status):
    conditions = []
    for type_, status_, reason, message in steps:
        conditions = said(conditions, type_, status_, reason, message)
    before = copied(conditions)
    said(conditions, type, status, now="later")
    assert conditions == before


@given(STATUSES)
def test_saying_it_again_changes_nothing(status):
    once = said([], "Ready", status, now="first")
    assert said(once, "Ready", status, now="second") == once


def test_what_others_wrote_stays_as_it_is():
    theirs = [{"type": "Theirs", "status": "True", "more": 1}, {"type": "Ready", "status": "False", "more": 2}, "odd"]
    first, ours, odd = said(theirs, "Ready", "True")
    assert (first, odd) == (theirs[0], "odd")
    assert (ours["more"], ours["lastTransitionTime"]) == (2, "now")


def test_a_kind_without_generation_has_none_in_its_conditions():
    (one,) = said([], "Ready", "True", generation=None)
    assert "observedGeneration" not in one


def test_the_message_is_cut_and_the_rest_is_refused():
    (one,) = said([], "Ready", "True", message="x" * 40_000)
    assert len(one["message"]) == 32_768
    for type, reason in (("not ready", "Done"), ("", "Done"), ("Ready", ""), ("Ready", "it is done"), ("Ready", "1st")):
        with pytest.raises(MalformedObject, match="of a condition is"):
            said([], type, "True", reason)


def test_a_status_is_said_in_python_or_as_it_is_spelt():
    assert [status_of(one) for one in (True, False, None, "True", "False", "Unknown")] == [
        "True",
        "False",
        "Unknown",
    ] * 2
    with pytest.raises(MalformedObject, match="write True, False or None"):
        status_of("yes")

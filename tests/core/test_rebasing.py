"""What an action changed is brought onto what is there by now, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.patching.merge import merge_patch as merged
from poblano.core.errors import Conflict
from poblano.core.field_owners import Owners
from poblano.core.jsonvalue import copied
from poblano.core.rebasing import merge_patch, rebased, rebased_status, status_patch, takes_away

SCALARS = st.integers(0, 2) | st.booleans() | st.sampled_from(["a", ""])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)
MAPS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


def conditions(**statuses):
    return {"conditions": [{"type": type, "status": status} for type, status in statuses.items()]}


def owned(*entries):
    """An object whose fields belong to these managers."""
    return {"metadata": {"managedFields": [{"manager": manager, "fieldsV1": fields} for manager, fields in entries]}}


@given(MAPS, MAPS)
def test_a_merge_patch_makes_the_one_of_the_other(old, new):
    before = copied(old)
    assert merged(copied(old), merge_patch(old, new)) == new
    assert old == before
    assert merge_patch(new, new) == {}


@given(MAPS, MAPS)
def test_where_nobody_else_has_written_it_is_what_the_action_wants(was, wanted):
    assert rebased(was, wanted, copied(was)) == wanted


@given(MAPS, MAPS)
def test_what_the_action_left_alone_is_what_it_is_by_now(was, live):
    assert rebased(was, copied(was), live) == live


@given(MAPS, MAPS, MAPS)
def test_fields_that_only_one_of_them_has_changed_are_as_that_one_says(was, wanted, live):
    try:
        made = rebased(was, wanted, live)
    except Conflict:
        return
    for key in {*was, *wanted, *live}:
        before, ours, theirs = (one.get(key, ...) for one in (was, wanted, live))
        if repr(ours) == repr(before):
            assert made.get(key, ...) == theirs
        elif repr(theirs) == repr(before):
            assert made.get(key, ...) == ours


@given(MAPS, MAPS, MAPS)
def test_done_twice_it_is_as_done_once(was, wanted, live):
    try:
        made = rebased(was, wanted, live)
    except Conflict:
        return
    assert rebased(was, wanted, copied(made)) == made


def test_conditions_merge_by_type_and_one_is_one_statement():
    was = conditions(Ready="False", Old="True", Theirs="False")
    wanted = conditions(Ready="True", Theirs="False", New="True")
    live = conditions(Theirs="True", Ready="Unknown", Old="True", Late="True")
    assert rebased(was, wanted, live) == conditions(Theirs="True", Ready="True", Late="True", New="True")


def test_conditions_that_somebody_took_away_stay_away():
    was, wanted = conditions(Ready="False", Gone="True"), conditions(Ready="True", Gone="True")
    assert rebased(was, wanted, {}) == conditions(Ready="True")


def test_a_list_that_is_one_value_and_was_changed_by_both_is_a_conflict_that_names_it():
    with pytest.raises(Conflict, match=r"status\.a\.names"):
        rebased({"a": {"names": []}}, {"a": {"names": ["x"]}}, {"a": {"names": ["y"]}})
    assert rebased({"names": []}, {"names": ["x"]}, {"names": ["x"]}) == {"names": ["x"]}


def test_items_with_keys_and_sets_merge_as_the_server_says():
    keyed = {"f:ports": {'k:{"name":"a"}': {".": {}}}, "f:names": {'v:"x"': {}}}
    owners = Owners.of(owned(("ours", keyed)), "ours")
    was = {"ports": [{"name": "a", "n": 1}, {"name": "b", "n": 1}], "names": ["x"]}
    wanted = {"ports": [{"name": "a", "n": 2}, {"name": "b", "n": 1}], "names": ["y"]}
    live = {"ports": [{"name": "b", "n": 9}, {"name": "a", "n": 1, "m": 1}], "names": ["x", "z"]}
    assert rebased(was, wanted, live, owners) == {
        "ports": [{"name": "b", "n": 9}, {"name": "a", "n": 2, "m": 1}],
        "names": ["z", "y"],
    }


def test_what_others_own_is_not_taken_away():
    theirs = {
        "f:scalar": {},
        "f:atomic": {},
        "f:map": {"f:a": {}},
        "f:conditions": {'k:{"type":"Theirs"}': {".": {}, "f:type": {}, "f:status": {}}},
        "f:empty": {".": {}},
    }
    ours = {
        "f:own": {},
        "f:map": {".": {}, "f:b": {}},
        "f:conditions": {'k:{"type":"Ready"}': {".": {}, "f:type": {}, "f:status": {}}},
        "f:empty": {"f:a": {}},
    }
    was = {
        "own": 1,
        "nobodys": 1,
        "scalar": 1,
        "atomic": [1],
        "map": {"a": 1, "b": 1},
        **conditions(Ready="True", Theirs="True"),
        "empty": {"a": 1},
    }
    live = {**owned(("theirs", {"f:status": theirs}), ("ours", {"f:status": ours})), "status": was}
    owners = Owners.of(live, "ours").below("f:status")
    kept = {"scalar": 1, "atomic": [1], "map": {"a": 1}, **conditions(Theirs="True"), "empty": {}}
    assert rebased(was, {}, was, owners) == kept
    again = {**live, "status": kept}
    assert status_patch(rebased_status(was, {}, again, "ours"), again) is None


def test_a_condition_that_the_action_did_not_know_of_and_says_again_has_been_so_since():
    def ready(time, status="True", **more):
        return {"conditions": [{"type": "Ready", "status": status, "lastTransitionTime": time, **more}]}

    assert rebased({}, ready("late", reason="Fine"), ready("early")) == ready("early", reason="Fine")
    assert rebased({}, ready("late", "False"), ready("early")) == ready("late", "False")
    assert rebased(ready("early"), ready("late"), ready("early")) == ready("late")


def test_a_patch_goes_to_the_version_that_was_seen():
    live = {"metadata": {"uid": "1f9b", "resourceVersion": "7", "name": "web"}}
    assert status_patch({"a": 1}, live) == {
        "metadata": {"uid": "1f9b", "resourceVersion": "7"},
        "status": {"a": 1},
    }


@pytest.mark.parametrize(
    ("was", "wanted", "answer"),
    [
        ({"a": 1}, {"a": 2, "b": 3}, False),
        ({"a": 1}, {}, True),
        ({"a": 1}, {"a": None}, True),
        ({"a": None}, {}, False),
        ({"a": {"b": 1}}, {"a": 1}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": [1]}, {"a": [2]}, True),
        (conditions(Ready="True"), conditions(Ready="False", New="True"), False),
        (conditions(Ready="True"), conditions(New="True"), True),
    ],
)
def test_whether_something_is_taken_away_is_known_beforehand(was, wanted, answer):
    assert takes_away(was, wanted) is answer

"""The patches that put a finalizer on and take it off: engines' W3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.errors import PatchFailed
from poblano.core.finalizers import addition, finalizer, finalizers_of, removal
from poblano.core.jsonvalue import copied
from poblano.core.patch import apply

OURS = finalizer("hello", "shop", "clean")
OTHERS = st.lists(st.sampled_from(["example.com/a", "example.com/b", "foregroundDeletion"]), unique=True)
LISTS = st.one_of(OTHERS, st.builds(lambda one, place: [*one[:place], OURS, *one[place:]], OTHERS, st.integers(0, 3)))


def obj(finalizers, *, uid="1", version="7", **metadata):
    held = {"finalizers": finalizers} if finalizers is not None else {}
    return {"metadata": {"name": "web", "uid": uid, "resourceVersion": version, **held, **metadata}}


@given(LISTS | st.none())
def test_w3_what_is_put_on_comes_behind_the_others(finalizers):
    before = obj(finalizers)
    patch = addition(before, OURS, "1")
    if OURS in (finalizers or []):
        assert patch is None
    else:
        assert finalizers_of(apply(copied(before), patch)) == [*(finalizers or []), OURS]


@given(LISTS | st.none())
def test_w3_what_is_taken_off_is_ours_alone(finalizers):
    before = obj(finalizers)
    patch = removal(before, OURS, "1")
    if OURS in (finalizers or []):
        assert finalizers_of(apply(copied(before), patch)) == [one for one in finalizers if one != OURS]
    else:
        assert patch is None


@given(LISTS, LISTS)
def test_w3_a_patch_made_for_another_state_changes_nothing_of_others(then, now):
    """Somebody was faster: the patch fails, or does what it was to do."""
    for made in (addition, removal):
        patch = made(obj(then), OURS, "1")
        if patch is None:
            continue
        try:
            after = finalizers_of(apply(obj(list(now), version="8"), patch))
        except PatchFailed:
            continue
        assert [one for one in after if one != OURS] == [one for one in now if one != OURS]
        assert (OURS in after) is (made is addition)
        assert after.count(OURS) <= 1


def test_w3_an_object_of_the_name_that_is_another_is_left_alone():
    for made, held in ((addition, []), (removal, [OURS])):
        assert made(obj(held, uid="2"), OURS, "1") is None
        with pytest.raises(PatchFailed):
            apply(obj(held, uid="2"), made(obj(held), OURS, "1"))


def test_nothing_is_put_on_what_is_being_deleted():
    assert addition(obj([], deletionTimestamp="2026-01-01T00:00:00Z"), OURS, "1") is None


def test_a_long_name_is_cut_and_stays_one_of_its_own():
    one, other = (finalizer("hello", "shop", "x" * 70 + end) for end in "ab")
    assert one != other
    assert len(one.removeprefix("poblano.dev/")) == 63

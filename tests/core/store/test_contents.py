"""A store as an object, and the patches that change it, applied by the rules of RFC 6902."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.errors import PatchFailed
from poblano.core.patch import apply
from poblano.core.store import contents, writing
from poblano.core.store.buffer import Batch, Item
from poblano.core.store.contents import Contents, Layer
from poblano.core.store.layout import SECRET, STORED
from poblano.core.store.snapshot import Snapshot

LAYOUTS = st.sampled_from([STORED, SECRET])
KEYS = st.text(min_size=1, max_size=12) | st.sampled_from(["a", "a/b", "a~b", "_", "i.a", "é", "..", "x.a"])
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=9999)).map(datetime(2020, 1, 1, tzinfo=UTC).__add__)
ITEMS = st.dictionaries(KEYS, st.builds(Item, st.text(max_size=12), st.none() | MOMENTS), max_size=6)
WRITES = st.dictionaries(KEYS, st.none() | st.builds(Item, st.text(max_size=12), st.none() | MOMENTS), max_size=6)


def stored(items, layout, version="7", **writers):
    return {
        "metadata": {"resourceVersion": version},
        **contents.document_of(Contents(Layer(items), writers=writers, state={"parts": 0}), layout),
    }


def known_of(document, layout):
    return Snapshot(contents.contents_of(document, layout))


def items(document, layout):
    return dict(contents.contents_of(document, layout).items)


@given(LAYOUTS, ITEMS)
def test_an_object_is_read_as_it_was_written(layout, wanted):
    document = stored(wanted, layout, me=3)

    found = contents.contents_of(document, layout)
    assert dict(found.items) == wanted
    assert found.writers == {"me": 3}
    assert found.version == "7"


@given(ITEMS)
def test_the_keys_of_a_secret_are_such_as_a_secret_can_have(wanted):
    for key in stored(wanted, SECRET)["data"]:
        assert all(letter.isascii() and (letter.isalnum() or letter in "-._") for letter in key)


@given(LAYOUTS, ITEMS, WRITES, st.booleans())
def test_a_flight_does_what_its_batch_says(layout, before, writes, cleared):
    document = stored(before, layout)
    batch = Batch(cleared, writes)

    patch = writing.flight(batch, known_of(document, layout), layout)
    assert items(apply(document, patch), layout) == batch.applied(before)


@given(LAYOUTS, ITEMS, WRITES)
def test_s2_a_flight_can_be_applied_to_anything_and_twice(layout, before, writes):
    """Pepr's removal of a missing key is refused, and the whole batch with it."""
    empty = stored({}, layout)
    patch = writing.flight(Batch(writes=writes), known_of(stored(before, layout), layout), layout)

    once = apply(empty, patch)
    assert apply(once, patch) == once


@given(ITEMS)
def test_s1_clear_takes_every_key_away(before):
    """Pepr's clear of two keys is one operation with both in its path, which is refused."""
    document = stored(before, STORED)

    patch = writing.flight(Batch(cleared=True), known_of(document, STORED), STORED)
    assert items(apply(document, patch), STORED) == {}


@given(LAYOUTS, ITEMS, WRITES, st.data())
def test_an_exchange_is_refused_when_what_was_read_has_changed(layout, before, writes, data):
    document = stored(before, layout)
    read = data.draw(st.lists(st.sampled_from([*before, "absent"]), max_size=3))
    conditions = {key: before.get(key) for key in read}
    patch = writing.exchange(conditions, writes, known_of(document, layout), layout)

    assert items(apply(document, patch), layout) == Batch(writes=writes).applied(before)
    for key in conditions:
        changed = {**before, key: Item("changed by somebody")}
        with pytest.raises(PatchFailed):
            apply(stored(changed, layout, version="8"), patch)


def test_an_expired_item_is_taken_away_unless_somebody_wrote_it_anew():
    past, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    document = stored({"old": Item("x", past), "young": Item("y")}, STORED)
    known = known_of(document, STORED)

    assert writing.expired(known, now) == ["old"]
    patch = writing.cleaning(["old"], known, STORED)
    assert items(apply(document, patch), STORED) == {"young": Item("y")}
    with pytest.raises(PatchFailed):
        apply(stored({"old": Item("x", now)}, STORED), patch)


@pytest.mark.parametrize("layout", (STORED, SECRET))
def test_a_process_is_registered_in_an_object_that_has_nothing_yet(layout):
    bare = {"metadata": {"resourceVersion": "7"}}

    patch = contents.registering("me", contents.contents_of(bare, layout), layout, "shop")
    assert contents.contents_of(apply(bare, patch), layout).writers == {"me": 0}


def test_the_processes_that_came_first_are_forgotten_when_there_are_many():
    writers = {f"{number:04}": 1 for number in range(contents.MOST_WRITERS)}
    document = stored({}, STORED, **writers)

    patch = contents.registering("9999", contents.contents_of(document, STORED), STORED, "shop")
    found = contents.contents_of(apply(document, patch), STORED).writers
    assert len(found) == contents.MOST_WRITERS
    assert "9999" in found
    assert "0000" not in found


@pytest.mark.parametrize("layout", (STORED, SECRET))
def test_what_somebody_wrote_by_hand_and_cannot_be_read_is_passed_over(layout):
    document = {
        "metadata": {},
        "data": {"i.good": "eA==", "i.bad": "%%%", "good": "x", "bad": None, "w.me": "eA=="},
        "expires": {"good": "some day"},
        "writers": {"me": "x"},
    }

    assert items(document, layout)["good"] == Item("x")

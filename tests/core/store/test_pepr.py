from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from poblano.core.store.pepr import PLACEHOLDER, imported

NAMES = st.sets(st.sampled_from(["a", "a-b", "a-b-c", "shop", "shop-depot", "depot"]), min_size=1)
KEYS = st.dictionaries(st.text(string.ascii_letters + "/~", min_size=1, max_size=5), st.text(max_size=3), max_size=5)


@given(st.dictionaries(st.sampled_from(["a", "a-b", "shop", "shop-depot"]), KEYS), st.booleans())
def test_what_capabilities_have_written_is_read_back_whichever_name_begins_another(items, newer):
    between = "-v2-" if newer else "-"
    data = {f"{name}{between}{key}": text for name, keys in items.items() for key, text in keys.items()}
    found = imported({**data, PLACEHOLDER: "k-thx-bye"}, items)
    assert found.items == {name: keys for name, keys in items.items() if keys}
    assert found.skipped == ()


@given(st.dictionaries(st.text("ab-v2", max_size=12), st.text(max_size=3)), NAMES)
def test_whatever_there_is_is_taken_or_said_to_be_skipped(data, names):
    found = imported(data, names)
    assert sum(map(len, found.items.values())) + len(found.skipped) == len(data)


def test_a_key_of_nobody_is_skipped_with_the_reason():
    assert imported({"depot-v2-a": "1"}, ["shop"]).skipped == (
        ("depot-v2-a", "the module has no capability of that name"),
    )


def test_of_two_spellings_the_newer_counts():
    found = imported({"shop-a": "old", "shop-v2-a": "new"}, ["shop"])
    assert found.items == {"shop": {"a": "new"}}
    assert found.skipped == (("shop-a", "there is a newer one of the same name"),)


def test_a_key_without_a_name_is_skipped():
    assert imported({"shop-v2-": "1"}, ["shop"]).skipped == (
        ("shop-v2-", "nothing is left of it without the capability's name"),
    )

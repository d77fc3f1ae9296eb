"""An index says what the objects in the cache say, whatever became of it before."""

from __future__ import annotations

import json

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from poblano.core.cache import Cache, Item, Key

KEYS = st.builds(Key, st.sampled_from(["", "shop"]), st.sampled_from("abc"))
WORDS = st.lists(st.sampled_from(["red", "green", "blue"]), max_size=3)
ITEMS = st.builds(
    lambda key, uid, version, words: Item(key, uid, version, json.dumps(words).encode()),
    KEYS,
    st.sampled_from("12"),
    st.integers(1, 30).map(str),
    WORDS,
)


def words_of(item):
    return json.loads(item.raw)


class AnyCache(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.cache = Cache()
        self.cache.add_index("words", words_of)
        self.model = {}

    @rule(item=ITEMS)
    def put(self, item):
        known = self.model.get(item.key)
        if known is None or (known.uid, known.resource_version) != (item.uid, item.resource_version):
            self.model[item.key] = item
        self.cache.put(item)

    @rule(item=ITEMS)
    def remove(self, item):
        self.model.pop(item.key, None)
        self.cache.remove(item)

    @rule(items=st.lists(ITEMS))
    def replace(self, items):
        self.model = {item.key: item for item in items}
        self.cache.replace({item.key: item for item in items})

    @precondition(lambda self: not hasattr(self, "late"))
    @rule()
    def an_index_is_added_late(self):
        self.late = True
        self.cache.add_index("length", lambda item: [str(len(item.raw))])

    @invariant()
    def r14_the_indexes_say_what_the_objects_say(self):
        assert {item.key: item for item in self.cache} == self.model
        for word in ("red", "green", "blue"):
            found = self.cache.by_index("words", word)
            assert len(found) == len({item.key for item in found})
            assert {item.key for item in found} == {key for key, item in self.model.items() if word in words_of(item)}
        if hasattr(self, "late"):
            for length in {len(item.raw) for item in self.model.values()} | {0, 3}:
                found = {item.key for item in self.cache.by_index("length", str(length))}
                assert found == {key for key, item in self.model.items() if len(item.raw) == length}


test_r14_indexes_are_kept_whatever_becomes_of_the_cache = AnyCache.TestCase
test_r14_indexes_are_kept_whatever_becomes_of_the_cache.settings = settings(max_examples=60, stateful_step_count=25)


def test_an_index_that_nobody_added_is_an_error():
    with pytest.raises(KeyError):
        Cache().by_index("words", "red")


def test_an_index_is_added_once():
    cache = Cache()
    cache.add_index("words", words_of)
    cache.add_index("words", words_of)
    with pytest.raises(ValueError, match="there is an index 'words' already"):
        cache.add_index("words", lambda item: [])

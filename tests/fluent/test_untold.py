from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.core.cache import Cache, Item, Key
from poblano.fluent.untold import Untold

KEYS = [Key("shop", name) for name in "ab"]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(KEYS), st.sampled_from(["1", "2"])),
        st.tuples(st.just("remove"), st.sampled_from(KEYS), st.just("")),
        st.tuples(st.just("listen"), st.sampled_from(KEYS), st.just("")),
    )
)


@given(steps)
def test_who_hears_all_of_it_knows_what_there_is_and_hears_nothing_that_makes_no_sense(steps):
    cache, untold, known = Cache(), Untold(), dict[Key, Item]()

    def hear() -> bool:
        change = untold.next()
        if change is None:
            return False
        key = change.item.key
        assert (key in known) == (change.type != "ADDED"), "one is added before it changes or goes, and once"
        if change.type == "DELETED":
            del known[key]
        else:
            known[key] = change.item
        return True

    for version, (what, key, uid) in enumerate(steps):
        item = Item(key, uid, str(version), b"{}")
        if what == "listen":
            hear()
        elif what == "put":
            for change in cache.put(item):
                untold.add(change)
        elif (old := cache.get(key)) is not None:
            for change in cache.remove(old):
                untold.add(change)
        assert len(untold) <= 2 * len(KEYS)
    while hear():
        pass

    assert known == {item.key: item for item in cache}

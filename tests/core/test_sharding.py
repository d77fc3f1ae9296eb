"""Every key has one owner, and few change theirs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.core.sharding import Claim, Share, owner

MEMBERS = st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=7)
KEYS = st.text(max_size=12)


@given(KEYS, MEMBERS)
def test_every_key_has_exactly_one_owner_in_a_view(key, members):
    assert [Claim(member, frozenset(members)).has(key) for member in members].count(True) == 1


@given(KEYS, MEMBERS, st.text(min_size=1, max_size=8))
def test_who_joins_takes_keys_and_moves_none_between_the_others(key, members, joining):
    before, after = owner(key, members), owner(key, members | {joining})
    assert after in {before, joining}


@given(KEYS, MEMBERS, st.data())
def test_who_goes_leaves_its_own_keys_and_no_others(key, members, data):
    going = data.draw(st.sampled_from(sorted(members)))
    before, after = owner(key, members), owner(key, members - {going})
    assert before in {after, going}
    assert (after == "") == (len(members) == 1)


def test_the_members_have_about_as_much_each_and_a_fifth_moves_to_a_fifth_one():
    members, keys = ["a", "b", "c", "d"], [f"shop/item-{number}" for number in range(20_000)]
    shares = [sum(owner(key, members) == member for key in keys) for member in members]
    assert all(4_700 < share < 5_300 for share in shares)
    moved = sum(owner(key, members) != owner(key, [*members, "e"]) for key in keys)
    assert 3_700 < moved < 4_300


def test_a_share_is_what_all_views_give_and_no_rival_claims():
    both, alone = frozenset({"a", "b"}), frozenset({"a"})
    keys = [f"item-{number}" for number in range(100)]
    own = {key for key in keys if owner(key, both) == "a"}
    assert {key for key in keys if Share("a", frozenset({alone}), frozenset()).has(key)} == set(keys)
    assert {key for key in keys if Share("a", frozenset({alone, both}), frozenset()).has(key)} == own
    greedy = Claim("b", frozenset({"b"}))
    assert not any(Share("a", frozenset({alone}), frozenset({greedy})).has(key) for key in keys)
    assert {key for key in keys if Share("a", frozenset({both}), frozenset({Claim("b", both)})).has(key)} == own

"""Filters that rule each other out are found, and only those: a model over all the values they speak of agrees."""

from __future__ import annotations

import re
from itertools import combinations, product
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from poblano.core.contradictions import clashing, spelt
from poblano.core.filters import Filter, GroupIs, NameIs, NameMatches, NamespaceIs, Subject, UserIs
from poblano.core.marks import BeingDeleted, LabelIs

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = ("a", "b")


def _united(parts: list[Filter]) -> list[Filter]:
    """A chain adds up what it says twice of names and the like."""
    seen: dict[object, Filter] = {}
    for part in parts:
        key = (type(part), getattr(part, "negated", None), part if isinstance(part, LabelIs) else None)
        seen.setdefault(key, part)
    return list(seen.values())


values = st.frozensets(st.sampled_from(WORDS), min_size=1)
negated = st.booleans()
filters = st.lists(
    st.one_of(
        st.builds(NamespaceIs, values, negated),
        st.builds(NameIs, values, negated),
        st.builds(UserIs, values, negated),
        st.builds(GroupIs, values, negated),
        st.builds(LabelIs, st.just("k"), st.none() | values, negated),
        st.builds(BeingDeleted, negated),
    ),
    max_size=4,
).map(_united)


def subjects() -> Iterator[Subject]:
    groups = [found for size in range(3) for found in combinations(WORDS, size)]
    marks = [{}, *({"k": word} for word in (*WORDS, "c"))]
    words = (*WORDS, "c")
    for space, name, user, group, labels, deleting in product(words, words, words, groups, marks, (True, False)):
        yield Subject(namespace=space, name=name, username=user, groups=group, labels=labels, deleting=deleting)


SUBJECTS = tuple(subjects())


@given(filters)
def test_filters_clash_exactly_when_nothing_meets_them_all(parts: list[Filter]):
    possible = any(all(part.holds(subject) for part in parts) for subject in SUBJECTS)
    clash = clashing(parts)

    assert bool(clash) is not possible
    assert set(clash) <= set(parts)
    if clash:
        assert not any(all(part.holds(subject) for part in clash) for subject in SUBJECTS)


def test_the_same_pattern_asked_for_and_ruled_out_clashes():
    shop, web = re.compile("^shop"), re.compile("^web")
    parts = (NameMatches((shop,)), NameMatches((shop, web), negated=True))
    assert clashing(parts) == parts
    assert clashing((NameMatches((shop, web)), NameMatches((shop,), negated=True))) == ()


def test_a_namespace_is_in_itself():
    parts = (NamespaceIs(frozenset({"shop"})), NameIs(frozenset({"other"})))
    assert clashing(parts) == ()
    assert clashing(parts, of_namespaces=True) == parts


def test_a_filter_is_told_as_it_is_written():
    assert spelt(LabelIs("tier", frozenset({"web", "data"}))) == 'with_label("tier", "data", "web")'
    assert spelt(NameMatches((re.compile("^a"),), negated=True)) == 'without_name_regex("^a")'
    assert spelt(BeingDeleted()) == "with_deletion_timestamp()"

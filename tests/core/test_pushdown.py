"""What an API server is asked for is what the filters in Python take, or more; never less."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from poblano import Capability, a
from poblano.cluster.selectors import LabelSelector, fields_match, parse_fields
from poblano.core.filters import NameIs, NameMatches, NamespaceIs, NamespaceMatches, Subject, Where
from poblano.core.marks import AnnotationIs, BeingDeleted, LabelIs
from poblano.core.objects import kind_of
from poblano.core.pushdown import MOST, pushed
from poblano.core.selectors import EVERYTHING, Selector

NAMES = st.sampled_from(["a", "b", "c", "d.e", "f-g"])
VALUES = st.sampled_from(["", "x", "y", "Z.z", "1"])
KEYS = st.sampled_from(["tier", "example.com/app"])
NEGATED = st.booleans()
LABELS = st.builds(LabelIs, KEYS, st.none() | st.frozensets(VALUES), NEGATED)
FILTERS = st.one_of(
    LABELS,
    st.builds(AnnotationIs, KEYS, st.none() | st.frozensets(VALUES, min_size=1), NEGATED),
    st.builds(NameIs, st.frozensets(NAMES, min_size=1, max_size=2), NEGATED),
    st.builds(NamespaceIs, st.frozensets(NAMES, min_size=1, max_size=3), NEGATED),
    st.builds(NameMatches, st.just((re.compile("^a|b$"),)), NEGATED),
    st.builds(NamespaceMatches, st.just((re.compile("^[ab]"),)), NEGATED),
    st.builds(BeingDeleted, NEGATED),
    st.just(Where(lambda view: False)),
)
SUBJECTS = st.builds(
    Subject,
    namespace=NAMES,
    name=NAMES,
    labels=st.dictionaries(KEYS, VALUES),
    annotations=st.dictionaries(KEYS, VALUES),
    deleting=st.booleans(),
)
ROLES = [("reconcile", "CREATE UPDATE"), ("watch", "CREATE UPDATE"), ("watch", "DELETE"), ("watch", "CREATE")]
ROLES += [("watch", "UPDATE"), ("finalize", "CREATE UPDATE")]


def bound(*filters, view=a.Pod, phase="reconcile", operations="CREATE UPDATE"):
    rules = Capability("shop")
    rules.when(a.Pod).reconcile(lambda pod, ctx: None)
    return replace(
        rules.bindings[0],
        kind=kind_of(view),
        view=view,
        filters=filters,
        phase=phase,
        operations=frozenset(operations.split()),
    )


def selects(selector, subject):
    """As the embedded cluster selects, from the texts that it is sent."""
    values = {"metadata.name": subject.name, "metadata.namespace": subject.namespace}
    by_label = LabelSelector.parse(selector.labels).matches(subject.labels)
    return by_label and fields_match(parse_fields(selector.fields), lambda field: values[field])


@given(st.lists(FILTERS, max_size=5), SUBJECTS, st.sampled_from([a.Pod, a.Namespace, a.Node]), st.sampled_from(ROLES))
def test_what_a_server_sends_and_what_stays_are_together_what_all_filters_are(filters, subject, view, role):
    binding = bound(*filters, view=view, phase=role[0], operations=role[1])
    if not binding.kind.namespaced:
        subject.namespace = subject.name if view is a.Namespace else ""
    what = pushed(binding)
    sent = what.namespaces == ("",) or subject.namespace in what.namespaces
    sent = sent and selects(what.selector, subject)
    takes = all(part.holds(subject) for part in filters)
    assert (sent and all(part.filter.holds(subject) for part in what.stays)) == takes
    assert sent or not takes


@given(st.lists(FILTERS, max_size=5), SUBJECTS)
def test_a_selector_takes_here_what_the_server_takes(filters, subject):
    selector = pushed(bound(*filters)).selector
    assert selector.takes(subject) == selects(selector, subject)


@given(LABELS, SUBJECTS)
def test_each_label_filter_but_the_one_that_never_holds_is_said_exactly(part, subject):
    assume(part.values != frozenset())
    assert selects(Selector.of(part), subject) == part.holds(subject)


@given(st.lists(FILTERS, max_size=4), st.lists(FILTERS, max_size=4), SUBJECTS)
def test_a_selector_that_covers_another_selects_all_that_it_does(some, more, subject):
    narrow, wide = pushed(bound(*some, *more)).selector, pushed(bound(*some)).selector
    assert EVERYTHING.covers(narrow)
    if wide.covers(narrow) and selects(narrow, subject):
        assert selects(wide, subject)


@given(st.frozensets(st.text(st.characters(codec="ascii", categories=["L", "P", "S"]), min_size=1), min_size=1))
def test_names_are_escaped(names):
    selector = Selector.of(NameIs(names, negated=True))
    assert {term.value for term in parse_fields(selector.fields)} == names


TIER = LabelIs("tier", frozenset({"data"}))


@pytest.mark.parametrize(
    ("phase", "operations", "labels"),
    [
        ("reconcile", "CREATE UPDATE", "tier in (data)"),
        ("watch", "CREATE UPDATE", "tier in (data)"),
        ("watch", "DELETE", "tier in (data)"),
        ("watch", "CREATE", ""),
        ("watch", "UPDATE", ""),
        ("finalize", "CREATE UPDATE", ""),
    ],
)
def test_r12_a_label_is_pushed_down_where_to_leave_the_selection_is_not_to_be_gone(phase, operations, labels):
    what = pushed(bound(TIER, phase=phase, operations=operations))
    assert what.selector.labels == labels
    assert [part.filter for part in what.stays] == ([] if labels else [TIER])


def in_a_hurry(pod):
    return True


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (
            Where(in_a_hurry),
            "the predicate in_a_hurry is evaluated here, not by the API server: no API server can select by that",
        ),
        (
            NameIs(frozenset({"a", "b"})),
            "the name a or b is evaluated here, not by the API server: an API server selects one name, not one of several",
        ),
        (
            NamespaceMatches((re.compile("^shop"),), negated=True),
            "the namespace other than /^shop/ is evaluated here, not by the API server: no API server can select by that",
        ),
        (
            LabelIs("tier", frozenset()),
            "the label tier= is evaluated here, not by the API server: it holds for no object, which no selector can say",
        ),
        (
            BeingDeleted(negated=True),
            "the lack of a deletion timestamp is evaluated here, not by the API server: no API server can select by that",
        ),
    ],
)
def test_what_stays_is_said_with_the_reason(part, text):
    assert [str(one) for one in pushed(bound(part)).stays] == [text]


def test_a_selector_that_would_be_too_long_is_shortened_and_what_is_left_out_stays():
    many = NameIs(frozenset(f"name-{number:04}" for number in range(500)), negated=True)
    what = pushed(bound(TIER, many))
    assert what.selector == Selector.of(TIER)
    assert [str(one).rpartition(": ")[2] for one in what.stays] == [
        f"it would make a selector of more than {MOST} characters"
    ]


def test_a_rule_that_can_be_nowhere_is_not_looked_for():
    assert pushed(bound(NamespaceIs(frozenset("a")), NamespaceIs(frozenset("b")))).namespaces == ()

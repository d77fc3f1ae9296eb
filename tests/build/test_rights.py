"""Rights and rules: a role says in few words what was needed in many, no more and no less."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from poblano.build.rights import Right, by_namespace, needed, rules

rights = st.sets(
    st.builds(
        Right,
        st.sampled_from(["", "apps"]),
        st.sampled_from(["pods", "pods/log", "deployments", "secrets", "/metrics"]),
        st.sampled_from(["get", "list", "patch", "use"]),
        st.sampled_from(["", "shop", "."]),
        st.sampled_from(["", "web", "token"]),
    ),
    max_size=12,
)


def said(rule):
    """The rights that a rule grants."""
    if "nonResourceURLs" in rule:
        return {Right("", path, verb) for path, verb in product(rule["nonResourceURLs"], rule["verbs"])}
    names = rule.get("resourceNames", [""])
    return {
        Right(group, resource, verb, "", name)
        for group, resource, verb, name in product(rule["apiGroups"], rule["resources"], rule["verbs"], names)
    }


def here(many):
    """Rights of one namespace, those that are no paths of the core group or have no name, as a server has them."""
    return {
        Right("" if one.resource == "/metrics" else one.group, one.resource, one.verb, "", one.name)
        for one in many
        if not (one.resource == "/metrics" and one.name)
    }


@given(rights)
def test_the_rules_grant_what_is_needed_and_nothing_else(many):
    wanted = here(many)
    granted = set().union(*map(said, rules(wanted)), set())

    assert all(any(right.covers(want) for right in granted) for want in wanted)
    assert granted <= wanted


@given(rights)
def test_what_is_dropped_is_covered_by_what_is_left(many):
    left = needed(many)

    assert left <= many
    assert all(any(right.covers(one) for right in left) for one in many)
    assert not any(one != other and one.covers(other) for one, other in product(left, left))


@given(rights)
def test_the_order_in_which_rights_were_found_is_not_to_be_seen(many):
    assert rules(sorted(here(many))) == rules(sorted(here(many), reverse=True))


def test_what_holds_everywhere_is_not_said_of_a_namespace_again():
    everywhere, here, own = Right("", "pods", "get"), Right("", "pods", "get", "shop"), Right("", "pods", "list", ".")

    assert by_namespace({everywhere, here, own}) == {"": {everywhere}, ".": {own}}


def test_who_has_all_verbs_has_each():
    assert needed({Right("*", "*", "get"), Right("apps", "deployments", "get", "shop", "web")}) == {
        Right("*", "*", "get")
    }


def test_a_path_is_no_resource():
    assert rules({Right("", "/metrics", "get"), Right("", "pods", "get")}) == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]

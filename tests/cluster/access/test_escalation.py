"""Nobody grants what they do not hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.access.coverage import parts, uncovered
from poblano.cluster.access.rules import Rule
from poblano.cluster.attributes import User
from poblano.cluster.status import StatusError
from tests.cluster.access.cluster import Objects, access, binding, role, rule, write

BOB = User("bob", ("dev", "system:authenticated"))
HELD = (role("own", rule("get", "configmaps"), namespace="shop"), binding("own", "own", "User:bob", namespace="shop"))


def check(new: dict[str, Any], *more: dict[str, Any], user: User = BOB, old: dict[str, Any] | None = None) -> None:
    access(Objects(*HELD, *more)).check_escalation(write(new, user, old=old))


def refusal(new: dict[str, Any], *more: dict[str, Any], old: dict[str, Any] | None = None) -> StatusError:
    with pytest.raises(StatusError) as caught:
        check(new, *more, old=old)
    return caught.value


def test_what_is_held_may_be_granted() -> None:
    check(role("x", rule("get", "configmaps"), namespace="shop"))
    check(binding("x", "own", "User:zoe", namespace="shop"))


def test_what_is_not_held_is_listed() -> None:
    more = rule("get", "deployments", "apps", names="a b")
    error = refusal(role("x", rule("get list", "configmaps secrets"), more, namespace="shop"))
    assert error.code == 403
    assert error.message == (
        'roles.rbac.authorization.k8s.io "x" is forbidden: user "bob" (groups=["dev" "system:authenticated"]) is '
        "attempting to grant RBAC permissions not currently held:\n"
        '{APIGroups:[""], Resources:["configmaps"], Verbs:["list"]}\n'
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}\n'
        '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["a"], Verbs:["get"]}\n'
        '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["b"], Verbs:["get"]}'
    )


def test_roles_that_are_gone_are_told() -> None:
    lost = binding("lost", "gone", "Group:dev", namespace="shop")
    error = refusal(role("x", rule("get", "secrets"), namespace="shop"), lost)
    assert error.message.endswith('; resolution errors: [roles.rbac.authorization.k8s.io "gone" not found]')


def test_what_is_held_in_a_namespace_is_not_held_in_the_cluster() -> None:
    assert refusal(role("x", rule("get", "configmaps"))).code == 403


def test_masters_and_a_cluster_without_roles_ask_nothing() -> None:
    strong = role("x", rule("*", "*", "*"))
    check(strong, user=User("admin", ("system:masters",)))
    access(Objects(), rbac=False).check_escalation(write(strong, BOB))


def test_the_verb_escalate_lifts_the_check_for_roles() -> None:
    allow = role("e", rule("escalate", "roles", "rbac.authorization.k8s.io"), namespace="shop")
    lifted = (allow, binding("e", "e", "User:bob", namespace="shop"))
    check(role("x", rule("*", "*", "*"), namespace="shop"), *lifted)
    assert refusal(
        binding("x", "x", "User:bob", namespace="shop"), role("x", rule("*", "*", "*"), namespace="shop"), *lifted
    )


def test_the_verb_escalate_on_a_role_by_name_counts_for_updates_of_it() -> None:
    allow = role("e", rule("escalate", "roles", "rbac.authorization.k8s.io", names="x"), namespace="shop")
    lifted = (allow, binding("e", "e", "User:bob", namespace="shop"))
    strong = role("x", rule("*", "*", "*"), namespace="shop")
    assert refusal(strong, *lifted).code == 403
    check(strong, *lifted, old=role("x", namespace="shop"))


def test_the_verb_bind_lifts_the_check_for_bindings_to_that_role() -> None:
    allow = role("e", rule("bind", "clusterroles", "rbac.authorization.k8s.io", names="big"), namespace="shop")
    strong = (role("big", rule("*", "*", "*")), role("bigger", rule("*", "*", "*")))
    lifted = (allow, binding("e", "e", "User:bob", namespace="shop"), *strong)
    check(binding("x", "big", "User:bob", namespace="shop", kind="ClusterRole"), *lifted)
    assert refusal(binding("x", "bigger", "User:bob", namespace="shop", kind="ClusterRole"), *lifted).code == 403


def test_a_binding_to_a_role_that_is_not_there_is_not_found() -> None:
    error = refusal(binding("x", "nope", "User:bob", namespace="shop"))
    assert (error.code, error.message) == (404, 'roles.rbac.authorization.k8s.io "nope" not found')


def test_an_update_that_only_tidies_up_is_nobody_s_grant() -> None:
    old = role("x", rule("*", "*", "*"), namespace="shop")
    tidied = {**old, "metadata": {**old["metadata"], "finalizers": []}}
    check(tidied, old=old)
    assert refusal({**old, "metadata": {**old["metadata"], "labels": {"a": "b"}}}, old=old).code == 403


def test_an_aggregation_rule_gathers_anything_and_takes_everything() -> None:
    gathers = role("x", aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]})
    error = refusal(gathers)
    assert error.message == (
        'clusterroles.rbac.authorization.k8s.io "x" is forbidden: must have cluster-admin privileges to use the '
        "aggregationRule"
    )
    assert refusal(role("x"), old=gathers).code == 403
    everything = role("all", rule("*", "*", "*"), rule("*", urls="*"))
    check(gathers, everything, binding("all", "all", "User:bob"))


def test_other_kinds_and_deletions_are_none_of_its_business() -> None:
    attributes = write(role("x", rule("*", "*", "*")), BOB)
    attributes.object = None
    access(Objects()).check_escalation(attributes)


TEXTS = st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=2).map(tuple)
RULES = st.builds(
    Rule, TEXTS, TEXTS, st.lists(st.sampled_from(["p", "p/s", "*/s", "*"]), min_size=1, max_size=2).map(tuple)
)
RULES = RULES | st.builds(
    lambda verbs, urls: Rule(verbs, urls=urls), TEXTS, st.sampled_from([("/x",), ("/x/*",), ("*",)])
)


@given(st.lists(RULES, max_size=3))
def test_rules_cover_themselves_and_their_parts(rules: list[Rule]) -> None:
    assert uncovered(rules, rules) == []
    assert uncovered(rules, [part for one in rules for part in parts(one)]) == []


@given(st.lists(RULES, max_size=3), st.lists(RULES, max_size=3))
def test_holding_more_never_lacks_more(few: list[Rule], wanted: list[Rule]) -> None:
    lacking = uncovered(few, wanted)
    assert uncovered([*few, *wanted], wanted) == []
    assert len(uncovered(few[:1], wanted)) >= len(lacking)

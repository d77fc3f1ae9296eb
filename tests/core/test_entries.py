from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import Capability, Resource, a
from poblano.core.binding import Binding
from poblano.core.entries import (
    LABEL_NAMESPACE,
    LONGEST_CONDITION,
    Entry,
    entries,
    match_condition,
    namespace_selector,
    object_selector,
    rules,
)
from poblano.core.errors import InvalidDefinition
from poblano.core.filters import Filter
from poblano.core.matching import Matcher
from poblano.core.review import read
from poblano.models import autoscaling_v1
from tests.core.driving import shop
from tests.core.test_filters import FILTERS, bound, evaluated, posted, requests


def chain(*steps: Any, capability: Capability | None = None) -> list[Entry]:
    rules_of = capability or shop()
    for step in steps:
        step(rules_of)
    return entries(rules_of.bindings)


def test_there_is_one_entry_and_path_for_each_phase_policy_and_timeout():
    one = shop()
    one.when(a.Pod).is_created().mutate(lambda pod: None).validate(lambda pod: pod.approve())
    one.when(a.ConfigMap).is_created().mutate(lambda cm: None)
    one.when(a.Pod).is_created().mutate(on_error="ignore")(lambda pod: None)
    one.when(a.Pod).is_created().mutate(on_error="audit", timeout=3)(lambda pod: None)
    made = entries(one.bindings, timeout=7)

    assert [entry.path for entry in made] == [
        "/mutate/fail/7",
        "/mutate/ignore/7",
        "/mutate/ignore/3",
        "/validate/fail/7",
    ]
    assert made[0].name("hello") == "mutate-fail-7.hello.poblano.dev"
    assert sum(len(entry.bindings) for entry in made) == len(one.bindings)


def test_what_an_action_does_not_say_the_capability_says_and_then_the_module():
    one = shop(on_error="ignore", timeout=4)
    one.when(a.Pod).is_created().mutate(lambda pod: None)
    one.when(a.Pod).is_created().mutate(on_error="reject", timeout=5)(lambda pod: None)
    other = Capability("other")
    other.when(a.Pod).is_created().mutate(lambda pod: None)
    made = entries([*one.bindings, *other.bindings], on_error="audit", timeout=6)

    assert [entry.path for entry in made] == ["/mutate/ignore/4", "/mutate/fail/5", "/mutate/ignore/6"]
    assert [binding.on_error for entry in made for binding in entry.bindings] == ["ignore", "reject", "audit"]


def test_a_resource_stands_in_one_rule_with_all_its_verbs():
    (entry,) = chain(
        lambda s: s.when(a.Pod).is_created().mutate(lambda r: None),
        lambda s: s.when(a.Pod).is_deleted().mutate(lambda r: None),
        lambda s: s.when(a.ConfigMap).is_created().mutate(lambda r: None),
        lambda s: s.when(a.Secret).is_created().mutate(lambda r: None),
        lambda s: s.when(a.Deployment).is_updated().for_subresource("scale").mutate(lambda r: None),
        lambda s: s.when(a.Pod).for_subresource("exec").mutate(lambda r: None),
        lambda s: s.when(a.Namespace).is_created().mutate(lambda r: None),
    )
    core = {"apiGroups": [""], "apiVersions": ["v1"]}

    assert rules(entry) == [
        core | {"operations": ["CREATE", "DELETE"], "resources": ["pods"], "scope": "Namespaced"},
        core | {"operations": ["CREATE"], "resources": ["configmaps", "secrets"], "scope": "Namespaced"},
        {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments/scale"]}
        | {"scope": "Namespaced"},
        core | {"operations": ["CONNECT"], "resources": ["pods/exec"], "scope": "Namespaced"},
        core | {"operations": ["CREATE"], "resources": ["namespaces"], "scope": "Cluster"},
    ]


def test_groups_are_exact():
    class Service(Resource, group="serving.knative.dev", version="v1"): ...

    (entry,) = chain(
        lambda s: s.when(a.Service).is_created().mutate(lambda r: None),
        lambda s: s.when(Service).is_created().mutate(lambda r: None),
    )

    assert [rule["apiGroups"] for rule in rules(entry)] == [[""], ["serving.knative.dev"]]


def test_a_namespace_selector_names_the_namespaces_that_all_bindings_are_limited_to():
    one = Capability("one", namespaces=["a", "b"])
    (entry,) = chain(
        lambda s: s.when(a.Pod).is_created().mutate(lambda r: None),
        lambda s: s.when(a.Secret).is_created().in_namespace("a").mutate(lambda r: None),
        capability=one,
    )

    assert namespace_selector(entry) == {
        "matchExpressions": [{"key": LABEL_NAMESPACE, "operator": "In", "values": ["a", "b"]}]
    }


def test_a_binding_without_limit_leaves_the_selectors_open():
    (entry,) = chain(
        lambda s: s.when(a.Pod).is_created().in_namespace("a").with_label("x").mutate(lambda r: None),
        lambda s: s.when(a.Pod).is_created().mutate(lambda r: None),
    )

    assert namespace_selector(entry) == {}
    assert object_selector(entry) == {}
    assert match_condition(entry) is None


def test_an_object_selector_asks_for_what_all_bindings_ask_for():
    (entry,) = chain(
        lambda s: s.when(a.Pod).is_created().with_label("x").with_label("t", "b", "a").mutate(lambda r: None),
        lambda s: (
            s.when(a.Pod)
            .is_created()
            .with_label("x")
            .with_label("t", "a", "b")
            .without_label("n")
            .mutate(lambda r: None)
        ),
    )

    assert object_selector(entry) == {
        "matchExpressions": [{"key": "t", "operator": "In", "values": ["a", "b"]}, {"key": "x", "operator": "Exists"}]
    }


def test_ignored_namespaces_are_never_asked_about_unless_a_binding_names_them():
    one, other = shop(), Capability("other")
    one.when(a.Pod).is_created().mutate(lambda r: None)
    other.when(a.Pod).is_created().in_namespace("kube-system").mutate(lambda r: None)
    (alone,) = entries(one.bindings, ignored=["kube-system"])
    (both,) = entries([*one.bindings, *other.bindings], ignored=["kube-system"])

    assert namespace_selector(alone)["matchExpressions"][0]["operator"] == "NotIn"
    assert namespace_selector(both) == {}
    assert "kube-system" in str(match_condition(both))


def test_what_only_python_can_evaluate_leaves_the_condition_wider():
    (entry,) = chain(
        lambda s: s.when(a.Pod).is_created().with_name_regex("(?=a)").where(lambda pod: pod.spec).mutate(lambda r: None)
    )

    assert match_condition(entry) is None


@pytest.mark.parametrize("kind", [a.Event, a.CoreEvent])
@pytest.mark.parametrize("sent_to", ["", "events.k8s.io"])
def test_an_event_is_asked_about_whichever_of_its_groups_it_is_sent_to(kind: type[Resource], sent_to: str):
    (entry,) = chain(lambda s: s.when(kind).is_created().with_name("e").mutate(lambda r: None))
    condition = match_condition(entry)
    assert condition is not None

    request = {"name": "e", "operation": "CREATE", "object": {"metadata": {"name": "e"}}, "oldObject": None}
    assert evaluated(condition, request | {"resource": {"group": sent_to, "version": "v1", "resource": "events"}})
    assert not evaluated(condition, request | {"resource": {"group": "other", "version": "v1", "resource": "events"}})


def test_a_condition_longer_than_an_api_server_takes_is_left_out():
    def rule(number: int) -> Any:
        return lambda s: s.when(a.Pod).is_created().with_name(f"{number}" * 500).mutate(lambda r: None)

    (few,) = chain(*map(rule, range(9)))
    (many,) = chain(*map(rule, range(100)))

    assert 0 < len(match_condition(few) or "") <= LONGEST_CONDITION
    assert match_condition(many) is None


def test_the_same_bindings_give_the_same_bytes():
    def build() -> list[Any]:
        (entry,) = chain(
            lambda s: (
                s.when(a.Pod).is_created_or_updated().in_namespace(*"cba").with_name(*"zyx").mutate(lambda r: None)
            ),
            lambda s: s.when(a.Secret).is_deleted().by_group(*"gfe").mutate(lambda r: None),
        )
        return [rules(entry), match_condition(entry), namespace_selector(entry), object_selector(entry)]

    assert build() == build()


def selected(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """What the API server makes of a label selector: apimachinery/pkg/labels/selector.go."""
    return all(_fits(expression, labels) for expression in selector.get("matchExpressions", []))


def _fits(expression: dict[str, Any], labels: dict[str, str]) -> bool:
    key, values = expression["key"], expression.get("values")
    match expression["operator"]:
        case "Exists":
            return key in labels
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case other:
            raise AssertionError(other)


def asked_about(entry: Entry, request: dict[str, Any]) -> bool:
    """Whether the API server sends `request` to `entry`: its rules, selectors and condition."""
    resource = request["resource"]
    in_rules = any(
        resource["group"] in rule["apiGroups"]
        and resource["version"] in rule["apiVersions"]
        and resource["resource"] in rule["resources"]
        and request["operation"] in rule["operations"]
        for rule in rules(entry)
    )
    objects = [request[key] for key in ("object", "oldObject") if request[key]]
    labels = [(obj.get("metadata") or {}).get("labels") or {} for obj in objects]
    condition = match_condition(entry)
    return (
        in_rules
        and selected(namespace_selector(entry), {LABEL_NAMESPACE: request.get("namespace", "")})
        and any(selected(object_selector(entry), found) for found in labels)
        and (condition is None or evaluated(condition, request))
    )


BINDINGS = st.lists(
    st.builds(
        bound,
        st.lists(FILTERS, max_size=3).map(tuple),
        st.sampled_from([frozenset({"UPDATE"}), frozenset({"DELETE"}), frozenset({"UPDATE", "DELETE"})]),
    ),
    min_size=1,
    max_size=3,
)


@given(BINDINGS, requests(), st.sets(st.sampled_from(["shop", "kube-system"])))
def test_whatever_some_binding_wants_is_sent(bindings: list[Binding], request: dict[str, Any], ignored: set[str]):
    (entry,) = entries(bindings, ignored=ignored)
    wanted = Matcher(entry.bindings).match(read(posted(request)).request)

    assert asked_about(entry, request) or not wanted


@given(st.lists(FILTERS, min_size=1, max_size=3), requests())
def test_what_the_one_binding_does_not_want_is_not_sent(filters: list[Filter], request: dict[str, Any]):
    (entry,) = entries([bound(tuple(filters))])
    wanted = Matcher(entry.bindings).match(read(posted(request)).request)
    name = ((request["object"] or request["oldObject"]).get("metadata") or {}).get("name", "")

    assert bool(wanted) or not asked_about(entry, request) or not name.isascii()


def _resources(entry: Entry) -> Iterable[tuple[Any, ...]]:
    for rule in rules(entry):
        yield from (
            (group, version, r)
            for group in rule["apiGroups"]
            for version in rule["apiVersions"]
            for r in rule["resources"]
        )


@given(st.lists(st.sampled_from([a.Pod, a.Secret, a.Deployment, a.Namespace]), min_size=1), st.data())
def test_no_resource_stands_in_two_rules_of_an_entry(kinds: list[type[Resource]], data: st.DataObject):
    one = shop()
    for kind in kinds:
        chain_ = one.when(kind)
        event = data.draw(st.sampled_from(["is_created", "is_updated", "is_deleted", "is_created_or_updated"]))
        getattr(chain_, event)().mutate(lambda r: None)
    (entry,) = entries(one.bindings)
    found = list(_resources(entry))

    assert len(found) == len(set(found))


@pytest.mark.parametrize("kind", [a.Namespace, a.Node, a.ClusterRole])
def test_cluster_scoped_kinds_are_asked_about_as_such(kind: type[Resource]):
    (entry,) = chain(lambda s: s.when(kind).is_created().mutate(lambda r: None))

    assert [rule["scope"] for rule in rules(entry)] == ["Cluster"]


def test_a_namespace_counts_as_being_in_itself():
    one = Capability("one", namespaces=["a"])
    one.when(a.Namespace).is_updated().mutate(lambda r: None)
    (entry,) = entries(one.bindings)
    (binding,) = entry.bindings
    asked = {"version": "v1", "resource": "namespaces", "group": ""}
    request = {"uid": "u", "operation": "UPDATE", "resource": asked, "name": "a", "namespace": "a", "userInfo": {}} | {
        "kind": {"group": "", "version": "v1", "kind": "Namespace"},
        "object": {"metadata": {"name": "a", "labels": {LABEL_NAMESPACE: "a"}}},
        "oldObject": None,
    }

    assert asked_about(entry, request)
    assert Matcher([binding]).match(read(posted(request)).request) == [binding]
    assert not Matcher([binding]).match(read(posted(request | {"name": "b", "namespace": "b"})).request)


def test_two_versions_of_a_resource_in_one_entry_are_refused_with_both_places():
    rules = Capability("shop")
    rules.when(a.HorizontalPodAutoscaler).is_created().validate(lambda hpa: hpa.approve())
    rules.when(autoscaling_v1.HorizontalPodAutoscaler).is_created().validate(lambda hpa: hpa.approve())

    with pytest.raises(
        InvalidDefinition, match=r"test_entries\.py:\d+.*autoscaling/v1.*test_entries\.py:\d+.*autoscaling/v2"
    ):
        entries(rules.bindings)


def test_two_versions_of_a_resource_may_be_asked_about_different_verbs():
    rules = Capability("shop")
    rules.when(a.HorizontalPodAutoscaler).is_created().validate(lambda hpa: hpa.approve())
    rules.when(autoscaling_v1.HorizontalPodAutoscaler).is_deleted().validate(lambda hpa: hpa.approve())

    assert len(entries(rules.bindings)) == 1

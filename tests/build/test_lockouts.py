"""What would lock a cluster up is not built, and each refusal says what happened to whom, and what to write instead."""

from __future__ import annotations

import pytest

from poblano import Capability, a
from poblano.build.lockouts import LocksUp, checked, findings
from poblano.build.plan import Plan
from poblano.settings import Accepted, AlwaysIgnore
from tests.build.asked import plan
from tests.build.judged import NS, approve, found, refused, rule

OLD = (1, 20)

# ------------------------------------------------------------------------------------------------ who evaluates a filter


def test_a_filter_that_the_api_server_does_not_evaluate_is_no_way_out():
    people = rule(lambda s: s.when(a.Node).is_created().by_group("developers"))
    python = rule(lambda s: s.when(a.Node).is_created().where(lambda node: False))

    assert "nodes" not in refused(people)
    assert "nodes" in refused(people, kubernetes=(1, 27))
    assert "nodes" in refused(python)


def test_filters_that_are_longer_than_an_api_server_takes_are_no_way_out():
    one = rule(lambda s: s.when(a.Node).is_created().by_group("developers"))
    assert refused(one) == set()
    names = (f"{number:060}" for number in range(2000))
    one.when(a.ConfigMap).is_created().with_name(*names).validate(name="many")(approve)

    assert refused(one) == {"nodes"}


def test_a_rule_that_names_the_own_namespace_opens_it_for_its_whole_webhook():
    one = rule(lambda s: s.when(a.Ingress).is_created().in_namespace(NS))
    assert refused(one) == set()
    one.when(a.Pod).is_created().validate(name="pods")(approve)

    (refusal,) = [each for each in findings(plan(one)) if each.refused]
    assert (refusal.name, refusal.rule) == ("own-namespace", "shop/pods")
    assert f"shop/r ({one.bindings[0].location}) names {NS}, which opens it for all rules" in refusal.instead


def test_where_the_module_lives_is_what_the_settings_say():
    one = rule(lambda s: s.when(a.Pod).is_created().in_namespace("shop"))

    assert refused(one) == set()
    assert refused(one, namespace="shop") == {"own-namespace"}


def test_namespaces_that_cannot_be_told_apart_are_told_of():
    pods = rule(lambda s: s.when(a.ConfigMap).is_created())
    one = found(pods, kubernetes=OLD)["unlabelled-namespaces"]

    assert not one.refused
    assert "kubectl label namespace kube-system kubernetes.io/metadata.name=kube-system;" in one.instead
    assert "unlabelled-namespaces" not in found(pods)
    assert "unlabelled-namespaces" not in found(
        rule(lambda s: s.when(a.ConfigMap).is_created(), on_error="audit"), kubernetes=OLD
    )


# ------------------------------------------------------------------------------------------------ additional webhooks


def test_a_namespace_may_be_passed_over_where_the_others_fail():
    system = rule(lambda s: s.when(a.Pod).is_created().in_namespace("kube-system", "shop"))

    assert refused(system) == {"kube-system"}
    assert refused(system, additional={"kube-system": "Ignore"}) == set()


def test_a_namespace_may_not_fail_where_the_others_are_passed_over():
    system = rule(lambda s: s.when(a.Pod).is_created().in_namespace("kube-system", "shop"), on_error="audit")

    assert refused(system) == set()
    one = found(system, additional={"kube-system": "Fail"})["kube-system"]
    assert "is asked about pods of kube-system (create) with the policy Fail" in str(one)


@pytest.mark.parametrize("namespace", [NS, "kube-system", "quiet", "elsewhere"])
def test_an_additional_webhook_that_would_never_be_called_is_refused(namespace: str):
    one = rule(lambda s: s.when(a.ConfigMap).is_created().not_in_namespace("elsewhere"))
    made = found(one, additional={namespace: "Ignore"}, always_ignore=AlwaysIgnore(("quiet",)))

    assert namespace in made["additional-for-nothing"].problem
    assert not made["additional-for-nothing"].acceptable


# ------------------------------------------------------------------------------------------------ mistakes


def test_a_rule_for_the_modules_own_users_is_refused():
    own = "system:serviceaccount:poblano-system:poblano-hello-watcher"

    assert refused(rule(lambda s: s.when(a.ConfigMap).is_created().by_user(own))) == {"own-account"}
    assert refused(rule(lambda s: s.when(a.ConfigMap).is_created().by_user(own, "alice"))) == set()
    assert refused(rule(lambda s: s.when(a.ConfigMap).is_created().not_by_user(own))) == set()


# ------------------------------------------------------------------------------------------------ how long, how many


def test_a_long_wait_that_ends_in_a_refusal_is_told_of():
    slow = rule(lambda s: s.when(a.ConfigMap).is_created(), timeout=11)

    assert not found(slow)["long-timeout"].refused
    assert found(rule(lambda s: s.when(a.ConfigMap).is_created(), timeout=10)) == {}
    assert found(rule(lambda s: s.when(a.ConfigMap).is_created(), timeout=30, on_error="audit")) == {}


def test_timeouts_that_add_up_are_told_of():
    one = rule(lambda s: s.when(a.ConfigMap).is_created(), on_error="audit", timeout=10)
    one.when(a.ConfigMap).is_created().mutate(on_error="audit", timeout=10)(lambda each: None)
    one.when(a.ConfigMap).is_created().mutate(on_error="ignore", timeout=9)(lambda each: None)
    one.when(a.Secret).is_created().mutate(on_error="audit", timeout=8)(lambda each: None)
    assert found(one) == {}

    one.when(a.ConfigMap).is_created().mutate(on_error="audit", timeout=2)(lambda each: None)
    made = found(one)["timeouts-add-up"]
    assert not made.refused
    assert "configmaps may wait for 31 s in all" in made.problem


# ------------------------------------------------------------------------------------------------ what comes of it


def nodes(*accepted: Accepted) -> Plan:
    return plan(rule(lambda s: s.when(a.Node).is_created()), accepted_findings=accepted)


def test_a_refusal_stops_a_build_and_says_how_to_mean_it():
    with pytest.raises(LocksUp) as told:
        checked(nodes())
    text = str(told.value)

    assert [one.name for one in told.value.findings] == ["nodes"]
    assert "shop/r is asked about nodes (create) with the policy Fail: a node that cannot register" in text
    assert 'accepted_findings = [\n    { finding = "nodes", rule = "shop/r", because = "..." },\n  ]' in text


def test_what_is_accepted_by_name_is_built_and_told():
    (one,) = checked(nodes(Accepted("nodes", "shop/r", "they are registered by hand")))

    assert (one.name, one.because) == ("nodes", "they are registered by hand")


@pytest.mark.parametrize("accepted", [Accepted("nodes", "shop/other", "so"), Accepted("leases", "shop/r", "so")])
def test_what_is_accepted_of_another_rule_or_another_finding_is_not_accepted(accepted: Accepted):
    with pytest.raises(LocksUp):
        checked(nodes(accepted))


def test_what_is_accepted_and_not_found_is_told():
    stale = Accepted("leases", "shop/r", "so")
    found_too = checked(nodes(Accepted("nodes", "shop/r", "so"), stale))

    assert [one.problem for one in found_too if one.name == "accepted-nothing"] == [
        "accepted_findings has leases of shop/r, which is not found"
    ]


def test_a_mistake_cannot_be_accepted():
    own = "system:serviceaccount:poblano-system:poblano-hello-watcher"
    one = rule(lambda s: s.when(a.ConfigMap).is_created().by_user(own))
    with pytest.raises(LocksUp) as told:
        checked(plan(one, accepted_findings=(Accepted("own-account", "shop/r", "so"),)))

    assert "accepted_findings = [" not in str(told.value)


def test_refusals_come_first():
    made = findings(plan(rule(lambda s: s.when(a.Pod).is_created()), rule_of_nodes()))

    assert [one.refused for one in made] == [True, False]


def rule_of_nodes() -> Capability:
    one = Capability("nodes")
    one.when(a.Node).is_created().validate(approve)
    return one


def test_an_ordinary_module_is_built_without_a_word():
    one = Capability("shop", namespaces=["shop", "shop-staging"])
    one.when(a.Pod).is_created_or_updated().validate(approve)
    one.when(a.ConfigMap).is_created().mutate(lambda each: None)

    assert checked(plan(one)) == ()
    assert checked(plan(Capability("none"))) == ()

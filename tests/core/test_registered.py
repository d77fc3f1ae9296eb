"""Webhooks as they stand in a cluster: one an entry, and one more for each namespace with a policy of its own."""

from __future__ import annotations

from typing import Any

import pytest

from poblano import Capability, a
from poblano.core.entries import Entry, Policy, entries
from poblano.core.registered import Registered, accounts, asks_for, lets_in, policies, registered
from tests.core.driving import shop

ISTIO: dict[str, Policy] = {"istio": "Ignore"}


def made(capability: Capability, additional: dict[str, Policy] | None = None, **options: Any) -> list[Registered]:
    return registered(entries(capability.bindings, **options), additional or {})


def everywhere() -> Capability:
    one = shop()
    one.when(a.Pod).is_created().validate(lambda pod: pod.approve())
    return one


def test_an_entry_is_one_webhook_with_the_entrys_own_policy():
    (one,) = made(everywhere())

    assert (one.policy, one.only, one.never, one.name("hello")) == (
        "Fail",
        None,
        frozenset(),
        "validate-fail-10.hello.poblano.dev",
    )


def test_a_namespace_with_a_policy_of_its_own_has_a_webhook_at_the_path_of_the_entry_and_the_entrys_leaves_it_alone():
    main, istio = made(everywhere(), ISTIO)

    assert istio.entry is main.entry
    assert (main.policy, main.never) == ("Fail", {"istio"})
    assert (istio.policy, istio.only, istio.never) == ("Ignore", {"istio"}, frozenset())
    assert istio.name("hello") == "istio.validate-fail-10.hello.poblano.dev"


def test_a_namespace_that_no_rule_of_an_entry_is_about_gets_no_webhook_of_that_entry():
    one = everywhere()
    one.when(a.Pod).is_created().in_namespace("shop").validate(on_error="audit", name="other")(
        lambda pod: pod.approve()
    )
    found = made(one, {"istio": "Ignore", "kube-system": "Ignore"}, ignored=["kube-system"])

    assert [(each.entry.policy, each.namespace) for each in found] == [("Fail", ""), ("Fail", "istio"), ("Ignore", "")]


def test_an_entry_that_is_about_that_namespace_alone_has_no_webhook_beside_it():
    one = Capability("one", namespaces=["istio"])
    one.when(a.Pod).is_created().validate(lambda pod: pod.approve())

    assert [each.namespace for each in made(one, ISTIO)] == ["istio"]


def test_what_is_in_no_namespace_is_asked_about_once():
    one = everywhere()
    for kind in (a.Namespace, a.Node, a.ClusterRole):
        one.when(kind).is_created().validate(lambda each: each.approve())
    main, istio = made(one, ISTIO)

    assert sorted(r for rule in main.rules() for r in rule["resources"]) == [
        "clusterroles",
        "namespaces",
        "nodes",
        "pods",
    ]
    assert sorted(r for rule in istio.rules() for r in rule["resources"]) == ["namespaces", "pods"]


def test_the_policies_are_those_that_who_arms_them_writes():
    one = everywhere()
    one.when(a.Pod).is_created().mutate(on_error="ignore", timeout=3)(lambda pod: None)

    assert policies(entries(one.bindings), "hello", {"istio": "Fail"}) == {
        "mutate": {"mutate-ignore-3.hello.poblano.dev": "Ignore", "istio.mutate-ignore-3.hello.poblano.dev": "Fail"},
        "validate": {"validate-fail-10.hello.poblano.dev": "Fail", "istio.validate-fail-10.hello.poblano.dev": "Fail"},
    }


def test_names_are_unique_whatever_namespaces_there_are():
    one = everywhere()
    one.when(a.Pod).is_created().validate(on_error="audit", name="soft")(lambda pod: pod.approve())
    names = [each.name("hello") for each in made(one, {"a": "Fail", "b": "Ignore"})]

    assert len(names) == len(set(names)) == 6


@pytest.mark.parametrize(
    ("filtered", "lets", "asks"),
    [
        (lambda chain: chain, True, False),
        (lambda chain: chain.in_namespace("x"), True, True),
        (lambda chain: chain.in_namespace("y"), False, False),
        (lambda chain: chain.in_namespace_regex("^x$"), True, False),
        (lambda chain: chain.in_namespace("x", "y").not_in_namespace_regex("^x"), False, False),
    ],
)
def test_a_rule_lets_a_namespace_in_or_names_it(filtered: Any, lets: bool, asks: bool):
    one = shop()
    filtered(one.when(a.Pod).is_created()).mutate(lambda pod: None)
    (binding,) = one.bindings

    assert (lets_in(binding, "x"), asks_for(binding, "x")) == (lets, asks)


def test_a_namespace_is_in_itself_and_what_is_in_none_is_not_in_any():
    one = shop()
    one.when(a.Namespace).is_created().with_name("x").mutate(lambda each: None)
    one.when(a.Node).is_created().mutate(lambda each: None)
    named, node = one.bindings

    assert (lets_in(named, "x"), asks_for(named, "x"), lets_in(named, "y")) == (True, True, False)
    assert not lets_in(node, "x")


def test_the_users_of_a_modules_own_pods_are_told():
    assert accounts("hello", "here") == (
        "system:serviceaccount:here:poblano-hello-admission",
        "system:serviceaccount:here:poblano-hello-watcher",
    )


def test_the_entries_of_a_process_and_of_a_build_have_the_same_policies():
    """A process knows its own namespace and ignores it; a build leaves the place open."""
    built: list[Entry] = entries(everywhere().bindings, ignored=["kube-system"])
    running: list[Entry] = entries(everywhere().bindings, ignored=["kube-system", "poblano-system"])

    assert policies(built, "hello", ISTIO) == policies(running, "hello", ISTIO)

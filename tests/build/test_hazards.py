"""A webhook in the way of what a cluster is made of: found, told with its remedy, and gone with that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from poblano import Capability, a
from poblano.build.hazards import hazards
from poblano.build.lockouts import checked
from tests.build.asked import plan
from tests.build.judged import NS, found, generic, refused, rule

CHAINS: list[tuple[str, Callable[[Capability], Any]]] = [
    ("nodes", lambda s: s.when(a.Node).is_created()),
    ("nodes", lambda s: s.when(a.Node).is_created_or_updated().by_group("system:nodes", "developers")),
    ("nodes", lambda s: s.when(a.Node).for_subresource("status").is_updated()),
    ("certificate-requests", lambda s: s.when(a.CertificateSigningRequest).is_created()),
    ("certificate-requests", lambda s: s.when(a.CertificateSigningRequest).for_subresource("approval").is_updated()),
    ("leases", lambda s: s.when(a.Lease).is_created_or_updated()),
    ("leases", lambda s: s.when(a.Lease).is_updated().in_namespace("kube-node-lease")),
    ("leases", lambda s: s.when(a.Lease).is_updated().with_name_regex("^kube-")),
    ("reviews", lambda s: generic("authentication.k8s.io", "TokenReview")(s).is_created()),
    ("reviews", lambda s: generic("authorization.k8s.io", "SubjectAccessReview")(s).is_created()),
    (
        "reviews",
        lambda s: generic("authorization.k8s.io", "LocalSubjectAccessReview", scope="Namespaced")(s).is_created(),
    ),
    ("scheduling", lambda s: s.when(a.Pod).for_subresource("binding").is_created()),
    ("scheduling", lambda s: s.when(a.Pod).for_subresource("status").is_updated().not_by_group("developers")),
    ("tokens", lambda s: s.when(a.ServiceAccount).for_subresource("token").is_created()),
    ("kube-system", lambda s: s.when(a.Pod).is_created().in_namespace("kube-system")),
    ("kube-system", lambda s: s.when(a.Secret).is_updated().in_namespace("kube-system", "shop")),
    ("kube-system", lambda s: s.when(a.Namespace).is_updated().with_name("kube-system")),
    ("kube-system", lambda s: s.when(a.Pod).is_created().in_namespace("kube-system").without_label("mine")),
    ("own-namespace", lambda s: s.when(a.Pod).is_created().in_namespace(NS)),
    ("own-namespace", lambda s: s.when(a.Deployment).is_updated().in_namespace(NS, "shop")),
    ("own-namespace", lambda s: s.when(a.Secret).is_created_or_updated().in_namespace(NS)),
    ("own-namespace", lambda s: s.when(a.Lease).is_created_or_updated().in_namespace(NS)),
    ("own-namespace", lambda s: s.when(a.EndpointSlice).is_updated().in_namespace(NS)),
    ("default-services", lambda s: s.when(a.Service).is_updated()),
    ("default-services", lambda s: s.when(a.Endpoints).is_updated().in_namespace("default")),
    ("start-of-the-api-server", lambda s: s.when(a.ClusterRole).is_created_or_updated()),
    ("start-of-the-api-server", lambda s: s.when(a.PriorityClass).is_created()),
    ("start-of-the-api-server", lambda s: generic("apiregistration.k8s.io", "APIService")(s).is_created_or_updated()),
    ("own-definition", lambda s: s.when(a.CustomResourceDefinition).is_updated().not_by_user("system:apiserver")),
    ("events", lambda s: s.when(a.Event).is_created()),
    ("events", lambda s: s.when(a.CoreEvent).is_created()),
    ("addresses", lambda s: s.when(a.EndpointSlice).is_updated().not_in_namespace("default")),
]


@pytest.mark.parametrize(("name", "chain"), CHAINS)
def test_a_webhook_in_the_way_of_what_a_cluster_is_made_of_is_refused(name: str, chain: Callable[[Capability], Any]):
    assert name in refused(rule(chain))


@pytest.mark.parametrize(("name", "chain"), CHAINS)
def test_what_is_refused_says_which_rule_where_it_was_learned_and_what_to_write(
    name: str, chain: Callable[[Capability], Any]
):
    one = found(rule(chain))[name]

    assert (one.rule, bool(one.learned), bool(one.instead)) == ("shop/r", True, True)
    assert one.location is not None
    assert one.location.file.endswith("judged.py")  # where the chain got its action
    assert str(one).startswith(f"{one.location}: shop/r is asked about ")
    assert str(one).endswith(f"[{name}, learned from {one.learned}]")


WARNED: list[tuple[str, Callable[[Capability], Any]]] = [
    ("pods-everywhere", lambda s: s.when(a.Pod).is_created()),
    ("evictions", lambda s: s.when(a.Pod).for_subresource("eviction").is_created()),
    ("ways-in", lambda s: s.when(a.Pod).for_subresource("exec")),
]


WAYS_OUT: list[tuple[str, Callable[[Capability], Any]]] = [
    ("nodes", lambda s: s.when(a.Node).is_created_or_updated().by_group("developers")),
    ("nodes", lambda s: s.when(a.Node).is_deleted()),
    ("nodes", lambda s: s.when(a.Node).is_created().with_label("shop/checked")),
    ("leases", lambda s: s.when(a.Lease).is_updated().in_namespace("shop")),
    ("leases", lambda s: s.when(a.Lease).is_updated().in_namespace_regex("^shop-")),
    ("reviews", lambda s: generic("authentication.k8s.io", "TokenReview")(s).is_created().by_user("alice")),
    ("scheduling", lambda s: s.when(a.Pod).for_subresource("binding").is_created().in_namespace("shop")),
    ("tokens", lambda s: s.when(a.ServiceAccount).for_subresource("token").is_created().by_group("developers")),
    ("kube-system", lambda s: s.when(a.Pod).is_created()),
    ("kube-system", lambda s: s.when(a.ConfigMap).is_updated().in_namespace("kube-system").with_name("coredns")),
    ("kube-system", lambda s: s.when(a.Ingress).is_created().in_namespace("kube-system")),
    ("own-namespace", lambda s: s.when(a.Pod).is_created()),
    ("own-namespace", lambda s: s.when(a.Ingress).is_created().in_namespace(NS)),
    ("default-services", lambda s: s.when(a.Service).is_updated().not_by_user("system:apiserver")),
    ("default-services", lambda s: s.when(a.Service).is_updated().not_in_namespace("default")),
    ("start-of-the-api-server", lambda s: s.when(a.ClusterRole).is_updated().not_by_user("system:apiserver")),
    (
        "own-definition",
        lambda s: s.when(a.CustomResourceDefinition).is_updated().without_name("poblanostores.poblano.dev"),
    ),
    ("events", lambda s: s.when(a.Event).is_created().in_namespace("shop")),
]


@pytest.mark.parametrize(("name", "chain"), WAYS_OUT)
def test_a_rule_that_an_api_server_keeps_out_of_the_way_is_built(name: str, chain: Callable[[Capability], Any]):
    assert name not in found(rule(chain))


def test_what_is_written_instead_is_a_way_out():
    """Of every refusal whose remedy is a filter: with it, the rule is built."""
    remedies: dict[str, Callable[[Any], Any]] = {
        "nodes": lambda chain: chain.by_group("developers"),
        "certificate-requests": lambda chain: chain.by_group("developers"),
        "leases": lambda chain: chain.in_namespace("shop"),
        "reviews": lambda chain: chain.by_group("developers"),
        "scheduling": lambda chain: chain.in_namespace("shop"),
        "tokens": lambda chain: chain.by_group("developers"),
        "default-services": lambda chain: chain.not_by_user("system:apiserver"),
        "start-of-the-api-server": lambda chain: chain.not_by_user("system:apiserver"),
        "own-definition": lambda chain: chain.without_name("poblanostores.poblano.dev"),
        "events": lambda chain: chain.in_namespace("shop"),
        "addresses": lambda chain: chain.in_namespace("shop"),
    }
    tried: set[str] = set()
    for name, chain in CHAINS:
        if name in remedies and name not in tried:
            tried.add(name)
            mended = rule(lambda s, chain=chain, name=name: remedies[name](chain(s)))
            assert name not in found(mended), name
    filters = {each.name for each in hazards(NS) if each.refused} - {"kube-system", "own-namespace"}

    assert tried == set(remedies) == filters


@pytest.mark.parametrize("on_error", ["audit", "ignore"])
def test_what_may_be_passed_over_is_built_but_where_waiting_alone_does_harm(on_error: Any):
    kept = {"nodes", "certificate-requests", "leases", "reviews"}
    for name, chain in CHAINS:
        one = found(rule(chain, on_error=on_error)).get(name)

        assert (one is not None) is (name in kept or name == "events"), name
        assert one is None or one.refused is (name != "events")


def test_each_hazard_is_shown_to_be_found():
    warned = {name for name, _ in WARNED}

    assert {each.name for each in hazards(NS)} == {name for name, _ in CHAINS} | warned
    assert {each.name for each in hazards(NS) if not each.refused} == warned


@pytest.mark.parametrize(("name", "chain"), WARNED)
def test_what_only_makes_trouble_is_told_and_built(name: str, chain: Callable[[Capability], Any]):
    assert [one.name for one in checked(plan(rule(chain)))] == [name]
    assert checked(plan(rule(chain, namespaces=("shop",)))) == ()

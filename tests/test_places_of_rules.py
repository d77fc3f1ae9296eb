"""Whether there is anything that a rule can apply to: the namespaces of its capability, and subresources."""

from __future__ import annotations

from typing import Any

import pytest

from poblano import Decision, InvalidDefinition, Resource, ValidateRequest, a
from tests.shop import judge, label, shop


class Cluster(Resource, group="x.example.com", version="v1", scope="Cluster"): ...


@pytest.mark.parametrize("kind", [Cluster, a.Node])
def test_a_cluster_scoped_kind_has_no_place_in_a_capability_with_namespaces(kind: Any):
    with pytest.raises(InvalidDefinition, match="would never apply; put it into a capability without namespaces"):
        shop(namespaces=["x"]).when(kind).is_created().mutate(label)


def test_a_namespace_outside_the_capabilitys_is_an_error():
    rules = shop(namespaces=["shop"])
    with pytest.raises(InvalidDefinition, match=r"other is not among the namespaces .*shop"):
        rules.when(a.Pod).is_created().in_namespace("other").mutate(label)
    with pytest.raises(InvalidDefinition, match=r"no namespace of the capability .* matches"):
        rules.when(a.Pod).is_created().in_namespace_regex("^prod").mutate(label)
    with pytest.raises(InvalidDefinition, match="not among"):
        rules.when(a.Pod).is_created().in_namespace("shop", "other").mutate(label)


def test_filters_that_clash_with_the_capabilitys_namespaces_are_an_error():
    rules = shop(namespaces=["shop"])
    with pytest.raises(InvalidDefinition, match=r"the capability's namespaces \(shop\) and not_in_namespace"):
        rules.when(a.Pod).is_created().not_in_namespace("shop").mutate(label)
    with pytest.raises(InvalidDefinition, match=r"the capability's namespaces \(shop\) and with_name\(\"other\"\)"):
        rules.when(a.Namespace).is_created().with_name("other").mutate(label)


def test_a_subresource_of_a_newer_kubernetes_is_named_with_its_class():
    rules = shop()

    def also(thing: ValidateRequest[Any]) -> Decision:
        return thing.approve()

    rules.when(a.Deployment).is_updated().for_subresource("brandnew", a.Deployment).validate(judge)
    rules.when(a.GenericKind, version="v1", kind="Thing").is_created().for_subresource("made").validate(also)

    assert [binding.subresource for binding in rules.bindings] == ["brandnew", "made"]

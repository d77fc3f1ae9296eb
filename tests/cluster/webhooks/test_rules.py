"""Rules: wildcards, subresources, scope; held against a second, naive reading of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.webhooks.rules import Rule

CONFIG_MAPS = ("", "v1", "configmaps")


def rule(**parts):
    every = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
    return Rule.of(every | parts)


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("*", {"pods", "deployments"}),
        ("*/*", {"pods", "deployments", "pods/log", "deployments/scale"}),
        ("pods", {"pods"}),
        ("pods/*", {"pods", "pods/log"}),
        ("*/scale", {"deployments/scale"}),
        ("pods/log", {"pods/log"}),
    ],
)
def test_what_a_pattern_of_resources_covers(pattern, covered):
    asked = ("pods", "deployments", "pods/log", "deployments/scale")
    found = {
        one
        for one in asked
        if rule(resources=[pattern]).matches("CREATE", ("", "v1", one.partition("/")[0]), one.partition("/")[2], "shop")
    }
    assert found == covered


@pytest.mark.parametrize(
    ("scope", "resource", "namespace", "matches"),
    [
        ("Cluster", ("rbac.authorization.k8s.io", "v1", "clusterroles"), "", True),
        ("Cluster", CONFIG_MAPS, "shop", False),
        ("Cluster", ("", "v1", "namespaces"), "shop", True),
        ("Namespaced", ("", "v1", "namespaces"), "shop", False),
        ("Namespaced", CONFIG_MAPS, "shop", True),
        ("Namespaced", ("rbac.authorization.k8s.io", "v1", "clusterroles"), "", False),
        ("*", CONFIG_MAPS, "shop", True),
    ],
)
def test_a_namespace_object_is_cluster_scoped_though_its_request_names_a_namespace(scope, resource, namespace, matches):
    assert rule(scope=scope).matches("CREATE", resource, "", namespace) is matches


words = st.sampled_from(["", "a", "b", "*"])
lists = st.lists(words, max_size=3)


@given(operations=lists, groups=lists, versions=lists, asked=st.tuples(*[st.sampled_from(["", "a", "b", "c"])] * 3))
def test_each_part_must_name_what_is_asked_or_everything(operations, groups, versions, asked):
    found = rule(operations=operations, apiGroups=groups, apiVersions=versions)
    operation, group, version = asked
    expected = all(
        "*" in part or value in part for part, value in zip((operations, groups, versions), asked, strict=True)
    )
    assert found.matches(operation, (group, version, "things"), "", "shop") is expected

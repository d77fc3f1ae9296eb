from __future__ import annotations

import pytest

from poblano.client.paths import object_path, write_target
from poblano.core.errors import MalformedObject
from poblano.core.kinds import Kind

POD = Kind("", "v1", "Pod", "pods")
NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False)


@pytest.mark.parametrize("name", ("", ".", "..", "a/b", "a%2Fb"))
def test_what_is_no_name_never_becomes_a_path(name: str):
    with pytest.raises(MalformedObject, match="the name of a Pod cannot be"):
        object_path(POD, name, "shop")


@pytest.mark.parametrize("namespace", (".", "..", "a/b"))
def test_what_is_no_namespace_never_becomes_a_path(namespace: str):
    with pytest.raises(MalformedObject, match="the namespace of a Pod cannot be"):
        object_path(POD, "db", namespace)


def test_a_namespaced_kind_needs_its_namespace():
    with pytest.raises(MalformedObject, match="a Pod lives in a namespace"):
        write_target(POD, {"metadata": {"name": "db"}}, "")


def test_a_cluster_scoped_kind_has_no_namespace_in_its_path():
    assert object_path(NAMESPACE, "shop", "ignored") == "/api/v1/namespaces/shop"


def test_a_subresource_may_have_a_path_of_its_own():
    assert object_path(POD, "db", "shop", "proxy/metrics").endswith("/pods/db/proxy/metrics")
    with pytest.raises(MalformedObject):
        object_path(POD, "db", "shop", "proxy/../..")


def test_the_objects_own_namespace_counts():
    assert write_target(POD, {"metadata": {"name": "db", "namespace": "shop"}}, "").namespace == "shop"


def test_two_namespaces_are_one_too_many():
    with pytest.raises(MalformedObject, match="its namespace is shop, but other was asked for"):
        write_target(POD, {"metadata": {"namespace": "shop"}}, "other")

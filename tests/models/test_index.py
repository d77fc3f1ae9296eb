"""`from poblano.models import a`: every kind by its name, and nothing loaded before it is touched."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys

import pytest

from poblano.core.objects import GenericKind, Resource, kind_of
from poblano.models import a, autoscaling_v1, core_v1, events_v1
from poblano.models.subresources import SUBRESOURCES
from tests.models import every
from tools.models.index import entries
from tools.models.specification import Gvk, Served, Specification

NAMES = [name for name in dir(a) if name != "GenericKind"]


def kind(name: str) -> type[Resource]:
    return getattr(a, name)


def test_every_kind_that_the_server_serves_is_in_the_index(kubernetes: Specification):
    listed = {(kind_of(kind(name)).group, kind_of(kind(name)).kind) for name in NAMES}
    assert listed == {(gvk.group, gvk.kind) for gvk in kubernetes.kinds}


def test_every_kind_knows_its_plural_and_scope_as_the_server_serves_it(kubernetes: Specification):
    for gvk, served in kubernetes.kinds.items():
        if served.plural:
            cls = next(cls for cls in every.classes() if issubclass(cls, Resource) and Gvk(*gvk_of(cls)) == gvk)
            assert (kind_of(cls).plural, kind_of(cls).namespaced) == (served.plural, served.namespaced)


def gvk_of(cls: type[Resource]) -> tuple[str, str, str]:
    return kind_of(cls).group, kind_of(cls).version, kind_of(cls).kind


@pytest.mark.parametrize(
    ("name", "group", "version", "plural", "namespaced"),
    (
        ("Pod", "", "v1", "pods", True),
        ("Namespace", "", "v1", "namespaces", False),
        ("Endpoints", "", "v1", "endpoints", True),
        ("Deployment", "apps", "v1", "deployments", True),
        ("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies", True),
        ("Ingress", "networking.k8s.io", "v1", "ingresses", True),
        ("ClusterRole", "rbac.authorization.k8s.io", "v1", "clusterroles", False),
        ("CustomResourceDefinition", "apiextensions.k8s.io", "v1", "customresourcedefinitions", False),
        ("FlowSchema", "flowcontrol.apiserver.k8s.io", "v1", "flowschemas", False),
        ("HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers", True),
        ("PodExecOptions", "", "v1", "pods", True),
        ("NodeProxyOptions", "", "v1", "nodes", False),
        ("Eviction", "policy", "v1", "pods", True),
        ("Scale", "autoscaling", "v1", "scales", True),
    ),
)
def test_a_kind_carries_its_place_in_the_api(name: str, group: str, version: str, plural: str, namespaced: bool):
    found = kind_of(kind(name))
    assert (found.group, found.version, found.kind) == (group, version, name)
    assert (found.plural, found.namespaced) == (plural, namespaced)


def test_the_two_events_have_the_names_that_pepr_gives_them():
    assert a.CoreEvent is core_v1.Event
    assert a.Event is events_v1.Event


def test_an_older_version_is_in_the_module_of_its_group_and_version():
    assert kind_of(autoscaling_v1.HorizontalPodAutoscaler).version == "v1"


def test_what_has_no_class_is_a_generic_kind():
    assert a.GenericKind is GenericKind


def test_type_checkers_are_told_the_classes_that_the_run_gives():
    body = next(node for node in ast.parse(inspect.getsource(a)).body if isinstance(node, ast.If)).body
    told = {
        (found.asname or found.name).lstrip("_"): (statement.module, found.name)
        for statement in body
        if isinstance(statement, ast.ImportFrom)
        for found in statement.names
    }
    assert told == {name: (kind(name).__module__, kind(name).__name__) for name in dir(a)}


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    (("Pdo", "a.Pod"), ("Deploymnet", "a.Deployment"), ("configmap", "a.ConfigMap"), ("Configmap", "a.ConfigMap")),
)
def test_a_misspelt_kind_is_told_how_it_is_spelt(misspelt: str, meant: str):
    with pytest.raises(AttributeError, match=rf"no kind a\.{misspelt}; did you mean .*{meant}"):
        kind(misspelt)


def test_a_kind_that_is_like_no_other_is_told_to_be_written():
    with pytest.raises(AttributeError, match=r"class Xyzzyqq\(Resource, group="):
        kind("Xyzzyqq")


def loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    return set(json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout))


def test_the_index_loads_no_kinds():
    loaded = loaded_by("from poblano.models import a; dir(a)")
    assert {name for name in loaded if name.startswith("poblano.models.")} == {"poblano.models.a"}


def test_touching_a_kind_loads_its_module_and_what_that_refers_to():
    loaded = loaded_by("from poblano.models import a; a.Lease")
    models = {name for name in loaded if name.startswith("poblano.models.")}
    assert models == {f"poblano.models.{name}" for name in ("a", "coordination_v1", "meta_v1")}


def test_a_body_of_a_subresource_tells_where_it_is_served():
    assert SUBRESOURCES["", "v1", "PodExecOptions"] == (("", "v1", "pods/exec"),)
    assert ("apps", "v1", "deployments/scale") in SUBRESOURCES["autoscaling", "v1", "Scale"]
    assert SUBRESOURCES["", "v1", "Binding"] == (("", "v1", "pods/binding"),)


def test_a_name_stands_for_the_newest_stable_version_and_a_shared_one_for_the_core_groups():
    served = [("", "v1", "Pod"), ("x.io", "v1", "Pod"), ("y.io", "v1", "Job"), ("y.io", "v2beta1", "Job")]
    found = entries(Specification("1.0", {}, {Gvk(*gvk): Served(Gvk(*gvk)) for gvk in served}))
    assert [(entry.name, entry.module) for entry in found] == [("Job", "y_v1"), ("Pod", "core_v1"), ("XPod", "x_v1")]

"""The containers of Pods and of what makes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.errors import MalformedObject
from poblano.core.objects import GenericKind, document
from poblano.core.requests import MutateRequest, ValidateRequest
from poblano.core.review import AdmissionRequest
from poblano.models import a
from poblano.models.core_v1 import Container, EphemeralContainer
from poblano.pods import containers

SPEC = {
    "containers": [{"name": "web", "image": "web:1"}, {"name": "log"}],
    "initContainers": [{"name": "wait"}],
    "ephemeralContainers": [{"name": "debug"}],
}
TEMPLATE = {"template": {"metadata": {"labels": {"a": "b"}}, "spec": SPEC}}
ALL = ["web", "log", "wait", "debug"]


def names(found):
    return [container.name for container in found]


@pytest.mark.parametrize(
    ("kind", "document"),
    (
        (a.Pod, {"spec": SPEC}),
        (a.Deployment, {"spec": TEMPLATE}),
        (a.StatefulSet, {"spec": TEMPLATE}),
        (a.DaemonSet, {"spec": TEMPLATE}),
        (a.ReplicaSet, {"spec": TEMPLATE}),
        (a.ReplicationController, {"spec": TEMPLATE}),
        (a.Job, {"spec": TEMPLATE}),
        (a.CronJob, {"spec": {"jobTemplate": {"spec": TEMPLATE}}}),
        (a.PodTemplate, TEMPLATE),
        (a.GenericKind, {"kind": "Rollout", "spec": TEMPLATE}),
    ),
)
def test_containers_are_found_in_every_kind_that_has_pods(kind, document):
    view = kind.of(document)
    assert names(containers(view)) == ALL
    assert names(containers(MutateRequest(AdmissionRequest("u", "CREATE"), kind, document))) == ALL


def test_the_parts_of_an_object_have_them_too():
    deployment = a.Deployment.of({"spec": TEMPLATE})
    assert names(containers(deployment.spec.template)) == names(containers(deployment.spec.template.spec)) == ALL


@pytest.mark.parametrize(
    ("kind", "expected", "view"),
    (
        ("containers", ["web", "log"], Container),
        ("init_containers", ["wait"], Container),
        ("ephemeral_containers", ["debug"], EphemeralContainer),
    ),
)
def test_one_kind_of_them_may_be_asked_for(kind, expected, view):
    found = containers(a.Pod.of({"spec": SPEC}), kind)
    assert names(found) == expected
    assert {type(container) for container in found} == {view}


def test_changing_one_changes_the_object():
    request = MutateRequest(AdmissionRequest("u", "CREATE"), a.Pod, {"spec": {"containers": [{"name": "web"}]}})
    for container in containers(request):
        container.image = "web:2"
    assert document(request.raw) == {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}


@pytest.mark.parametrize(
    "document", ({}, {"spec": {}}, {"spec": None}, {"spec": {"template": []}}, {"spec": {"containers": None}})
)
def test_what_has_no_pods_has_none_and_is_not_changed(document):
    before = repr(document)
    assert containers(a.Pod.of(document)) == containers(GenericKind.of(document), "containers") == []
    assert repr(document) == before


def test_a_service_has_none():
    assert (
        containers(ValidateRequest(AdmissionRequest("u", "CREATE"), a.Service, {"spec": {"type": "ClusterIP"}})) == []
    )


@pytest.mark.parametrize("wrong", ("text", {"a": 1}, 3, ["text"], [None]))
def test_a_list_that_is_none_is_told_without_showing_it(wrong):
    with pytest.raises(MalformedObject, match="containers"):
        containers(a.Pod.of({"spec": {"containers": wrong}}))


lists = st.none() | st.lists(st.builds(lambda name: {"name": name}, st.text("abc", min_size=1)), max_size=3)


@given(lists, lists, lists)
def test_all_of_them_are_the_three_kinds_in_their_order(regular, init, ephemeral):
    spec = {"containers": regular, "initContainers": init, "ephemeralContainers": ephemeral}
    pod = a.Pod.of({"spec": {key: value for key, value in spec.items() if value is not None}})
    parts = [containers(pod, kind) for kind in ("containers", "init_containers", "ephemeral_containers")]
    assert names(containers(pod)) == [name for part in parts for name in names(part)]

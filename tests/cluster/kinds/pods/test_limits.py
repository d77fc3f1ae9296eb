"""A LimitRange fills in what a Pod leaves out, and forbids what is too much or too little."""

from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import Stored, created


def limits(**item: Any) -> Stored:
    spec = {"limits": [{"type": "Container"} | item]}
    return Stored(("", "limitranges", {"metadata": {"name": "l", "namespace": "kinds"}, "spec": spec}))


def pod(namespace: str = "kinds", **resources: Any) -> Document:
    container = {"name": "c", "image": "i", "resources": resources}
    meta = {"name": "p", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}


def test_what_is_left_out_is_filled_in_and_noted():
    made = created(pod(), limits(default={"cpu": "2", "memory": "1Gi"}, defaultRequest={"cpu": "1"}))
    (container,) = made["spec"]["containers"]
    assert container["resources"] == {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1"}}
    assert made["metadata"]["annotations"] == {
        "kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu request for container c; cpu, memory limit for container c"
    }
    assert made["status"]["qosClass"] == "Burstable"


def test_what_is_said_is_kept():
    made = created(pod(limits={"cpu": "1"}), limits(default={"cpu": "2"}, defaultRequest={"cpu": "2"}))
    assert made["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    assert "annotations" not in made["metadata"]


@pytest.mark.parametrize(
    ("item", "resources", "why"),
    [
        ({"max": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, "maximum cpu usage per Container is 1, but limit is 2"),
        ({"max": {"cpu": "1"}}, {}, "maximum cpu usage per Container is 1.  No limit is specified"),
        (
            {"min": {"cpu": "1"}},
            {"requests": {"cpu": "500m"}},
            "minimum cpu usage per Container is 1, but request is 500m",
        ),
        ({"min": {"cpu": "1"}}, {}, "minimum cpu usage per Container is 1.  No request is specified"),
        (
            {"type": "Pod", "max": {"memory": "1Gi"}},
            {"limits": {"memory": "2Gi"}},
            "maximum memory usage per Pod is 1Gi, but limit is 2Gi",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"limits": {"cpu": "3"}, "requests": {"cpu": "1"}},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {},
            "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0",
        ),
    ],
)
def test_what_is_outside_is_forbidden(item, resources, why):
    with pytest.raises(StatusError) as refusal:
        created(pod(**resources), limits(**item))
    assert refusal.value.code == 403
    assert refusal.value.message == f'pods "p" is forbidden: {why}'


def test_limits_are_those_of_the_own_namespace():
    assert created(pod("elsewhere"), limits(max={"cpu": "1"}))["metadata"]["namespace"] == "elsewhere"


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"max": {"storage": "1Gi"}}, "maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi"),
        ({"min": {"storage": "3Gi"}}, "minimum storage usage per PersistentVolumeClaim is 3Gi, but request is 2Gi"),
    ],
)
def test_a_claim_for_too_much_or_too_little_is_forbidden(item, why):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "c", "namespace": "kinds"},
        "spec": spec,
    }
    with pytest.raises(StatusError) as refusal:
        created(claim, limits(type="PersistentVolumeClaim", **item))
    assert refusal.value.message == f'persistentvolumeclaims "c" is forbidden: {why}'

"""What is served in two versions is the same object in both."""

from __future__ import annotations

from poblano.cluster.kinds import strategy
from poblano.cluster.kinds.conversion import convert
from poblano.cluster.resources import Resource, built_in_resources
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import created

SCALER: Document = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "h", "annotations": {"kept": "yes"}},
    "spec": {
        "maxReplicas": 3,
        "scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"},
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 5}},
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
            },
            {
                "type": "Resource",
                "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}},
            },
        ],
    },
}


def resource(group: str, version: str, plural: str) -> Resource:
    wanted = (group, version, plural)
    return next(one for one in built_in_resources() if (one.group, one.version, one.plural) == wanted)


V1, V2 = (resource("autoscaling", version, "horizontalpodautoscalers") for version in ("v1", "v2"))
CORE, NEW = resource("", "v1", "events"), resource("events.k8s.io", "v1", "events")


def test_a_scaler_shows_its_cpu_target_in_v1_and_keeps_the_rest_in_annotations():
    old = convert(created(SCALER), V2, V1)
    assert old["spec"]["targetCPUUtilizationPercentage"] == 50
    assert old["spec"].keys() == {"maxReplicas", "minReplicas", "scaleTargetRef", "targetCPUUtilizationPercentage"}
    assert "autoscaling.alpha.kubernetes.io/metrics" in old["metadata"]["annotations"]


def test_a_scaler_that_went_through_v1_is_what_it_was():
    stored = created(SCALER)
    again = convert(convert(stored, V2, V1), V1, V2)
    assert again == stored


def test_an_event_of_the_core_group_is_read_in_the_new_words_and_back():
    sent = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "kinds"},
        "involvedObject": {"kind": "Pod", "namespace": "kinds", "name": "p"},
        "message": "hello",
        "count": 2,
        "type": "Normal",
        "source": {"component": "t"},
        "firstTimestamp": "2026-01-01T00:00:00Z",
    }
    stored = created(sent)
    new = convert(stored, CORE, NEW)
    assert new["note"] == "hello"
    assert new["regarding"]["name"] == "p"
    assert new["deprecatedCount"] == 2
    assert new["deprecatedSource"] == {"component": "t"}
    assert convert(new, NEW, CORE) == stored


def test_the_same_version_is_the_same_object():
    stored = created(SCALER)
    assert convert(stored, V2, V2) is stored


def test_converting_leaves_the_original_alone():
    stored = created(SCALER)
    before = repr(stored)
    convert(stored, V2, V1)
    assert repr(stored) == before
    assert strategy("autoscaling", "HorizontalPodAutoscaler").validate(stored) == []

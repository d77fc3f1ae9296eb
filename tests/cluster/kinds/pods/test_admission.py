"""The server's own admission completes a Pod before webhooks see it."""

from __future__ import annotations

import pytest

from poblano.cluster.kinds import strategy
from poblano.cluster.kinds.pods.qos import qos_class
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import Stored, created


def pod(**spec: object) -> Document:
    body = {"containers": [{"name": "c", "image": "i"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": body}


def priority_class(name: str, value: int, **fields: object) -> tuple[str, str, Document]:
    return "scheduling.k8s.io", "priorityclasses", {"metadata": {"name": name}, "value": value, **fields}


def test_a_priority_class_gives_its_value_and_its_policy():
    lookup = Stored(priority_class("high", 7, preemptionPolicy="Never"))
    spec = created(pod(priorityClassName="high"), lookup)["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (7, "Never")


def test_the_default_class_is_for_those_who_name_none():
    lookup = Stored(priority_class("usual", 5, globalDefault=True))
    spec = created(pod(), lookup)["spec"]
    assert (spec["priorityClassName"], spec["priority"]) == ("usual", 5)


def test_the_system_classes_are_there_before_anyone_makes_them():
    assert created(pod(priorityClassName="system-node-critical"))["spec"]["priority"] == 2_000_001_000


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"priorityClassName": "none"}, "no PriorityClass with name none was found"),
        ({"priority": 3}, "the integer value of priority (3) must not be provided in pod spec"),
        ({"runtimeClassName": "r"}, 'pod rejected: RuntimeClass "r" not found'),
    ],
)
def test_what_contradicts_the_classes_is_forbidden(spec, why):
    with pytest.raises(StatusError) as refusal:
        strategy("", "Pod").admit(pod(**spec), None, Stored())
    assert refusal.value.code == 403
    assert refusal.value.message.startswith(f'pods "p" is forbidden: {why}')


def test_a_toleration_of_everything_needs_no_others():
    everything = {"operator": "Exists"}
    assert created(pod(tolerations=[everything]))["spec"]["tolerations"] == [everything]


def test_an_update_that_leaves_out_what_was_computed_keeps_it():
    old = created(pod())
    obj = pod()
    strategy("", "Pod").admit(obj, old, Stored())
    assert {key: obj["spec"][key] for key in ("priority", "preemptionPolicy", "tolerations")} == {
        key: old["spec"][key] for key in ("priority", "preemptionPolicy", "tolerations")
    }


def test_an_update_is_left_alone_otherwise():
    old = created(pod())
    obj = pod(priority=5, tolerations=old["spec"]["tolerations"])
    strategy("", "Pod").admit(obj, old, Stored())
    assert obj["spec"]["priority"] == 5
    assert obj["spec"]["tolerations"] == old["spec"]["tolerations"]


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1000m", "memory": "1024Mi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"example.com/gpu": "1"}}, "BestEffort"),
    ],
)
def test_the_quality_of_service_follows_from_cpu_and_memory(resources, expected):
    assert qos_class({"containers": [{"resources": resources}]}) == expected


def test_a_gated_pod_says_that_it_waits():
    status = created(pod(schedulingGates=[{"name": "example.com/g"}]))["status"]
    assert [(one["type"], one["reason"]) for one in status["conditions"]] == [("PodScheduled", "SchedulingGated")]

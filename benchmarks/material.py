"""What the micro-benchmarks work on: a Pod of 5 KB in its review, and ten rules that all match it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from poblano import Capability, MutateRequest, a

RECORDED = Path(__file__).parents[1] / "tests" / "fixtures" / "admission-reviews"
"""Reviews that a real API server sent."""
POD_BYTES = 5000


def pod_review() -> bytes:
    """The recorded creation of a Pod, its first container's environment filled up until the Pod's JSON has 5 KB."""
    review: dict[str, Any] = json.loads((RECORDED / "mutate-create-core-v1-Pod.json").read_bytes())
    pod = review["request"]["object"]
    variables = pod["spec"]["containers"][0].setdefault("env", [])
    while len(json.dumps(pod, separators=(",", ":"))) < POD_BYTES:
        variables.append({"name": f"SETTING_{len(variables)}", "value": "a value of middling length"})
    return json.dumps(review, separators=(",", ":")).encode()


def ten_rules() -> Capability:
    """Ten mutate actions for that Pod: labels, annotations, and changes to its spec through views."""
    rules = Capability("bench")
    created = rules.when(a.Pod).is_created
    for number in range(4):
        created().mutate(_labelling(f"bench.example.com/label-{number}"))
    for number in range(3):
        created().mutate(_noting(f"bench.example.com/note-{number}"))
    for action in (never_pull, no_token, set_priority):
        created().mutate(action)
    return rules


def _labelling(key: str) -> Callable[[MutateRequest[a.Pod]], object]:
    return lambda pod: pod.set_label(key, "yes")


def _noting(key: str) -> Callable[[MutateRequest[a.Pod]], object]:
    return lambda pod: pod.set_annotation(key, "a note")


def never_pull(pod: MutateRequest[a.Pod]) -> None:
    """Every image is on the node."""
    for container in pod.raw.spec.containers:
        container.image_pull_policy = "Never"


def no_token(pod: MutateRequest[a.Pod]) -> None:
    """The Pod does not speak to the API server."""
    pod.raw.spec.automount_service_account_token = False


def set_priority(pod: MutateRequest[a.Pod]) -> None:
    """It may be put off."""
    pod.raw.spec.priority_class_name = "bench"


def change_by_hand(pod: dict[str, Any]) -> None:
    """The same ten changes to a plain dict, as one writes them without a framework."""
    metadata, spec = pod["metadata"], pod["spec"]
    for number in range(4):
        metadata.setdefault("labels", {})[f"bench.example.com/label-{number}"] = "yes"
    for number in range(3):
        metadata.setdefault("annotations", {})[f"bench.example.com/note-{number}"] = "a note"
    for container in spec["containers"]:
        container["imagePullPolicy"] = "Never"
    spec["automountServiceAccountToken"] = False
    spec["priorityClassName"] = "bench"

"""What of a Pod may change by its resize subresource: cpu and memory of its containers, within its quality of service.

Source: ValidatePodResize in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds.pods.qos import qos_class
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_MUTABLE: Final = ("cpu", "memory")


def validate(obj: Document, old: Document) -> list[FieldError]:
    """What is wrong with how a Pod's resources changed."""
    spec, was = struct(obj, "spec"), struct(old, "spec")
    found: list[FieldError] = []
    before = struct(old, "status").get("qosClass") or qos_class(was)
    if qos_class(spec) != before:
        found.append(errors.invalid("spec", before, "Pod QOS Class may not change as a result of resizing"))
    if _other_resources(spec) != _other_resources(was):
        found.append(errors.forbidden("spec", "only cpu and memory resources are mutable"))
    return found


def _other_resources(spec: Document) -> list[dict[tuple[str, str], object]]:
    """Of each container, what it asks for beside cpu and memory."""
    containers = [*many(spec, "containers"), *many(spec, "initContainers")]
    return [
        {
            (of, name): amount
            for of in ("requests", "limits")
            for name, amount in struct(container, "resources", of).items()
            if name not in _MUTABLE
        }
        for container in containers
    ]

"""The template of a Pod, as workloads carry it.

Source: ValidatePodTemplateSpec, ValidatePodTemplateSpecForReplicaSet in kubernetes/pkg/apis
"""

from __future__ import annotations

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import metadata, selectors
from poblano.cluster.kinds.pods import spec
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

MISMATCH = "`selector` does not match template `labels`"


def validate(template: Document, path: str) -> list[FieldError]:
    """What is wrong with a PodTemplateSpec."""
    meta = struct(template, "metadata")
    found = metadata.label_errors(meta.get("labels"), f"{path}.labels")
    found += metadata.annotation_errors(meta.get("annotations"), f"{path}.annotations")
    found += spec.validate(struct(template, "spec"), f"{path}.spec")
    if many(template, "spec", "ephemeralContainers"):
        text = "ephemeral containers not allowed in pod template"
        found.append(errors.forbidden(f"{path}.spec.ephemeralContainers", text))
    return found


def restart_always(template: Document, path: str) -> list[FieldError]:
    """What keeps replicas running knows no other restartPolicy."""
    policy = struct(template, "spec").get("restartPolicy") or ""
    if policy == "Always":
        return []
    return [errors.not_supported(f"{path}.spec.restartPolicy", policy, ("Always",))]


def selected(selector: Document | None, template: Document, path: str) -> list[FieldError]:
    """The template's labels have to be selected by the workload's selector."""
    labels = struct(template, "metadata", "labels")
    if selectors.is_empty(selector) or selectors.matches(selector, labels):
        return []
    return [errors.invalid(f"{path}.metadata.labels", labels, MISMATCH)]

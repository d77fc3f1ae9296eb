"""Pod and PodTemplate."""

from __future__ import annotations

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks
from poblano.cluster.kinds.pods import admission, containers, defaults, limits, spec, template, updates, warnings
from poblano.cluster.kinds.pods.qos import qos_class
from poblano.cluster.kinds.strategy import Strategy, keep
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document


class Pod(Strategy):
    """Source: kubernetes/pkg/registry/core/pod/strategy.go"""

    has_status = True
    counts_generation = True
    update_checks = ("update", "create")

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        defaults.default_pod(obj)

    def admit(self, obj: Document, old: Document | None, lookup: Lookup, subresource: str = "") -> None:
        if old is None and not subresource:
            admission.admit(obj, lookup)
            limits.fill(obj, lookup)
        elif old is not None and not subresource:
            admission.complete(obj, old)

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        super().prepare_for_create(obj, lookup)
        self.admit(obj, None, lookup)
        limits.check(obj, lookup)
        status: Document = {"phase": "Pending", "qosClass": qos_class(obj["spec"])}
        obj["status"] = status
        if many(obj, "spec", "schedulingGates"):
            text = "Scheduling is blocked due to non-empty scheduling gates"
            gated = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": text}
            status["conditions"] = [{**gated, "lastProbeTime": None, "lastTransitionTime": lookup.now()}]

    def prepare_for_status_update(self, obj: Document, old: Document) -> None:
        super().prepare_for_status_update(obj, old)
        obj.setdefault("metadata", {})
        for key in ("deletionTimestamp", "ownerReferences"):
            keep(obj["metadata"], struct(old, "metadata"), key)
        status = obj.setdefault("status", {})
        status["qosClass"] = struct(old, "status").get("qosClass") or qos_class(obj["spec"])

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found = spec.validate(struct(obj, "spec"), "spec", is_pod=True)
        found += _projected_tokens(obj)
        for name in ("containers", "initContainers"):
            for where, container in checks.indexed(many(obj, "spec", name), f"spec.{name}"):
                found += containers.trimmed_image(container, where)
        if old is not None:
            return found
        if many(obj, "spec", "ephemeralContainers"):
            found.append(errors.forbidden("spec.ephemeralContainers", "cannot be set on create"))
        if struct(obj, "spec").get("nodeName") and many(obj, "spec", "schedulingGates"):
            text = "cannot be set until all schedulingGates have been cleared"
            found.append(errors.forbidden("spec.nodeName", text))
        return found

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        return [*self.validate_content(obj, old), *updates.validate(obj, old)]

    def validate_status(self, obj: Document, old: Document) -> list[FieldError]:
        node, was = struct(obj, "spec").get("nodeName"), struct(old, "spec").get("nodeName")
        if was and node != was:
            return [errors.forbidden("spec.nodeName", "may not be changed directly")]
        return []

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        return warnings.warnings(obj)


def _projected_tokens(obj: Document) -> list[FieldError]:
    if struct(obj, "spec").get("serviceAccountName"):
        return []
    text = "must not be specified when serviceAccountName is not set"
    return [
        errors.forbidden(f"{where}.serviceAccountToken", text)
        for path, volume in checks.indexed(many(obj, "spec", "volumes"), "spec.volumes")
        for where, source in checks.indexed(many(volume, "projected", "sources"), f"{path}.projected.sources")
        if source.get("serviceAccountToken") is not None
    ]


class PodTemplate(Strategy):
    """Source: kubernetes/pkg/registry/core/podtemplate/strategy.go"""

    counts_generation = True
    generation_of = ("template",)
    update_checks = ("update",)

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        defaults.default_spec(obj["template"]["spec"])

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        return template.validate(struct(obj, "template"), "template")

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        return warnings.warnings(struct(obj, "template"), "template")

"""Kinds whose rules fit into a few lines: Lease, PriorityClass, RuntimeClass.

Source: kubernetes/pkg/apis/coordination, scheduling, node
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster import status
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata
from poblano.cluster.kinds.pods import resources
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_HIGHEST: Final = 1_000_000_000
_SYSTEM: Final = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


class Lease(Strategy):
    """Source: ValidateLease"""

    creates_on_update = True
    unconditional_update = False

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        found = checks.positive(spec, "spec", "leaseDurationSeconds")
        found += checks.nonnegative(spec, "spec", "leaseTransitions")
        if spec.get("preferredHolder") and not spec.get("strategy"):
            text = "may only be specified when `strategy` is defined"
            found.append(errors.forbidden("spec.preferredHolder", text))
        return found

    def _metadata(self, obj: Document) -> list[FieldError]:
        # It is validated by apimachinery's function, which lets finalizers without a domain pass.
        return metadata.validate(obj, namespaced=True, name_rule=self.name_errors)


class PriorityClass(Strategy):
    """Source: ValidatePriorityClass"""

    namespaced = False
    counts_generation = True
    generation_of = ()

    def admit(self, obj: Document, old: Document | None, lookup: Lookup, subresource: str = "") -> None:
        """Only one may be the default (plugin/pkg/admission/priority)."""
        if not obj.get("globalDefault"):
            return
        name = metadata.of(obj).get("name") or ""
        for one in lookup.list("scheduling.k8s.io", "priorityclasses"):
            there = one["metadata"]["name"]
            if one.get("globalDefault") and (old is None or there != name):
                why = f"PriorityClass {there} is already marked as default. Only one default can exist"
                raise status.forbidden("priorityclasses", name, why, group="scheduling.k8s.io")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        if old is not None:
            return []
        name, value = metadata.of(obj).get("name") or "", obj.get("value") or 0
        found: list[FieldError] = []
        if name.startswith("system-"):
            if _SYSTEM.get(name) != value:
                text = "priority class names with 'system-' prefix are reserved for system use only. error: "
                why = f"{name} is not a known system priority class"
                found.append(errors.forbidden("metadata.name", text + why))
        elif value > _HIGHEST:
            text = f"maximum allowed value of a user defined priority is {_HIGHEST}"
            found.append(errors.forbidden("value", text))
        policies = ("PreemptLowerPriority", "Never")
        return found + checks.known(obj.get("preemptionPolicy"), "preemptionPolicy", *policies)

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found: list[FieldError] = []
        if (obj.get("value") or 0) != (old.get("value") or 0):
            found.append(errors.forbidden("value", "may not be changed in an update."))
        if obj.get("preemptionPolicy") != old.get("preemptionPolicy"):
            policy = obj.get("preemptionPolicy")
            found.append(errors.invalid("preemptionPolicy", policy, metadata.IMMUTABLE))
        return found


class RuntimeClass(Strategy):
    """Source: ValidateRuntimeClass"""

    namespaced = False
    unconditional_update = False
    immutable = ("handler",)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        if old is not None:
            return []
        found = checks.dns_label(obj.get("handler") or "", "handler")
        for name, value in struct(obj, "overhead", "podFixed").items():
            where = f"overhead.podFixed[{name}]"
            found += resources.container_name(name, where) + resources.amount(name, value, where)
        return found

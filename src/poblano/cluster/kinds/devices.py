"""Dynamic resource allocation: claims for devices, their classes and slices.

Source: kubernetes/pkg/apis/resource/v1/defaults.go, pkg/apis/resource/validation
"""

from __future__ import annotations

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document


def _default_claim(spec: Document) -> None:
    for request in many(spec, "devices", "requests"):
        for one in (struct(request, "exactly"), *many(request, "firstAvailable")):
            if not one:
                continue
            if not one.get("allocationMode"):
                one["allocationMode"] = "ExactCount"
            if one["allocationMode"] == "ExactCount" and not one.get("count"):
                one["count"] = 1


def _claim(spec: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, request in checks.indexed(many(spec, "devices", "requests"), f"{path}.devices.requests"):
        name = request.get("name") or ""
        found += checks.dns_label(name, f"{where}.name") if name else [errors.required(f"{where}.name")]
        if name in seen:
            found.append(errors.duplicate(f"{where}.name", name))
        seen.add(name)
        given = [key for key in ("exactly", "firstAvailable") if request.get(key)]
        if not given:
            text = "exactly one of `exactly` or `firstAvailable` is required"
            found.append(errors.required(where, text))
        elif len(given) > 1:
            text = "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set"
            found.append(errors.invalid(where, None, text))
        exact = struct(request, "exactly")
        if exact:
            found += checks.needed(exact, f"{where}.exactly", "deviceClassName")
            modes = ("All", "ExactCount")
            found += checks.known(exact.get("allocationMode"), f"{where}.exactly.allocationMode", *modes)
    return found


class ResourceClaim(Strategy):
    """Source: ValidateResourceClaim"""

    has_status = True

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        _default_claim(struct(obj, "spec"))

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        return _claim(struct(obj, "spec"), "spec") if old is None else []

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        if struct(obj, "spec") == struct(old, "spec"):
            return []
        return [errors.invalid("spec", struct(obj, "spec"), metadata.IMMUTABLE)]


class ResourceClaimTemplate(Strategy):
    """Source: ValidateResourceClaimTemplate"""

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        _default_claim(struct(obj, "spec", "spec"))

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        return _claim(struct(obj, "spec", "spec"), "spec.spec") if old is None else []

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        if struct(obj, "spec") == struct(old, "spec"):
            return []
        return [errors.invalid("spec", struct(obj, "spec"), metadata.IMMUTABLE)]


class DeviceClass(Strategy):
    """Source: ValidateDeviceClass"""

    namespaced = False
    counts_generation = True


class ResourceSlice(Strategy):
    """Source: ValidateResourceSlice"""

    namespaced = False
    counts_generation = True
    immutable = ("spec.driver", "spec.pool.name", "spec.nodeName")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        found = checks.needed(spec, "spec", "driver")
        return found + checks.needed(struct(spec, "pool"), "spec.pool", "name")

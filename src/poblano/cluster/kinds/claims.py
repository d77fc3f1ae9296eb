"""PersistentVolumeClaim and PersistentVolume.

Source: ValidatePersistentVolumeClaim, ValidatePersistentVolume in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata, quantity
from poblano.cluster.kinds.claim_spec import access_modes, claim_spec, storage
from poblano.cluster.kinds.pods import limits, scheduling, volumes
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_DEFAULT_CLASS: Final = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_BETA_CLASS: Final = "volume.beta.kubernetes.io/storage-class"
_NOT_SOURCES: Final = frozenset({"capacity", "claimRef", "nodeAffinity"})
_FIXED: Final = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
)


def protect(obj: Document, finalizer: str) -> None:
    """Adds the finalizer that keeps a volume while it is used (StorageObjectInUseProtection)."""
    meta = obj.setdefault("metadata", {})
    if finalizer not in many(meta, "finalizers"):
        meta["finalizers"] = [*many(meta, "finalizers"), finalizer]


class PersistentVolumeClaim(Strategy):
    """Source: kubernetes/pkg/registry/core/persistentvolumeclaim/strategy.go"""

    has_status = True
    update_checks = ("create", "update")

    def admit(self, obj: Document, old: Document | None, lookup: Lookup, subresource: str = "") -> None:
        if old is not None or subresource:
            return
        protect(obj, "kubernetes.io/pvc-protection")
        if obj["spec"].get("storageClassName") is None and _BETA_CLASS not in struct(obj, "metadata", "annotations"):
            chosen = [one for one in lookup.list("storage.k8s.io", "storageclasses") if _is_default(one)]
            newest = max(chosen, key=_newest, default=None)
            if newest is not None:
                obj["spec"]["storageClassName"] = newest["metadata"]["name"]

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        super().prepare_for_create(obj, lookup)
        self.admit(obj, None, lookup)
        limits.check_claim(obj, lookup)
        obj["status"] = {"phase": "Pending"}

    def prepare_for_update(self, obj: Document, old: Document, lookup: Lookup) -> None:
        super().prepare_for_update(obj, old, lookup)
        if struct(obj, "spec").get("resources") != struct(old, "spec").get("resources"):
            limits.check_claim(obj, lookup)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        return claim_spec(struct(obj, "spec"), "spec")

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found = self.validate_content(obj, old)
        spec, was = struct(obj, "spec"), struct(old, "spec")
        if _fixed(spec, obj) != _fixed(was, obj):
            found.append(errors.forbidden("spec", _FIXED))
        new, before = (quantity.number(struct(one, "resources", "requests").get("storage", 0)) for one in (spec, was))
        if new < before and new <= quantity.number(struct(old, "status", "capacity").get("storage", 0)):
            path = "spec.resources.requests.storage"
            found.append(errors.forbidden(path, "field can not be less than status.capacity"))
        if spec.get("volumeMode") != was.get("volumeMode"):
            found.append(errors.invalid("volumeMode", spec.get("volumeMode"), metadata.IMMUTABLE))
        return found


def _is_default(storage_class: Document) -> bool:
    annotations = struct(storage_class, "metadata", "annotations")
    return any(annotations.get(key) == "true" for key in _DEFAULT_CLASS)


def _newest(storage_class: Document) -> tuple[str, str]:
    meta = struct(storage_class, "metadata")
    return meta.get("creationTimestamp") or "", meta.get("name") or ""


def _fixed(spec: Document, obj: Document) -> Document:
    """What of a claim's spec may not change: all but its class of attributes, its first volume, and its size once bound."""
    kept = {key: value for key, value in spec.items() if key not in {"volumeAttributesClassName", "volumeName"}}
    if struct(obj, "status").get("phase") == "Bound":
        requests = {key: value for key, value in struct(spec, "resources", "requests").items() if key != "storage"}
        kept["resources"] = {**struct(spec, "resources"), "requests": requests}
    return kept


class PersistentVolume(Strategy):
    """Source: kubernetes/pkg/registry/core/persistentvolume/strategy.go"""

    namespaced = False
    has_status = True
    update_checks = ("create",)

    def admit(self, obj: Document, old: Document | None, lookup: Lookup, subresource: str = "") -> None:
        if old is None and not subresource:
            protect(obj, "kubernetes.io/pv-protection")

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        super().prepare_for_create(obj, lookup)
        self.admit(obj, None, lookup)
        obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": lookup.now()}

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        modes, capacity = many(spec, "accessModes"), struct(spec, "capacity")
        found = [] if modes else [errors.required("spec.accessModes")]
        found += access_modes(modes, "spec.accessModes")
        if not capacity:
            found.append(errors.required("spec.capacity"))
        if set(capacity) != {"storage"}:
            found.append(errors.not_supported("spec.capacity", capacity, ("storage",)))
        else:
            found += storage(capacity, "spec.capacity[storage]")
        policies = ("Delete", "Recycle", "Retain")
        found += checks.known(
            spec.get("persistentVolumeReclaimPolicy"), "spec.persistentVolumeReclaimPolicy", *policies
        )
        required = struct(spec, "nodeAffinity").get("required")
        if required is not None:
            found += scheduling.node_selector(required, "spec.nodeAffinity.required")
        found += volumes.source(_source(spec), "spec")
        if spec.get("storageClassName"):
            found += checks.dns_subdomain(spec["storageClassName"], "spec.storageClassName")
        return found + checks.known(spec.get("volumeMode"), "spec.volumeMode", "Block", "Filesystem")

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found = self.validate_content(obj, old)
        spec, was = struct(obj, "spec"), struct(old, "spec")
        if _source(spec) != _source(was):
            text = "spec.persistentvolumesource is immutable after creation\n"
            found.append(errors.forbidden("spec.persistentvolumesource", text))
        if spec.get("volumeMode") != was.get("volumeMode"):
            found.append(errors.invalid("volumeMode", spec.get("volumeMode"), metadata.IMMUTABLE))
        return found


def _source(spec: Document) -> Document:
    return {key: value for key, value in spec.items() if isinstance(value, dict) and key not in _NOT_SOURCES}

"""StorageClass and the kinds around CSI drivers.

Source: kubernetes/pkg/apis/storage/validation
"""

from __future__ import annotations

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata, names
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_RECLAIM = ("Delete", "Retain")
_BINDING = ("Immediate", "WaitForFirstConsumer")


class StorageClass(Strategy):
    """Source: ValidateStorageClass"""

    namespaced = False

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found = _provisioner(obj.get("provisioner") or "", "provisioner")
        found += _parameters(struct(obj, "parameters"), "parameters", required=False)
        found += checks.known(obj.get("reclaimPolicy"), "reclaimPolicy", *_RECLAIM)
        mode = obj.get("volumeBindingMode")
        if mode is None:
            return [*found, errors.required("volumeBindingMode")]
        return found + checks.known(mode, "volumeBindingMode", *_BINDING)

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found: list[FieldError] = []
        for key in ("parameters", "provisioner", "reclaimPolicy"):
            if (obj.get(key) or None) != (old.get(key) or None):
                found.append(errors.forbidden(key, f"updates to {key} are forbidden."))
        if obj.get("volumeBindingMode") != old.get("volumeBindingMode"):
            mode = obj.get("volumeBindingMode")
            found.append(errors.invalid("volumeBindingMode", mode, metadata.IMMUTABLE))
        return found


def _provisioner(name: str, path: str) -> list[FieldError]:
    if not name:
        return [errors.required(path, name)]
    return checks.complaints(path, name, names.qualified(name.lower()))


def _parameters(given: Document, path: str, *, required: bool) -> list[FieldError]:
    if required and not given:
        return [errors.required(path, "must contain at least one key/value pair")]
    found: list[FieldError] = []
    if len(given) > 512:
        found.append(errors.too_long("Provisioner Parameters Length", 512))
    if any(not key for key in given):
        found.append(errors.invalid(path, "", "field can not be empty."))
    size = sum(len(key) + len(value or "") for key, value in given.items())
    return found if size <= 256 * 1024 else [*found, errors.too_long(path, 256 * 1024)]


class VolumeAttributesClass(Strategy):
    """Source: ValidateVolumeAttributesClass"""

    namespaced = False

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found = _provisioner(obj.get("driverName") or "", "driverName")
        return found + _parameters(struct(obj, "parameters"), "parameters", required=True)

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        return [
            errors.forbidden(key, f"updates to {key} are forbidden.")
            for key in ("driverName", "parameters")
            if (obj.get(key) or None) != (old.get(key) or None)
        ]


class CSIDriver(Strategy):
    """Source: ValidateCSIDriver"""

    namespaced = False
    counts_generation = True
    unconditional_update = False

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        found = [] if old else _driver_name(metadata.of(obj).get("name") or "", "metadata.name")
        policy, allowed = spec.get("fsGroupPolicy"), ("File", "None", "ReadWriteOnceWithFSType")
        found += checks.known(policy, "spec.fsGroupPolicy", *allowed)
        for mode in many(spec, "volumeLifecycleModes"):
            found += checks.known(mode, "spec.volumeLifecycleModes", "Ephemeral", "Persistent")
        return found

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found = self.validate_content(obj, old)
        for key in ("attachRequired", "fsGroupPolicy", "volumeLifecycleModes"):
            if struct(obj, "spec").get(key) != struct(old, "spec").get(key):
                value = struct(obj, "spec").get(key)
                found.append(errors.invalid(f"spec.{key}", value, metadata.IMMUTABLE))
        return found


def _driver_name(name: str, path: str) -> list[FieldError]:
    if not name:
        return [errors.required(path)]
    found = [errors.too_long(path, 63)] if len(name) > 63 else []
    return found + checks.complaints(path, name, names.subdomain(name.lower()))


class CSINode(Strategy):
    """Source: ValidateCSINode"""

    namespaced = False
    unconditional_update = False

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found: list[FieldError] = []
        seen: set[str] = set()
        for where, driver in checks.indexed(many(obj, "spec", "drivers"), "spec.drivers"):
            name = driver.get("name") or ""
            found += _driver_name(name, f"{where}.name") + checks.needed(driver, where, "nodeID")
            if name in seen:
                found.append(errors.duplicate(f"{where}.name", name))
            seen.add(name)
        return found


class CSIStorageCapacity(Strategy):
    """Source: ValidateCSIStorageCapacity"""

    immutable = ("nodeTopology", "storageClassName")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        name = obj.get("storageClassName") or ""
        return checks.complaints("storageClassName", name, names.subdomain(name))


class VolumeAttachment(Strategy):
    """Source: ValidateVolumeAttachment"""

    namespaced = False
    has_status = True
    unconditional_update = False

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        found = _provisioner(spec.get("attacher") or "", "spec.attacher")
        source = struct(spec, "source")
        given = [key for key in ("inlineVolumeSpec", "persistentVolumeName") if source.get(key) is not None]
        if not given:
            text = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
            found.append(errors.required("spec.source", text))
        elif len(given) > 1:
            text = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
            found.append(errors.forbidden("spec.source", text))
        return found + ([] if spec.get("nodeName") else [errors.required("spec.nodeName")])

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found = self.validate_content(obj, old)
        if struct(obj, "spec") != struct(old, "spec"):
            found.append(errors.invalid("spec", struct(obj, "spec"), metadata.IMMUTABLE))
        return found

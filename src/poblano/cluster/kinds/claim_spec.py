"""What is wrong with the spec of a claim: of a PersistentVolumeClaim, or of the template of one in a Pod's volume.

Source: ValidatePersistentVolumeClaimSpec in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, quantity, selectors
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


def claim_spec(spec: Document, path: str) -> list[FieldError]:
    """What is wrong with the spec of a claim, or of the template of one."""
    modes = many(spec, "accessModes")
    found = [] if modes else [errors.required(f"{path}.accessModes", "at least 1 access mode is required")]
    found += selectors.validate(spec.get("selector"), f"{path}.selector") + access_modes(modes, f"{path}.accessModes")
    found += storage(struct(spec, "resources", "requests"), f"{path}.resources[storage]")
    for key in ("storageClassName", "volumeAttributesClassName"):
        if spec.get(key):
            found += checks.dns_subdomain(spec[key], f"{path}.{key}")
    return found + checks.known(spec.get("volumeMode"), f"{path}.volumeMode", "Block", "Filesystem")


def access_modes(modes: list[str], path: str) -> list[FieldError]:
    """What is wrong with access modes: unknown ones, or a company for the one that wants none."""
    found = [errors.not_supported(path, mode, _MODES) for mode in modes if mode not in _MODES]
    if "ReadWriteOncePod" in modes and len(set(modes)) > 1:
        text = "may not use ReadWriteOncePod with other access modes"
        found.append(errors.forbidden(path, text))
    return found


def storage(amounts: Document, path: str) -> list[FieldError]:
    """What is wrong with the amount of storage: none, or nothing."""
    if "storage" not in amounts:
        return [errors.required(path)]
    if quantity.number(amounts["storage"]) > 0:
        return []
    return [errors.invalid(path, str(amounts["storage"]), "must be greater than zero")]

"""Where a container mounts its volumes.

Source: ValidateVolumeMounts, ValidateVolumeDevices in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from collections.abc import Mapping

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks
from poblano.cluster.kinds.pods import paths
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document


def validate(container: Document, volumes: Mapping[str, Document], path: str) -> list[FieldError]:
    """What is wrong with ``volumeMounts`` and ``volumeDevices``; `volumes` are the Pod's, by name."""
    mounts, devices = many(container, "volumeMounts"), many(container, "volumeDevices")
    return [
        *_mounts(mounts, devices, container, volumes, f"{path}.volumeMounts"),
        *_devices(devices, mounts, volumes, f"{path}.volumeDevices"),
    ]


def _mounts(
    mounts: list[Document], devices: list[Document], container: Document, volumes: Mapping[str, Document], path: str
) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, mount in checks.indexed(mounts, path):
        name, point = mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            found.append(errors.required(f"{where}.name"))
        if name not in volumes:
            found.append(errors.not_found(f"{where}.name", name))
        if not point:
            found.append(errors.required(f"{where}.mountPath"))
        if point in seen:
            found.append(errors.invalid(f"{where}.mountPath", point, "must be unique"))
        seen.add(point)
        if name in {device.get("name") for device in devices}:
            found.append(errors.invalid(f"{where}.name", name, "must not already exist in volumeDevices"))
        if point in {device.get("devicePath") for device in devices}:
            text = "must not already exist as a path in volumeDevices"
            found.append(errors.invalid(f"{where}.mountPath", point, text))
        found += _details(mount, container, where, path)
    return found


def _details(mount: Document, container: Document, where: str, path: str) -> list[FieldError]:
    sub, expression = mount.get("subPath") or "", mount.get("subPathExpr") or ""
    found = paths.descending(sub, f"{path}.subPath") if sub else []
    if expression:
        if sub:
            text = "subPathExpr and subPath are mutually exclusive"
            found.append(errors.invalid(f"{where}.subPathExpr", expression, text))
        found += paths.descending(expression, f"{path}.subPathExpr")
    propagation = mount.get("mountPropagation")
    if propagation == "Bidirectional" and not struct(container, "securityContext").get("privileged"):
        text = "Bidirectional mount propagation is available only to privileged containers"
        found.append(errors.forbidden(f"{path}.mountPropagation", text))
    allowed = ("Bidirectional", "HostToContainer", "None")
    found += checks.known(propagation, f"{path}.mountPropagation", *allowed)
    return [*found, *_recursive(mount, f"{path}.recursiveReadOnly")]


def _recursive(mount: Document, path: str) -> list[FieldError]:
    value = mount.get("recursiveReadOnly")
    if value in (None, "Disabled"):
        return []
    if value not in {"Enabled", "IfPossible"}:
        return [errors.not_supported(path, value, ("Disabled", "IfPossible", "Enabled"))]
    found: list[FieldError] = []
    if not mount.get("readOnly"):
        found.append(errors.forbidden(path, "may only be specified when readOnly is true"))
    if mount.get("mountPropagation") not in (None, "None"):
        text = "may only be specified when mountPropagation is None or not specified"
        found.append(errors.forbidden(path, text))
    return found


def _devices(
    devices: list[Document], mounts: list[Document], volumes: Mapping[str, Document], path: str
) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, device in checks.indexed(devices, path):
        name, point = device.get("name") or "", device.get("devicePath") or ""
        if not name:
            found.append(errors.required(f"{where}.name"))
        if name in seen:
            found.append(errors.invalid(f"{where}.name", name, "must be unique"))
        volume = volumes.get(name)
        if volume is None:
            found.append(errors.not_found(f"{where}.name", name))
        elif not {"persistentVolumeClaim", "ephemeral"} & volume.keys():
            text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            found.append(errors.invalid(f"{where}.name", name, text))
        if not point:
            found.append(errors.required(f"{where}.devicePath"))
        if point in {mount.get("mountPath") for mount in mounts}:
            text = "must not already exist as a path in volumeMounts"
            found.append(errors.invalid(f"{where}.devicePath", point, text))
        seen.add(name)
    return found

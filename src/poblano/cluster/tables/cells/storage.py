"""The cells of volumes and of what provides them.

Source: pkg/printers/internalversion/printers.go, pkg/apis/core/helper, pkg/apis/storage/util
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from poblano.cluster.tables.cells.fields import age, at, deleting, many, mapping, name, text
from poblano.cluster.tables.cells.phrases import NONE, UNSET
from poblano.core.jsonvalue import Document

_MODES: Final = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
_DEFAULT_STORAGE: Final = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_DEFAULT_ATTRIBUTES: Final = ("volumeattributesclass.alpha.kubernetes.io/is-default-class",)


def persistent_volume(one: Document, now: datetime) -> list[Any]:
    """Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, Age, VolumeMode."""
    claim = at(one, "spec", "claimRef")
    return [
        name(one),
        text(one, "spec", "capacity", "storage") or "0",
        _modes(many(one, "spec", "accessModes")),
        text(one, "spec", "persistentVolumeReclaimPolicy"),
        _phase(one),
        "" if claim is None else f"{text(claim, 'namespace')}/{text(claim, 'name')}",
        _class(one),
        _set(at(one, "spec", "volumeAttributesClassName")),
        text(one, "status", "reason"),
        age(one, now),
        _set(at(one, "spec", "volumeMode")),
    ]


def persistent_volume_claim(one: Document, now: datetime) -> list[Any]:
    """Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, VolumeMode."""
    volume, capacity, modes = text(one, "spec", "volumeName"), "", ""
    if volume:
        capacity = text(one, "status", "capacity", "storage") or "0"
        modes = _modes(many(one, "status", "accessModes"))
    attributes, mode = (_set(at(one, "spec", key)) for key in ("volumeAttributesClassName", "volumeMode"))
    return [name(one), _phase(one), volume, capacity, modes, _class(one), attributes, age(one, now), mode]


def _modes(modes: list[Any]) -> str:
    return ",".join(short for mode, short in _MODES.items() if mode in modes)


def _phase(one: Document) -> str:
    return "Terminating" if deleting(one) else text(one, "status", "phase")


def _class(one: Document) -> str:
    annotated = at(one, "metadata", "annotations", _CLASS_ANNOTATION)
    return text(one, "spec", "storageClassName") if annotated is None else str(annotated)


def _set(value: Any) -> str:
    return UNSET if value is None else str(value)


def storage_class(one: Document, now: datetime) -> list[Any]:
    """Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age."""
    return [
        _marked(one, _DEFAULT_STORAGE),
        text(one, "provisioner"),
        text(one, "reclaimPolicy") or "Delete",
        text(one, "volumeBindingMode") or "Immediate",
        at(one, "allowVolumeExpansion") is True,
        age(one, now),
    ]


def volume_attributes_class(one: Document, now: datetime) -> list[Any]:
    """Name, DriverName, Age."""
    return [_marked(one, _DEFAULT_ATTRIBUTES), text(one, "driverName"), age(one, now)]


def _marked(one: Document, annotations: tuple[str, ...]) -> str:
    found = mapping(one, "metadata", "annotations")
    return name(one) + " (default)" * any(found.get(key) == "true" for key in annotations)


def volume_attachment(one: Document, now: datetime) -> list[Any]:
    """Name, Attacher, PV, Node, Attached, Age."""
    volume, node = text(one, "spec", "source", "persistentVolumeName"), text(one, "spec", "nodeName")
    attached = at(one, "status", "attached") is True
    return [name(one), text(one, "spec", "attacher"), volume, node, attached, age(one, now)]


def csi_driver(one: Document, now: datetime) -> list[Any]:
    """Name, AttachRequired, PodInfoOnMount, StorageCapacity, TokenRequests, RequiresRepublish, Modes, Age."""
    requests = at(one, "spec", "tokenRequests")
    audiences = ",".join(text(it, "audience") for it in many(one, "spec", "tokenRequests"))
    return [
        name(one),
        at(one, "spec", "attachRequired") is not False,
        at(one, "spec", "podInfoOnMount") is True,
        at(one, "spec", "storageCapacity") is True,
        UNSET if requests is None else audiences,
        at(one, "spec", "requiresRepublish") is True,
        ",".join(map(str, many(one, "spec", "volumeLifecycleModes"))) or NONE,
        age(one, now),
    ]


def csi_node(one: Document, now: datetime) -> list[Any]:
    """Name, Drivers, Age."""
    return [name(one), len(many(one, "spec", "drivers")), age(one, now)]

"""What is wrong with the volumes of a Pod.

Source: ValidateVolumes in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, quantity
from poblano.cluster.kinds.claim_spec import claim_spec
from poblano.cluster.kinds.pods import env, paths
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_MODE: Final = "must be a number between 0 and 0777 (octal), both inclusive"
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "awsElasticBlockStore": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "azureFile": ("secretName", "shareName"),
    "cephfs": ("monitors",),
    "cinder": ("volumeID",),
    "csi": ("driver",),
    "flexVolume": ("driver",),
    "gcePersistentDisk": ("pdName",),
    "gitRepo": ("repository",),
    "glusterfs": ("endpoints", "path"),
    "hostPath": ("path",),
    "image": ("reference",),
    "iscsi": ("targetPortal", "iqn"),
    "nfs": ("server", "path"),
    "persistentVolumeClaim": ("claimName",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "rbd": ("monitors", "image"),
    "vsphereVolume": ("volumePath",),
}
_HOST_PATHS: Final = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)


def validate(volumes: list[Any], path: str) -> tuple[dict[str, Document], list[FieldError]]:
    """The usable volumes by name, and what is wrong."""
    known: dict[str, Document] = {}
    found: list[FieldError] = []
    for where, volume in checks.indexed(volumes, path):
        name = volume.get("name") or ""
        wrong = source(volume, where)
        if not name:
            wrong.append(errors.required(f"{where}.name"))
        else:
            wrong += checks.dns_label(name, f"{where}.name")
        if name in known:
            wrong.append(errors.duplicate(f"{where}.name", name))
        if not wrong:
            known[name] = volume
        found += wrong
    return known, found


def source(volume: Document, path: str) -> list[FieldError]:
    """What is wrong with what is behind a volume: of a Pod, or of a PersistentVolume."""
    given = [key for key, value in volume.items() if key != "name" and isinstance(value, dict)]
    if not given:
        return [errors.required(path, "must specify a volume type")]
    found = [errors.forbidden(f"{path}.{key}", "may not specify more than 1 volume type") for key in given[1:]]
    return [*_one(given[0], volume[given[0]], f"{path}.{given[0]}"), *found]


def _one(kind: str, what: Document, path: str) -> list[FieldError]:
    found = checks.needed(what, path, *_NEEDED.get(kind, ()))
    check = _CHECKS.get(kind)
    return found + check(what, path) if check else found


def _empty_dir(what: Document, path: str) -> list[FieldError]:
    if quantity.number(what.get("sizeLimit", 0)) >= 0:
        return []
    return [errors.forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")]


def _host_path(what: Document, path: str) -> list[FieldError]:
    found = paths.no_backsteps(what.get("path") or "", f"{path}.path")
    return [*found, *checks.known(what.get("type"), f"{path}.type", *_HOST_PATHS)]


def _nfs(what: Document, path: str) -> list[FieldError]:
    at = what.get("path") or ""
    return [errors.invalid(f"{path}.path", at, "must be an absolute path")] if at and not at.startswith("/") else []


def _secret(what: Document, path: str) -> list[FieldError]:
    found = checks.needed(what, path, "secretName")
    return [*found, *_mode(what, "defaultMode", path), *_keys(what, path)]


def _config_map(what: Document, path: str) -> list[FieldError]:
    return [*checks.needed(what, path, "name"), *_mode(what, "defaultMode", path), *_keys(what, path)]


def _mode(what: Document, key: str, path: str) -> list[FieldError]:
    mode = what.get(key)
    fine = not isinstance(mode, int) or 0 <= mode <= 0o777
    return [] if fine else [errors.invalid(f"{path}.{key}", mode, _MODE)]


def _keys(what: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for where, item in checks.indexed(many(what, "items"), f"{path}.items"):
        found += checks.needed(item, where, "key", "path")
        if item.get("path"):
            found += paths.unreserved(item["path"], f"{where}.path")
        found += _mode(item, "mode", where)
    return found


def _downward(what: Document, path: str) -> list[FieldError]:
    found = _mode(what, "defaultMode", path)
    for where, item in checks.indexed(many(what, "items"), f"{path}.items"):
        found += checks.needed(item, where, "path")
        if item.get("path"):
            found += paths.unreserved(item["path"], f"{where}.path")
        found += _downward_source(item, where) + _mode(item, "mode", where)
    return found


def _downward_source(item: Document, path: str) -> list[FieldError]:
    field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
    if field is not None:
        found = env.field_reference(field, f"{path}.fieldRef", env.VOLUME_FIELDS)
        if resource is not None:
            text = "fieldRef and resourceFieldRef can not be specified simultaneously"
            found.append(errors.invalid(path, "resource", text))
        return found
    if resource is not None:
        return env.resource_reference(resource, f"{path}.resourceFieldRef", volume=True)
    return [errors.required(f"{path}.fieldRef", "one of fieldRef and resourceFieldRef is required")]


def _projected(what: Document, path: str) -> list[FieldError]:
    found = _mode(what, "defaultMode", path)
    for where, projection in checks.indexed(many(what, "sources"), f"{path}.sources"):
        given = [key for key, value in projection.items() if isinstance(value, dict)]
        found += [errors.forbidden(f"{where}.{key}", "may not specify more than 1 volume type") for key in given[1:]]
        if given:
            found += _projection(given[0], projection[given[0]], f"{where}.{given[0]}")
    return found


def _projection(kind: str, what: Document, path: str) -> list[FieldError]:
    match kind:
        case "secret" | "configMap":
            return [*checks.needed(what, path, "name"), *_keys(what, path)]
        case "downwardAPI":
            return _downward(what, path)
        case "serviceAccountToken":
            return _token(what, path)
        case _:
            return []


def _token(what: Document, path: str) -> list[FieldError]:
    seconds = what.get("expirationSeconds")
    found: list[FieldError] = []
    if isinstance(seconds, int) and seconds < 600:
        text = "may not specify a duration less than 10 minutes"
        found.append(errors.invalid(f"{path}.expirationSeconds", seconds, text))
    elif isinstance(seconds, int) and seconds > 1 << 32:
        text = "may not specify a duration larger than 2^32 seconds"
        found.append(errors.invalid(f"{path}.expirationSeconds", seconds, text))
    if not what.get("path"):
        return [*found, errors.required(f"{path}.path")]
    return [*found, *paths.unreserved(what["path"], f"{path}.path")]


def _ephemeral(what: Document, path: str) -> list[FieldError]:
    if what.get("volumeClaimTemplate") is None:
        return [errors.required(f"{path}.volumeClaimTemplate")]
    template = f"{path}.volumeClaimTemplate"
    return claim_spec(struct(what, "volumeClaimTemplate", "spec"), f"{template}.spec")


_CHECKS: Final[Mapping[str, Callable[[Document, str], list[FieldError]]]] = {
    "configMap": _config_map,
    "downwardAPI": _downward,
    "emptyDir": _empty_dir,
    "ephemeral": _ephemeral,
    "hostPath": _host_path,
    "nfs": _nfs,
    "projected": _projected,
    "secret": _secret,
}

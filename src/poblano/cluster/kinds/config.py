"""ConfigMap, Secret and ServiceAccount.

Source: kubernetes/pkg/apis/core/validation, pkg/registry/core
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata, names
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import struct
from poblano.core.jsonvalue import Document

_LIMIT: Final = 1024 * 1024
_FIXED: Final = "field is immutable when `immutable` is set"
_NEEDED: Final = {
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_DOCKER: Final = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}
_ACCOUNT: Final = "kubernetes.io/service-account.name"


def _keys(data: Document, path: str) -> list[FieldError]:
    return [error for key in data for error in checks.complaints(f"{path}[{key}]", key, names.config_key(key))]


def _frozen(obj: Document, old: Document, *fields: str) -> list[FieldError]:
    """What changed although the old object said that nothing will."""
    if not old.get("immutable"):
        return []
    found = [] if obj.get("immutable") else [errors.forbidden("immutable", _FIXED)]
    return found + [errors.forbidden(key, _FIXED) for key in fields if struct(obj, key) != struct(old, key)]


class ConfigMap(Strategy):
    """Source: ValidateConfigMap, ValidateConfigMapUpdate"""

    update_checks = ("update", "create")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        data, binary = struct(obj, "data"), struct(obj, "binaryData")
        found: list[FieldError] = []
        for key in data:
            where = f"data[{key}]"
            found += checks.complaints(where, key, names.config_key(key))
            if key in binary:
                found.append(errors.invalid(where, key, "duplicate of key present in binaryData"))
        found += _keys(binary, "binaryData")
        size = sum(len((text or "").encode()) for text in data.values())
        size += sum(_decoded_size(text) for text in binary.values())
        return [*found, errors.too_long("[]", _LIMIT)] if size > _LIMIT else found

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        return [*_frozen(obj, old, "data", "binaryData"), *self.validate_content(obj, old)]


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        return b""


def _decoded_size(text: Any) -> int:
    return len(_decoded(text))


class Secret(Strategy):
    """Source: ValidateSecret, ValidateSecretUpdate"""

    update_checks = ("update", "create")
    immutable = ("type",)

    def default(self, obj: Document, version: str = "") -> None:
        # stringData is write-only: it wins over data (Convert_v1_Secret_To_core_Secret).
        for key, text in struct(obj, "stringData").items():
            encoded = base64.b64encode(str(text or "").encode()).decode()
            obj["data"] = {**struct(obj, "data"), key: encoded}
        obj.pop("stringData", None)
        super().default(obj, version)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        data = struct(obj, "data")
        found = _keys(data, "data")
        if sum(_decoded_size(text) for text in data.values()) > _LIMIT:
            found.append(errors.too_long("data", _LIMIT))
        return found + _by_type(obj, data)

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found: list[FieldError] = []
        if obj.get("type") != old.get("type"):
            found.append(errors.invalid("type", obj.get("type") or "", metadata.IMMUTABLE))
        return [*found, *_frozen(obj, old, "data"), *self.validate_content(obj, old)]


def _by_type(obj: Document, data: Document) -> list[FieldError]:
    kind = obj.get("type") or ""
    found = [errors.required(f"data[{key}]") for key in _NEEDED.get(kind, ()) if key not in data]
    if kind in _DOCKER:
        found += _docker(data, _DOCKER[kind])
    elif kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        found += [errors.required("data[username]"), errors.required("data[password]")]
    elif kind == "kubernetes.io/service-account-token" and not struct(obj, "metadata", "annotations").get(_ACCOUNT):
        found.append(errors.required(f"metadata.annotations[{_ACCOUNT}]"))
    return found


def _docker(data: Document, key: str) -> list[FieldError]:
    if key not in data:
        return [errors.required(f"data[{key}]")]
    try:
        fine = isinstance(json.loads(_decoded(data[key])), dict)
        text = "json: cannot unmarshal into Go value of type map[string]interface {}"
    except ValueError:
        fine, text = False, "unexpected end of JSON input"
    return [] if fine else [errors.invalid(f"data[{key}]", "<secret contents redacted>", text)]


class ServiceAccount(Strategy):
    """Source: kubernetes/pkg/registry/core/serviceaccount/strategy.go"""

    update_checks = ("update", "create")

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        key = "kubernetes.io/enforce-mountable-secrets"
        if key in struct(obj, "metadata", "annotations") and key not in struct(old, "metadata", "annotations"):
            text = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
            return [f"metadata.annotations[{key}]: {text}"]
        return []

"""What a schema may say of the kind of its lists and maps.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
"""

from __future__ import annotations

from typing import Any

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.schema import Node


def validate_list_types(node: Node, path: str) -> list[FieldError]:
    """What is wrong with x-kubernetes-map-type, -list-type and -list-map-keys of a node."""
    found = _kind(node, path, "x-kubernetes-map-type", "object", ("atomic", "granular"))
    found += _kind(node, path, "x-kubernetes-list-type", "array", ("atomic", "set", "map"))
    kind = node.get("x-kubernetes-list-type")
    keys: list[str] = node.get("x-kubernetes-list-map-keys") or []
    if keys and kind != "map":
        where, detail = f"{path}.x-kubernetes-list-type", "must be map if x-kubernetes-list-map-keys is non-empty"
        found.append(errors.required(where, detail) if kind is None else errors.invalid(where, kind, detail))
    items: Any = node.get("items")
    if kind == "set" and items.__class__ is dict and node.get("type") == "array":
        found += _atomic_items(items, path)
    if kind == "map":
        found += _map_keys(items if items.__class__ is dict else None, keys, path)
    if kind in ("set", "map") and items.__class__ is dict:
        found += _identified(items, keys, str(kind), path)
    return found


def _kind(node: Node, path: str, key: str, wanted: str, known: tuple[str, ...]) -> list[FieldError]:
    given, kind = node.get(key), node.get("type")
    if given is None:
        return []
    found: list[FieldError] = []
    if kind != wanted:
        detail = f"must be {wanted} if {key} is specified"
        where = f"{path}.type"
        found.append(errors.invalid(where, kind, detail) if kind else errors.required(where, detail))
    if given not in known:
        found.append(errors.not_supported(f"{path}.{key}", given, known))
    return found


def _atomic_items(items: Node, path: str) -> list[FieldError]:
    detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
    if items.get("type") == "array" and items.get("x-kubernetes-list-type") not in (None, "atomic"):
        return [errors.invalid(f"{path}.items.x-kubernetes-list-type", items["x-kubernetes-list-type"], detail)]
    if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        return [errors.invalid(f"{path}.items.x-kubernetes-map-type", items.get("x-kubernetes-list-type"), detail)]
    return []


def _map_keys(items: Node | None, keys: list[str], path: str) -> list[FieldError]:
    found: list[FieldError] = []
    where = f"{path}.x-kubernetes-list-map-keys"
    if not keys:
        found.append(errors.required(where, "must not be empty if x-kubernetes-list-type is map"))
    if items is None:
        found.append(errors.required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map"))
    if items is None:
        return found
    if items.get("type") != "object":
        detail = "must be object if parent array's x-kubernetes-list-type is map"
        return [*found, errors.invalid(f"{path}.items.type", items.get("type") or "", detail)]
    properties: dict[str, Node] = items.get("properties") or {}
    for at, key in enumerate(keys):
        if key not in properties:
            found.append(errors.invalid(where, keys, "entries must all be names of item properties"))
        elif properties[key].get("type") in ("array", "object"):
            detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            found.append(errors.invalid(f"{path}.items.properties[{key}].type", items["type"], detail))
        if key in keys[:at]:
            found.append(errors.invalid(where, keys, "must not contain duplicate entries"))
    return found


def _identified(items: Node, keys: list[str], kind: str, path: str) -> list[FieldError]:
    """Items have to be there, and so have the keys that tell them apart."""
    found: list[FieldError] = []
    if items.get("nullable") is True:
        detail = f"cannot be nullable when x-kubernetes-list-type is {kind}"
        found.append(errors.forbidden(f"{path}.items.nullable", detail))
    if kind == "set":
        return found
    properties: dict[str, Node] = items.get("properties") or {}
    for key in keys:
        inner = properties.get(key)
        if inner is None:
            continue
        where = f"{path}.items.properties[{key}]"
        about = "this property is in x-kubernetes-list-map-keys, so it"
        if key not in (items.get("required") or ()) and inner.get("default") is None:
            found.append(errors.required(f"{where}.default", f"{about} must have a default or be a required property"))
        if inner.get("nullable") is True:
            found.append(errors.forbidden(f"{where}.nullable", f"{about} cannot be nullable"))
    return found

"""The scale subresource: where the numbers are, and what is wrong with them.

Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource/validator.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.custom.jsonpath import dotted
from poblano.cluster.field_errors import FieldError
from poblano.core.jsonvalue import Document

_LARGEST: Final = 2**31 - 1
_GO_TYPES: Final = {
    str: "string",
    bool: "bool",
    int: "int64",
    float: "float64",
    list: "[]interface {}",
    dict: "map[string]interface {}",
    type(None): "<nil>",
}


def validate_scale(document: Document, scale: Document | None) -> list[FieldError]:
    """What is wrong with the numbers of replicas, and with the selector.

    >>> scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    >>> [str(one) for one in validate_scale({"spec": {"replicas": -1}}, scale)]
    ['.spec.replicas: Invalid value: -1: should be a non-negative integer']
    """
    if scale is None:
        return []
    found = _replicas(document, scale["specReplicasPath"])
    if scale.get("labelSelectorPath"):
        _, wrong = _at(document, scale["labelSelectorPath"], str, "string")
        if wrong:
            found.append(errors.invalid(scale["labelSelectorPath"], "", wrong))
    return found + _replicas(document, scale["statusReplicasPath"])


def _replicas(document: Document, path: str) -> list[FieldError]:
    replicas, wrong = _at(document, path, int, "int64")
    if wrong:
        return [errors.invalid(path, 0, wrong)]
    if (replicas or 0) < 0:
        return [errors.invalid(path, replicas, "should be a non-negative integer")]
    if (replicas or 0) > _LARGEST:
        return [errors.invalid(path, replicas, f"should be less than or equal to {_LARGEST}")]
    return []


def _at(document: Document, path: str, wanted: type, name: str) -> tuple[Any, str]:
    """The value at a simple path, or why there is none that could be read (unstructured.NestedInt64)."""
    value: Any = document
    parts = dotted(path)
    for at, part in enumerate(parts):
        if value is None:
            return None, ""
        if value.__class__ is not dict:
            return None, _accessor_error(parts[:at], value, "map[string]interface{}")
        if part not in value:
            return None, ""
        value = value[part]
    if value.__class__ is not wanted:
        return None, _accessor_error(parts, value, name)
    return value, ""


def _accessor_error(parts: tuple[str, ...], value: Any, wanted: str) -> str:
    shown = (
        {True: "true", False: "false", None: "<nil>"}.get(value, value)
        if value.__class__ in (bool, type(None))
        else value
    )
    kind = _GO_TYPES[value.__class__]
    return f".{'.'.join(parts)} accessor error: {shown} is of the type {kind}, expected {wanted}"

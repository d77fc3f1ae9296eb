"""What makes a schema structural.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go and complete.go
"""

from __future__ import annotations

from typing import Any, Final, Literal

from poblano.cluster import field_errors as errors
from poblano.cluster.cel.patterns import BadPattern, compiled
from poblano.cluster.field_errors import FieldError
from poblano.cluster.schema import Node

Level = Literal["root", "item", "field"]
_MUST_HAVE_TYPE: Final[dict[Level, str]] = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}
_FORBIDDEN_BELOW: Final = {
    "type": "must be empty to be structural",
    "additionalProperties": "must be undefined to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    "externalDocs": "must be undefined to be structural",
    "x-kubernetes-preserve-unknown-fields": "must be false to be structural",
    "x-kubernetes-embedded-resource": "must be false to be structural",
    "x-kubernetes-int-or-string": "must be false to be structural",
    "x-kubernetes-list-map-keys": "must be empty to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}
"""What only the structure may say, and a junctor below it may not."""
_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
_METADATA_MAY_SAY: Final = frozenset({"type", "default", "properties"})


def validate_structural(root: Node, path: str) -> list[FieldError]:
    """Why a schema is not structural; nothing if it is."""
    found = _node(root, "root", path) + _completeness(root, root, path)
    return sorted(found, key=str)


def is_set(node: Node, key: str) -> bool:
    """Whether a node says something: a false or an empty value says nothing."""
    value = node.get(key)
    return value is not None and value is not False and value not in ("", [], {})


def _node(node: Node, level: Level, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    kind, items, values = node.get("type"), node.get("items"), node.get("additionalProperties")
    if kind == "array" and items is None:
        found.append(errors.required(f"{path}.items", "must be specified"))
    if isinstance(items, dict):
        found += _node(items, "item", f"{path}.items")  # pyright: ignore[reportUnknownArgumentType]
    properties: dict[str, Node] = node.get("properties") or {}
    for key, inner in properties.items():
        found += _node(inner, "field", f"{path}.properties[{key}]")
    if values is not None:
        if level == "root":
            found.append(errors.forbidden(f"{path}.additionalProperties", "must not be used at the root"))
        if isinstance(values, dict):
            found += _node(values, "field", f"{path}.additionalProperties")  # pyright: ignore[reportUnknownArgumentType]
    found += _extensions(node, path)
    found += _value_validation(node, path, skip_any=_int_or_string(node), skip_first=_int_or_string_in_all(node))
    return found + _type(node, level, path) + _object(node, level, path)


def _extensions(node: Node, path: str) -> list[FieldError]:
    if node.get("x-kubernetes-int-or-string") is not True:
        return []
    detail = "must be false if x-kubernetes-int-or-string is true"
    keys = ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource")
    return [errors.invalid(f"{path}.{key}", True, detail) for key in keys if node.get(key) is True]


def _type(node: Node, level: Level, path: str) -> list[FieldError]:
    kind = node.get("type") or ""
    free = any(is_set(node, f"x-kubernetes-{key}") for key in ("int-or-string", "preserve-unknown-fields"))
    if is_set(node, "x-kubernetes-embedded-resource") and kind != "object":
        detail = "must be object if x-kubernetes-embedded-resource is true"
        return [errors.invalid(f"{path}.type", kind, detail) if kind else errors.required(f"{path}.type", detail)]
    if not kind and not free:
        return [errors.required(f"{path}.type", _MUST_HAVE_TYPE[level])]
    if level == "root" and kind and kind != "object":
        return [errors.invalid(f"{path}.type", kind, "must be object at the root")]
    return []


def _object(node: Node, level: Level, path: str) -> list[FieldError]:
    """What is asked of a whole object: of the root, and of what is embedded."""
    found: list[FieldError] = []
    embedded = is_set(node, "x-kubernetes-embedded-resource")
    properties: dict[str, Node] = node.get("properties") or {}
    if embedded and node.get("additionalProperties") is not None:
        detail = "must not be used if x-kubernetes-embedded-resource is set"
        found.append(errors.forbidden(f"{path}.additionalProperties", detail))
    if embedded and not is_set(node, "x-kubernetes-preserve-unknown-fields") and not properties:
        detail = (
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        )
        found.append(errors.required(f"{path}.properties", detail))
    if level != "root" and not embedded:
        return found
    for key in ("kind", "apiVersion"):
        inner = properties.get(key)
        if inner is not None and inner.get("type") != "string":
            found.append(errors.invalid(f"{path}.properties[{key}].type", inner.get("type") or "", "must be string"))
    metadata = properties.get("metadata")
    if metadata is not None:
        found += _metadata(metadata, level, f"{path}.properties[metadata]")
    return found


def _metadata(node: Node, level: Level, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    if node.get("type") != "object":
        found.append(errors.invalid(f"{path}.type", node.get("type") or "", "must be object"))
    names: dict[str, Any] = node.get("properties") or {}
    says_more = any(is_set(node, key) for key in node if key not in _METADATA_MAY_SAY) or (
        bool(names) and not set(names) <= {"name", "generateName"}
    )
    if level == "root" and says_more:
        detail = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        found.append(errors.forbidden(path, detail))
    return found


def _int_or_string(node: Node) -> bool:
    return is_set(node, "x-kubernetes-int-or-string") and node.get("anyOf") == _INT_OR_STRING


def _int_or_string_in_all(node: Node) -> bool:
    every: list[Node] = node.get("allOf") or [{}]
    return is_set(node, "x-kubernetes-int-or-string") and every[0].get("anyOf") == _INT_OR_STRING


def _value_validation(node: Node, path: str, *, skip_any: bool = False, skip_first: bool = False) -> list[FieldError]:
    found: list[FieldError] = []
    if not skip_any:
        for at, inner in enumerate(node.get("anyOf") or ()):
            found += _nested(inner, f"{path}.anyOf[{at}]")
    for at, inner in enumerate(node.get("allOf") or ()):
        found += _nested(inner, f"{path}.allOf[{at}]", skip_any=skip_first and at == 0)
    for at, inner in enumerate(node.get("oneOf") or ()):
        found += _nested(inner, f"{path}.oneOf[{at}]")
    if node.get("not") is not None:
        found += _nested(node["not"], f"{path}.not")
    if node.get("pattern"):
        try:
            compiled(node["pattern"])
        except BadPattern as wrong:
            detail = f"must be a valid regular expression, but isn't: {wrong}"
            found.append(errors.invalid(f"{path}.pattern", node["pattern"], detail))
    return found


def _nested(node: Node, path: str, *, skip_any: bool = False) -> list[FieldError]:
    found = _value_validation(node, path, skip_any=skip_any)
    items = node.get("items")
    properties: dict[str, Node] = node.get("properties") or {}
    if isinstance(items, dict):
        found += _nested(items, f"{path}.items")  # pyright: ignore[reportUnknownArgumentType]
    for key, inner in properties.items():
        found += _nested(inner, f"{path}.properties[{key}]")
    for key, detail in _FORBIDDEN_BELOW.items():
        if is_set(node, key) or (key in ("default", "additionalProperties") and node.get(key) is not None):
            found.append(errors.forbidden(f"{path}.{key}", detail))
    if "metadata" in properties:
        detail = "must not be specified in a nested context"
        found.append(errors.forbidden(f"{path}.properties[metadata]", detail))
    return found


# ---- completeness: what a junctor speaks of has to be in the structure


def _completeness(node: Node, structure: Node, path: str) -> list[FieldError]:
    found = _junctors_complete(node, structure, path, node)
    items, values = node.get("items"), node.get("additionalProperties")
    if isinstance(items, dict):
        found += _completeness(items, items, f"{path}.items")  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(values, dict):
        found += _completeness(values, values, f"{path}.additionalProperties")  # pyright: ignore[reportUnknownArgumentType]
    properties: dict[str, Node] = node.get("properties") or {}
    for key, inner in properties.items():
        found += _completeness(inner, inner, f"{path}.properties[{key}]")
    return found


def _junctors_complete(node: Node, structure: Node, path: str, owner: Node) -> list[FieldError]:
    found: list[FieldError] = []
    for key in ("allOf", "anyOf", "oneOf"):
        for at, inner in enumerate(node.get(key) or ()):
            found += _covered(inner, structure, f"{path}.{key}[{at}]", path)
    if node.get("not") is not None:
        found += _covered(node["not"], structure, f"{path}.not", path)
    return found


def _covered(node: Node, structure: Node, path: str, base: str) -> list[FieldError]:
    found: list[FieldError] = []
    items = node.get("items")
    inside: Any = structure.get("items")
    if isinstance(items, dict):
        if inside is None:
            found.append(errors.required(f"{base}.items", f"because it is defined in {path}.items"))
        else:
            found += _covered(items, inside, f"{path}.items", f"{base}.items")  # pyright: ignore[reportUnknownArgumentType]
    properties: dict[str, Node] = node.get("properties") or {}
    known: dict[str, Node] = structure.get("properties") or {}
    for key, inner in properties.items():
        where = f"{path}.properties[{key}]"
        if key not in known:
            found.append(errors.required(f"{base}.properties[{key}]", f"because it is defined in {where}"))
        else:
            found += _covered(inner, known[key], where, f"{base}.properties[{key}]")
    for key in ("allOf", "anyOf", "oneOf"):
        for at, inner in enumerate(node.get(key) or ()):
            found += _covered(inner, structure, f"{path}.{key}[{at}]", base)
    if node.get("not") is not None:
        found += _covered(node["not"], structure, f"{path}.not", base)
    return found

"""What the schemas of a definition may say.

Source: ValidateCustomResourceDefinitionOpenAPISchema in
k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.custom import default_checks, list_checks, rule_checks
from poblano.cluster.custom.structural import is_set, validate_structural
from poblano.cluster.field_errors import FieldError
from poblano.cluster.schema import Node

TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
_METADATA: Final = frozenset({"metadata", "kind", "apiVersion"})
_UNSUPPORTED: Final = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_AT_ROOT: Final = (
    "description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength",
    "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "multipleOf", "required", "items", "properties",
    "externalDocs", "example", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations",
)  # fmt: skip
_AT_ROOT_IN_GO: Final = " ".join(
    {"x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields", "x-kubernetes-validations": "XValidations"}.get(
        key, key[0].upper() + key[1:]
    )
    for key in _AT_ROOT
)


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of where a node stands.

    Args:
        no_defaults: why no defaults may be set; empty where they may.
        in_metadata: whether it describes an object's metadata.
        uncorrelatable: the first node above whose values cannot be told from the old ones; empty for none.
        rules: whether rules are compiled there.
    """

    no_defaults: str = ""
    in_metadata: bool = False
    uncorrelatable: str = ""
    rules: bool = True


@dataclass(slots=True)
class Findings:
    """Complaints about schemas, apart from those about rules: rules of a broken schema are not looked at."""

    schema: list[FieldError]
    rules: list[FieldError]


def validate_schema(root: Node, path: str, *, has_status: bool) -> list[FieldError]:
    """What is wrong with the schema of a version.

    Args:
        path: of the schema itself, "spec.validation.openAPIV3Schema".
        has_status: whether the version has a status subresource.
    """
    found = _at_root(root, path) if has_status else []
    if is_set(root, "nullable"):
        found.append(errors.forbidden(f"{path}.nullable", "nullable cannot be true at the root"))
    wrong = validate_structural(root, path) if not _has_lists_of_items(root) else []
    wrong = wrong or default_checks.validate_defaults(root, path)
    findings = _node(root, path, Place(rules=not wrong), is_root=True)
    return [*found, *wrong, *findings.schema, *findings.rules]


def _at_root(root: Node, path: str) -> list[FieldError]:
    if root.get("type") not in (None, "", "object"):
        detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        return [errors.invalid(f"{path}.type", root["type"], detail)]
    if any(is_set(root, key) for key in root if key not in _AT_ROOT):
        detail = (
            f"only [{_AT_ROOT_IN_GO}] fields are allowed at the root of the schema if the status subresource is enabled"
        )
        return [errors.invalid(path, root, detail)]
    return []


def _has_lists_of_items(node: Node) -> bool:
    """Whether some ``items`` is a list of schemas, of which no structure can be made."""
    return isinstance(node.get("items"), list) or any(_has_lists_of_items(inner) for _, inner in _children(node))


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    for key in ("items", "additionalProperties", "not"):
        inner: Any = node.get(key)
        if inner.__class__ is dict:
            yield key, inner
    properties: dict[str, Node] = node.get("properties") or {}
    for name, inner in properties.items():
        yield f"properties[{name}]", inner
    for key in ("allOf", "oneOf", "anyOf"):
        for at, inner in enumerate(node.get(key) or ()):
            yield f"{key}[{at}]", inner


def _node(node: Node, path: str, place: Place, *, is_root: bool = False) -> Findings:
    found = Findings(_standard(node, path, place), [])
    for key, inner in _children(node):
        below = _node(inner, f"{path}.{key}", _place(node, key, path, place, is_root=is_root))
        found.schema += below.schema
        found.rules += below.rules
    if node.get("x-kubernetes-preserve-unknown-fields") is False:
        where = f"{path}.x-kubernetes-preserve-unknown-fields"
        found.schema.append(errors.invalid(where, False, "must be true or undefined"))
    found.schema += list_checks.validate_list_types(node, path)
    if node.get("x-kubernetes-validations"):
        found.schema += rule_checks.validate_shape(node, path)
        if not found.schema and place.rules:
            found.rules += rule_checks.validate_rules(node, path, uncorrelatable=place.uncorrelatable, is_root=is_root)
    return found


def _place(node: Node, key: str, path: str, place: Place, *, is_root: bool) -> Place:
    """Where a child of `node` stands."""
    if key == "additionalProperties" and place.in_metadata:
        return replace(place, no_defaults="inside additionalProperties applying to object metadata")
    if key == "items" and node.get("x-kubernetes-list-type") != "map":
        return replace(place, uncorrelatable=place.uncorrelatable or path)
    if key.startswith("properties["):
        if node.get("x-kubernetes-map-type") == "atomic":
            place = replace(place, uncorrelatable=place.uncorrelatable or path)
        name = key[len("properties[") : -1]
        if name in _METADATA and (is_root or is_set(node, "x-kubernetes-embedded-resource")):
            reason = f"in top-level {name}" if is_root else place.no_defaults
            return replace(place, in_metadata=True, no_defaults=reason)
    if key.startswith(("allOf", "oneOf", "anyOf", "not")):
        return replace(place, rules=False)
    return place


def _standard(node: Node, path: str, place: Place) -> list[FieldError]:
    found: list[FieldError] = []
    kind = node.get("type")
    if kind and kind not in TYPES:
        found.append(errors.not_supported(f"{path}.type", kind, TYPES))
    if node.get("default") is not None and place.no_defaults:
        found.append(errors.forbidden(f"{path}.default", f"must not be set {place.no_defaults}"))
    for key in _UNSUPPORTED:
        if key in node and (node[key] or key == "additionalItems"):
            found.append(errors.forbidden(f"{path}.{key}", f"{key} is not supported"))
    if kind == "null":
        detail = "type cannot be set to null, use nullable as an alternative"
        found.append(errors.forbidden(f"{path}.type", detail))
    if isinstance(node.get("items"), list):
        found.append(errors.forbidden(f"{path}.items", "items must be a schema object and not an array"))
    if place.in_metadata and is_set(node, "x-kubernetes-embedded-resource"):
        where = f"{path}.x-kubernetes-embedded-resource"
        found.append(errors.forbidden(where, "must not be used inside of resource meta"))
    if node.get("uniqueItems") is True:
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        found.append(errors.forbidden(f"{path}.uniqueItems", detail))
    if node.get("properties") and node.get("additionalProperties") not in (None, True):
        detail = "additionalProperties and properties are mutual exclusive"
        found.append(errors.forbidden(f"{path}.additionalProperties", detail))
    return found

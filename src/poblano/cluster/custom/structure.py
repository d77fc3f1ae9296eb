"""Structural schemas of custom kinds: the nodes of a definition, as pruning, defaulting and validation walk them."""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.schema import Node, Schema, built_in
from poblano.core.jsonvalue import Document

METADATA: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_IMPLICIT: Final[dict[str, Document]] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"$ref": f"#/components/schemas/{METADATA}"},
}


def root_of(version: Document) -> Node:
    """The schema of a version as it was written; one that takes anything where there is none."""
    schema: Document = version.get("schema") or {}
    found: Node | None = schema.get("openAPIV3Schema")
    return found or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def full_schema(root: Node) -> Schema:
    """The schema with what every object has: apiVersion, kind and metadata, at the root and in embedded objects.

    >>> full_schema({"type": "object", "properties": {}}).property("metadata").property("labels").type
    'object'
    """
    return Schema(_completed(root, embedded=True), built_in().__getitem__)


def _completed(node: Node, *, embedded: bool) -> Node:
    made = dict(node)
    for key in ("items", "additionalProperties"):
        inner: Any = node.get(key)
        if inner.__class__ is dict:
            made[key] = _completed(inner, embedded=inner.get("x-kubernetes-embedded-resource") is True)
    properties: dict[str, Node] = node.get("properties") or {}
    inner_nodes = {
        name: _completed(inner, embedded=inner.get("x-kubernetes-embedded-resource") is True)
        for name, inner in properties.items()
    }
    if embedded:
        inner_nodes = {**inner_nodes, **_IMPLICIT}
    if inner_nodes:
        made["properties"] = inner_nodes
    return made

"""The defaults of a schema are values of it: pruned, and valid.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from poblano.cluster import field_errors as errors
from poblano.cluster.custom.defaulting import default
from poblano.cluster.custom.lists import validate_lists
from poblano.cluster.custom.pruning import prune
from poblano.cluster.custom.rules import compile_rules, run_rules
from poblano.cluster.custom.values import validate
from poblano.cluster.field_errors import FieldError
from poblano.cluster.schema import Node
from poblano.core.jsonvalue import copied, same


def validate_defaults(root: Node, path: str) -> list[FieldError]:
    """What is wrong with the defaults in a schema."""
    return [one for where, node in _nodes(root, path) for one in _default(node, where)]


def _nodes(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    yield path, node
    for key in ("items", "additionalProperties"):
        inner: Any = node.get(key)
        if inner.__class__ is dict:
            yield from _nodes(inner, f"{path}.{key}")
    properties: dict[str, Node] = node.get("properties") or {}
    for name, inner in properties.items():
        yield from _nodes(inner, f"{path}.properties[{name}]")


def _default(node: Node, path: str) -> list[FieldError]:
    value = node.get("default")
    if value is None:
        return []
    where = f"{path}.default"
    found: list[FieldError] = []
    pruned = copied(value)
    if pruned.__class__ is dict:
        prune(pruned, node, is_object=False)
        if not same(pruned, value):
            found.append(errors.invalid(where, value, "must not have unknown fields"))
    filled = copied(value)
    default(filled, node)
    found += validate(filled, node, where)
    found += validate_lists(filled, node, where)
    return found or run_rules(compile_rules(node), filled, path=where)

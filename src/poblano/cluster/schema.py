"""What an object may look like: one view over the OpenAPI schemas of built-in kinds and the structural schemas of custom ones.

>>> spec = Schema({"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}}})
>>> spec.property("tags").items.type
'string'
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec

Node = Mapping[str, Any]
Resolve = Callable[[str], "Schema"]

_REFERENCE: Final = "#/components/schemas/"


def _unknown(name: str) -> Schema:
    raise KeyError(name)


class Schema:
    """One node of a schema. Equal nodes are not the same Schema; a Schema is kept by its parent, so walking is cheap.

    Args:
        node: the JSON of the node; references and a lone ``allOf`` around one are followed.
        resolve: finds the schema that a reference names.
    """

    def __init__(self, node: Node, resolve: Resolve = _unknown) -> None:
        self.node, self._resolve = _followed(node, resolve), resolve

    def __repr__(self) -> str:
        return f"Schema({self.type or 'any'})"

    @cached_property
    def type(self) -> str | None:
        """ "object", "array", "string", "integer", "number", "boolean"; None where the schema does not say."""
        return self.node.get("type")

    @cached_property
    def properties(self) -> Mapping[str, Schema]:
        """The declared fields."""
        return {name: Schema(node, self._resolve) for name, node in self.node.get("properties", {}).items()}

    def property(self, name: str) -> Schema | None:
        """A declared field, or None."""
        return self.properties.get(name)

    @cached_property
    def items(self) -> Schema | None:
        """What a list holds."""
        return self._within("items")

    @cached_property
    def values(self) -> Schema | None:
        """What a map holds (additionalProperties); None where it is no map, or holds anything."""
        return self._within("additionalProperties")

    def _within(self, key: str) -> Schema | None:
        node: Node | bool | None = self.node.get(key)
        return Schema(node, self._resolve) if isinstance(node, Mapping) else None

    @cached_property
    def list_type(self) -> Literal["atomic", "set", "map"] | None:
        """x-kubernetes-list-type."""
        return self.node.get("x-kubernetes-list-type")

    @cached_property
    def list_map_keys(self) -> tuple[str, ...]:
        """x-kubernetes-list-map-keys: what tells the items of a map-like list apart."""
        return tuple(self.node.get("x-kubernetes-list-map-keys", ()))

    @cached_property
    def map_type(self) -> Literal["atomic", "granular"] | None:
        """x-kubernetes-map-type."""
        return self.node.get("x-kubernetes-map-type")

    @cached_property
    def patch_strategies(self) -> frozenset[str]:
        """x-kubernetes-patch-strategy: "merge", "replace", "retainKeys"."""
        return frozenset(self.node.get("x-kubernetes-patch-strategy", "").split(",")) - {""}

    @cached_property
    def patch_merge_key(self) -> str | None:
        """x-kubernetes-patch-merge-key."""
        return self.node.get("x-kubernetes-patch-merge-key")

    @cached_property
    def preserves_unknown(self) -> bool:
        """x-kubernetes-preserve-unknown-fields."""
        return self.node.get("x-kubernetes-preserve-unknown-fields", False) is True

    @cached_property
    def int_or_string(self) -> bool:
        """Whether it is an IntOrString, in either spelling."""
        return self.node.get("x-kubernetes-int-or-string", False) is True or self.format == "int-or-string"

    @cached_property
    def embedded(self) -> bool:
        """x-kubernetes-embedded-resource: it holds a whole object."""
        return self.node.get("x-kubernetes-embedded-resource", False) is True

    @cached_property
    def format(self) -> str | None:
        """ "date-time", "int64", "byte", …"""
        return self.node.get("format")

    @cached_property
    def has_default(self) -> bool:
        """Whether a default is declared."""
        return "default" in self.node

    @cached_property
    def default(self) -> Any:
        """The declared default; copy it before it goes into an object."""
        return self.node.get("default")

    @cached_property
    def nullable(self) -> bool:
        """Whether null may stand there."""
        return self.node.get("nullable", False) is True

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The fields that have to be there."""
        return tuple(self.node.get("required", ()))

    @cached_property
    def description(self) -> str:
        """The text for people; the shipped schemas of built-in kinds have none."""
        return str(self.node.get("description", ""))


def _followed(node: Node, resolve: Resolve) -> Node:
    """The node itself, with what it refers to folded in; what stands beside a reference wins."""
    parts = node.get("allOf")
    reference = node.get("$ref") or (parts[0].get("$ref") if parts and len(parts) == 1 else None)
    if reference is None:
        return node
    beside = {key: value for key, value in node.items() if key not in ("$ref", "allOf")}
    target = resolve(reference.removeprefix(_REFERENCE)).node
    return {**target, **beside} if beside else target


class Definitions:
    """Schemas by name, as "io.k8s.api.core.v1.Pod"; each is built when it is first asked for."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._known: dict[str, Schema] = {}

    def __getitem__(self, name: str) -> Schema:
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = Schema(self._nodes[name], self.__getitem__)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._nodes


@cache
def built_in() -> Definitions:
    """The schemas of Kubernetes' own kinds, without descriptions."""
    packed = files("poblano.cluster").joinpath("data", "definitions.json.gz").read_bytes()
    return Definitions(msgspec.json.decode(gzip.decompress(packed)))

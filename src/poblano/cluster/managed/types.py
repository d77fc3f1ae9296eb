"""What of a schema counts for who owns what: which maps and lists are owned piece by piece, and which as a whole.

Source: k8s.io/kube-openapi/pkg/schemaconv/openapi.go; sigs.k8s.io/structured-merge-diff/v6/typed/parser.go (deduced types)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from weakref import WeakKeyDictionary

from poblano.cluster.schema import Schema, built_in

_NUMBERS: Final = frozenset({"integer", "number"})
_ZEROS: Final = ("", 0, False)
_OBJECT_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


@dataclass(frozen=True, slots=True)
class ListType:
    """A list: owned as a whole, or by its items' `keys`, or (with none) by its items' values."""

    atomic: bool
    keys: tuple[str, ...]
    item: Type
    key_defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    sorted_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MapType:
    """A map or struct: its named `fields`, and what the others are (`rest`, None where there may be none).

    `zeros` are fields of a struct of Go with their zero values: an object that does not say them is the same as one that
    does. `always` are those of them that its encoder writes even so.
    """

    atomic: bool
    fields: Mapping[str, Type]
    rest: Type | None
    zeros: Mapping[str, Any] = field(default_factory=dict[str, Any])
    always: tuple[str, ...] = ()
    go: bool = False


class Type:
    """What a value may be: a scalar, a list, a map, or any of them. Made from its schema when it is first looked at.

    Args:
        schema: the node; None for what nothing is known of.
        go: it is a type of the API server itself rather than a custom kind.
        open_below: fields that are not declared are kept there and below.
        whole: it is a whole object, with apiVersion, kind and metadata.
    """

    def __init__(self, schema: Schema | None, *, go: bool, open_below: bool = False, whole: bool = False) -> None:
        self._schema, self._go, self._whole = schema, go, whole
        self._open = open_below or (schema is not None and schema.preserves_unknown)

    @cached_property
    def scalar(self) -> str | None:
        """ "numeric", "string", "boolean", "untyped", "raw" (anything, owned as a whole); None where it may be none."""
        if self._schema is None or (kind := self._schema.type) is None:
            return "untyped"
        if self._raw:
            return "raw"
        if kind in _NUMBERS:
            return "numeric"
        if kind == "string":
            return "string" if self._schema.format in (None, "", "byte") else "untyped"
        return "boolean" if kind == "boolean" else None

    @cached_property
    def _raw(self) -> bool:
        schema = self._schema
        if not self._go or schema is None or schema.type != "object" or self._open:
            return False
        return not schema.properties and "additionalProperties" not in schema.node

    @cached_property
    def list(self) -> ListType | None:
        """How it is as a list; None where it may be none."""
        schema = self._schema
        if schema is None or schema.type is None:
            return ListType(True, (), DEDUCED)
        if schema.type != "array":
            return None
        item = Type(
            schema.items, go=self._go, open_below=self._open, whole=bool(schema.items and schema.items.embedded)
        )
        atomic, keys = _relationship(schema)
        return ListType(atomic, keys, item, _defaults(schema.items, keys), tuple(sorted(keys)))

    @cached_property
    def map(self) -> MapType | None:
        """How it is as a map; None where it may be none."""
        schema = self._schema
        if schema is None:
            return MapType(False, {}, self)
        if schema.type not in (None, "object") or self._raw:
            return None
        fields, rest = self._fields(schema), self._rest(schema)
        if not self._go:
            return MapType(schema.map_type == "atomic", fields, rest)
        return MapType(schema.map_type == "atomic", fields, rest, *_zeros(schema), go=True)

    def _fields(self, schema: Schema) -> Mapping[str, Type]:
        found = {name: self._below(child) for name, child in schema.properties.items()}
        if self._whole and not self._go:
            text = Type(Schema({"type": "string"}), go=False)
            meta = Type(built_in()[_OBJECT_META], go=False)
            found |= {"apiVersion": text, "kind": text, "metadata": meta}
        return found

    def _rest(self, schema: Schema) -> Type | None:
        if schema.values is not None:
            return self._below(schema.values)
        declared = schema.node.get("additionalProperties")
        if declared is None:
            return DEDUCED if self._open or not schema.properties else None
        return DEDUCED if declared else None

    def _below(self, schema: Schema) -> Type:
        return Type(schema, go=self._go, open_below=self._open, whole=schema.embedded)


DEDUCED: Final = Type(None, go=False)
"""What has no schema: maps are owned piece by piece, lists as a whole."""


def _relationship(schema: Schema) -> tuple[bool, tuple[str, ...]]:
    if schema.list_type is not None:
        return schema.list_type == "atomic", schema.list_map_keys if schema.list_type == "map" else ()
    if "merge" in schema.patch_strategies:
        return False, (schema.patch_merge_key,) if schema.patch_merge_key else ()
    return True, ()


def _defaults(item: Schema | None, keys: tuple[str, ...]) -> Mapping[str, Any]:
    found = {key: item.property(key) if item else None for key in keys}
    return {key: schema.default for key, schema in found.items() if schema is not None and schema.has_default}


def _zeros(schema: Schema) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Zero values of structs, of required lists, and of scalars that say so; the last are not always written.

    A required object without a default is a pointer, and as a rule left out where it is nil.
    """
    found: dict[str, Any] = {}
    required = frozenset(schema.required)
    for name, child in schema.properties.items():
        if child.has_default and (child.default == {} or child.default in _ZEROS):
            found[name] = child.default
        elif name in required and not child.has_default and child.type != "object":
            found[name] = None
    return found, tuple(name for name in found if name in required or found[name] == {})


_known: WeakKeyDictionary[Schema, Type] = WeakKeyDictionary()


def type_of(schema: Schema) -> Type:
    """The type of the whole objects that a schema describes; kept for as long as the schema is.

    Whether it is a type of the API server itself is told by its ``x-kubernetes-group-version-kind``: no
    CustomResourceDefinition may have one.
    """
    known = _known.get(schema)
    if known is None:
        go = "x-kubernetes-group-version-kind" in schema.node
        known = _known[schema] = Type(schema, go=go, whole=True)
    return known

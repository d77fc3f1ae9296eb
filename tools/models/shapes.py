"""From a schema to the type of a field, in the vocabulary of `poblano.core.fields`."""

from __future__ import annotations

from typing import NamedTuple

from tools.models.names import class_name
from tools.models.specification import Schema

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."

ALIASES = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": (
        "int | str",
        "A number, or text such as ``25%`` or the name of a port.",
    ),
    f"{META}MicroTime": ("str", "RFC 3339 in UTC, with microseconds: ``2026-01-02T03:04:05.000006Z``."),
    "io.k8s.apimachinery.pkg.api.resource.Quantity": (
        "str | int | float",
        "A number with an optional suffix: ``500m``, ``1.5Gi``.",
    ),
    f"{META}Time": ("str", "RFC 3339 in UTC: ``2026-01-02T03:04:05Z``."),
}
"""Schemas that are values with a meaning: each becomes a type alias in `meta_v1`."""

IN_CORE = (f"{META}ManagedFieldsEntry", f"{META}ObjectMeta", f"{META}OwnerReference")
"""Schemas that are written by hand, in `poblano.core.objects`."""

OPEN = {
    "io.k8s.apimachinery.pkg.runtime.RawExtension",
    f"{EXTENSIONS}JSON",
    f"{EXTENSIONS}JSONSchemaPropsOrArray",
    f"{EXTENSIONS}JSONSchemaPropsOrBool",
    f"{EXTENSIONS}JSONSchemaPropsOrStringArray",
    f"{META}FieldsV1",
    f"{META}Patch",
}
"""Schemas that leave open what stands there."""

PRIMITIVES = {"string": "str", "integer": "int", "boolean": "bool", "number": "float"}


class Shape(NamedTuple):
    """The type of a field.

    Args:
        field: the descriptor: ``Scalar``, ``NestedList``, …
        argument: what it is subscripted with; empty for ``AnyValue``.
        schema: the schema that the argument names, if it names one.
    """

    field: str
    argument: str
    schema: str = ""

    @property
    def annotation(self) -> str:
        return f"{self.field}[{self.argument}]" if self.argument else self.field


def shape(schema: Schema, *, required: bool = False) -> Shape:
    """The type of a field that the API describes by `schema`. A required string is always there, if only as "".

    >>> shape({"type": "array", "items": {"$ref": "#/components/schemas/io.k8s.api.core.v1.Container"}})
    Shape(field='NestedList', argument='Container', schema='io.k8s.api.core.v1.Container')
    >>> shape({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}).annotation
    'ScalarMap[list[str]]'
    """
    target = reference(schema)
    if target in OPEN:
        return Shape("AnyValue", "")
    if target in ALIASES:
        return Shape("Scalar", class_name(target), target)
    if target:
        return Shape("Nested", class_name(target), target)
    if schema.get("type") == "array":
        return _many("List", shape(schema["items"]))
    if schema.get("type") == "object":
        return _many("Map", shape(schema.get("additionalProperties", {})))
    if "type" not in schema:
        return Shape("AnyValue", "")
    plain = _scalar(schema)
    return Shape("Text", "") if required and plain == "str" else Shape("Scalar", plain)


def _many(suffix: str, inner: Shape) -> Shape:
    if inner.field == "Nested":
        return Shape(f"Nested{suffix}", inner.argument, inner.schema)
    if inner.field == "Scalar":
        return Shape(f"Scalar{suffix}", inner.argument, inner.schema)
    if inner.field == "AnyValue":
        return Shape(f"Scalar{suffix}", "JSON")
    if inner.field == "ScalarList":
        return Shape(f"Scalar{suffix}", f"list[{inner.argument}]", inner.schema)
    raise NotImplementedError(f"a {suffix} of {inner.annotation}: poblano.core.fields has no descriptor for it")


def _scalar(schema: Schema) -> str:
    if "enum" in schema:
        quoted = ", ".join('"' + value.replace('"', '\\"') + '"' for value in schema["enum"])
        return f"Literal[{quoted}]"
    return PRIMITIVES[schema["type"]]


def reference(schema: Schema) -> str:
    """The name of the schema that `schema` refers to, or ""."""
    target: str = schema.get("$ref") or next((part["$ref"] for part in schema.get("allOf", ()) if "$ref" in part), "")
    return target.rpartition("/")[2]

"""What `field` says of a value, as keywords of its schema: each fits some types, and a default must keep to them."""

from __future__ import annotations

import re
from typing import Any, Final

from poblano.core.errors import InvalidDefinition
from poblano.core.field_options import MISSING, FieldOptions
from poblano.core.jsonvalue import Document

_NUMBER: Final = frozenset({"integer", "number"})
_STRING: Final = frozenset({"string"})
_LIST: Final = frozenset({"array"})
_MAP: Final = frozenset({"object"})

_KEYWORDS: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "description": ("description", frozenset()),
    "minimum": ("minimum", _NUMBER),
    "maximum": ("maximum", _NUMBER),
    "multiple_of": ("multipleOf", _NUMBER),
    "exclusive_minimum": ("exclusiveMinimum", _NUMBER),
    "exclusive_maximum": ("exclusiveMaximum", _NUMBER),
    "min_length": ("minLength", _STRING),
    "max_length": ("maxLength", _STRING),
    "pattern": ("pattern", _STRING),
    "format": ("format", _STRING | _NUMBER),
    "min_items": ("minItems", _LIST),
    "max_items": ("maxItems", _LIST),
    "list_type": ("x-kubernetes-list-type", _LIST),
    "list_map_keys": ("x-kubernetes-list-map-keys", _LIST),
    "map_type": ("x-kubernetes-map-type", _MAP),
    "min_properties": ("minProperties", _MAP),
    "max_properties": ("maxProperties", _MAP),
    "preserve_unknown": ("x-kubernetes-preserve-unknown-fields", _MAP),
}
"""What each is called in a schema, and the types it is for; none is any."""


def limited(schema: Document, options: FieldOptions) -> Document:
    """`schema` with what `field` says beside it.

    Raises:
        InvalidDefinition: a limit is for another type, or the default does not keep to the limits.

    >>> limited({"type": "integer"}, FieldOptions(limits={"minimum": 1}))
    {'type': 'integer', 'minimum': 1}
    """
    kind = schema.get("type", "")
    found = dict(schema)
    for name, value in options.limits.items():
        keyword, fits = _KEYWORDS[name]
        if fits and kind not in fits and not (not kind and fits & (_NUMBER | _STRING)):
            raise InvalidDefinition(
                f"field({name}=...) is for {' or '.join(sorted(fits))}, and this is {kind or 'any value'}",
                "leave it out, or annotate the field otherwise",
                options.location,
            )
        if value is not False and value is not None:
            found[keyword] = list(value) if name == "list_map_keys" else value
    if keys := found.get("x-kubernetes-list-map-keys"):
        found["x-kubernetes-list-type"] = "map"
        items: Document = found.get("items", {})
        found["items"] = {**items, "required": [*dict.fromkeys([*items.get("required", []), *keys])]}
    _check_default(found, options)
    return found


def _check_default(schema: Document, options: FieldOptions) -> None:
    default = options.default
    if default in (MISSING, None) or not isinstance(default, (str, int, float)):
        return
    if (problem := _complaint(default, schema)) is not None:
        raise InvalidDefinition(
            f"the default {default!r} of a field {problem}", "give it one that its own limits allow", options.location
        )


def _complaint(value: Any, schema: Document) -> str | None:
    """What is wrong with a value, as far as that can be said without an API server."""
    if value not in schema.get("enum", [value]):
        return f"is none of {', '.join(map(repr, schema['enum']))}"
    types: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
    kind = schema.get("type", "")
    if kind in types and (not isinstance(value, types[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return f"is no {kind}"
    if isinstance(value, str):
        short = len(value) < schema.get("minLength", 0) or len(value) > schema.get("maxLength", len(value))
        if short or not re.search(schema.get("pattern", ""), value):
            return "does not keep to the limits of its length or pattern"
        return None
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    if value < low or value > high:
        return f"is not from {low} to {high}"
    return None

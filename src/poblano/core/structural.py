"""From a class to the structural schema of its objects: what a CustomResourceDefinition says of them.

>>> from poblano.core.field_options import field
>>> class Spec(Struct):
...     theme: Literal["dark", "light"]
...     replicas: int = field(default=1, minimum=1, maximum=7)
>>> schema_of(Spec)["properties"]
{'theme': {'type': 'string', 'enum': ['dark', 'light']}, 'replicas': {'type': 'integer', 'minimum': 1, 'maximum': 7, 'default': 1}}
>>> schema_of(Spec)["required"]
['theme']
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, Literal, Union, cast, get_args, get_origin

from poblano.core.annotations import Declared, Later, inner_hint, timestamp
from poblano.core.errors import InvalidDefinition
from poblano.core.field_options import MISSING, FieldOptions
from poblano.core.fields import AnyValue, Field, Nested, NestedList, NestedMap, ScalarList, ScalarMap, Viewed
from poblano.core.jsonvalue import Document, plain
from poblano.core.limits import limited
from poblano.core.objects import Resource
from poblano.core.structs import Struct

PRESERVED: Final = {"x-kubernetes-preserve-unknown-fields": True}
INT_OR_STRING: Final = {"x-kubernetes-int-or-string": True}

_SCALARS: Final[dict[Any, Document]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    Any: PRESERVED,
}
_NAMED: Final[dict[str, Document]] = {
    "IntOrString": INT_OR_STRING,
    "JSON": PRESERVED,
    "MicroTime": {"type": "string", "format": "date-time"},
    "Quantity": INT_OR_STRING,
    "Time": {"type": "string", "format": "date-time"},
}
"""Types of the generated models that are aliases: their names say more than what they stand for."""

_CONDITION: Final = ("poblano.models.meta_v1", "Condition")
_ONE_BY_TYPE: Final = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
"""So that each owner of a condition applies its own and leaves the others': sig-architecture/api-conventions.md."""


def schema_of(cls: type[Struct], above: tuple[type[Struct], ...] = ()) -> Document:
    """The schema of the objects of a class.

    What must be there is what reading takes for granted: a value without default that is not ``| None``, and a struct
    that has such a one.

    Args:
        cls: the class.
        above: the classes it stands in.

    Raises:
        InvalidDefinition: its annotations say what a schema cannot.
    """
    if cls is Struct:
        return {"type": "object", **PRESERVED}
    if cls in above:
        raise InvalidDefinition(
            f"{cls.__name__} contains itself, and a CustomResourceDefinition has no words for that",
            "annotate one of its fields as Struct or Any: the API server then keeps whatever is there",
        )
    if issubclass(cls, Resource):
        return {"type": "object", "x-kubernetes-embedded-resource": True, **PRESERVED}
    properties, required = properties_of(cls, above)
    described: Document = {"type": "object", **_description(cls)}
    if properties:
        described["properties"] = properties
    if required:
        described["required"] = required
    return described


def properties_of(cls: type[Struct], above: tuple[type[Struct], ...] = ()) -> tuple[Document, list[str]]:
    """The schemas of the fields of a class by their keys, and the keys that must be there."""
    properties: Document = {}
    required: list[str] = []
    for name, one in own_fields(cls):
        declared = next((found for base in cls.__mro__ if (found := _declared_by(base).get(name))), None)
        schema = _generated(cls, name, one, (*above, cls)) if declared is None else _annotated(declared, (*above, cls))
        properties[one.key] = schema
        if declared is not None and _is_required(declared, schema):
            required.append(one.key)
    return properties, required


def own_fields(cls: type[Struct]) -> Iterator[tuple[str, Field[Any]]]:
    """The fields of a class, but for those that every object has."""
    for name, one in cls.__fields__.items():
        if not (issubclass(cls, Resource) and name in Resource.__fields__):
            yield name, one.become() if isinstance(one, Later) else one


def _declared_by(base: Any) -> dict[str, Declared]:
    return cast("dict[str, Declared]", getattr(base, "__dict__", {}).get("__declared__", {}))


def _is_required(declared: Declared, schema: Document) -> bool:
    if declared.optional or declared.options.default is not MISSING:
        return False
    return "required" in schema if _is_struct(declared.hint) else not _is_collection(declared.hint, schema)


def _is_collection(hint: Any, schema: Document) -> bool:
    return hint is Any or schema.get("type") in {"array", "object"}


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Struct)


def _annotated(declared: Declared, above: tuple[type[Struct], ...]) -> Document:
    schema = dict(_value(declared.hint, above, declared.options))
    schema = limited(schema, declared.options)
    default = declared.options.default
    if default is not MISSING and default not in (None, [], {}):
        schema["default"] = timestamp(default) if isinstance(default, datetime) else plain(default)
    return schema


def _value(hint: Any, above: tuple[type[Struct], ...], options: FieldOptions | None = None) -> Document:
    """The schema of a value of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if _is_struct(hint):
        return schema_of(hint, above)
    if list in (origin, hint):
        return _list(arguments[0] if arguments else Any, above)
    if dict in (origin, hint):
        if not arguments:
            return {"type": "object", **PRESERVED}
        return {"type": "object", "additionalProperties": _value(arguments[1], above)}
    if origin is Literal:
        return _choice(arguments, options)
    if origin in (Union, types.UnionType):
        return _any_of(arguments, options)
    if hint in _SCALARS:
        return _SCALARS[hint]
    raise _unspeakable(hint, options)


def _list(hint: Any, above: tuple[type[Struct], ...]) -> Document:
    schema: Document = {"type": "array", "items": _value(hint, above)}
    if _is_struct(hint) and (hint.__module__, hint.__name__) == _CONDITION:
        items: Document = {**schema["items"], "required": ["type", "status"]}
        return {**schema, "items": items, **_ONE_BY_TYPE}
    return schema


def _choice(values: tuple[Any, ...], options: FieldOptions | None) -> Document:
    found: set[Any] = {type(value) for value in values}
    if found == {int, str}:
        return {**INT_OR_STRING, "enum": list(values)}
    if len(found) > 1 or not found <= {int, str, bool}:
        raise _unspeakable(" or ".join(map(repr, values)), options)
    return {**_SCALARS[found.pop()], "enum": list(values)}


def _any_of(members: tuple[Any, ...], options: FieldOptions | None) -> Document:
    if all(get_origin(member) is Literal for member in members):
        return _choice(tuple(value for member in members for value in get_args(member)), options)
    if set(members) == {int, float}:
        return _SCALARS[float]
    if set(members) in ({int, str}, {int, float, str}):
        return INT_OR_STRING
    raise _unspeakable(Union[members], options)  # noqa: UP007 -- of as many as there are


def _generated(cls: type[Struct], name: str, one: Field[Any], above: tuple[type[Struct], ...]) -> Document:
    """The schema of a field of a generated class: its descriptor says what it holds."""
    if isinstance(one, AnyValue):
        return PRESERVED
    if isinstance(one, Viewed):
        inner = schema_of(cast("type[Struct]", one.view), above)
        if isinstance(one, Nested):
            return inner
        return _list(one.view, above) if isinstance(one, NestedList) else _map(inner)
    if one.__class__.__name__ == "Text":
        return _SCALARS[str]
    text, hint = inner_hint(cls, name)
    inner = _NAMED.get(text) or _value(hint, above)
    if isinstance(one, ScalarList):
        return {"type": "array", "items": inner}
    return _map(inner) if isinstance(one, (ScalarMap, NestedMap)) else inner


def _map(inner: Document) -> Document:
    return {"type": "object", "additionalProperties": inner}


def _description(cls: type[Struct]) -> Document:
    """Its docstring; of the generated classes none, for those who use them know them."""
    text = cls.__dict__.get("__doc__")
    if not text or cls.__module__.startswith("poblano.models."):
        return {}
    return {"description": inspect.cleandoc(text)}


def _unspeakable(hint: Any, options: FieldOptions | None) -> InvalidDefinition:
    return InvalidDefinition(
        f"a field is annotated {hint!r}, and a CustomResourceDefinition has no words for that",
        "use one type for it, or int | str, or Any: the API server then keeps whatever is there",
        options.location if options else None,
    )

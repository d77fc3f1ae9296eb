"""What `field` is told about an attribute of a user's own kind: its key, its default, and what its values may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypedDict, TypeVar, Unpack, overload

from poblano.core.errors import InvalidDefinition
from poblano.core.location import caller_location

T = TypeVar("T")

MISSING: Final = object()


class Limits(TypedDict, total=False):
    """What the API server checks of a value: each becomes a keyword of the schema in a CustomResourceDefinition.

    Attributes:
        description: what ``kubectl explain`` shows.
        minimum, maximum, multiple_of: of a number.
        exclusive_minimum, exclusive_maximum: whether the number must be more, or less, than the bound.
        min_length, max_length, pattern, format: of a string; the pattern may match anywhere, and is RE2's.
        min_items, max_items: of a list.
        list_type: what makes items of a list the same for server-side apply; ``set`` also forbids doubles.
        list_map_keys: the fields that name an item of a list: its ``list_type`` is ``map`` then.
        map_type: ``atomic`` when a map has one owner as a whole.
        min_properties, max_properties: of a map.
        preserve_unknown: whether the API server keeps what the class does not name, instead of dropping it.
    """

    description: str
    minimum: float
    maximum: float
    multiple_of: float
    exclusive_minimum: bool
    exclusive_maximum: bool
    min_length: int
    max_length: int
    pattern: str
    format: str
    min_items: int
    max_items: int
    list_type: Literal["atomic", "set", "map"]
    list_map_keys: Sequence[str]
    map_type: Literal["atomic", "granular"]
    min_properties: int
    max_properties: int
    preserve_unknown: bool


class FieldOptions:
    """What `field` was told, until the class it stands in is made."""

    __slots__ = ("default", "key", "limits", "location")

    def __init__(self, key: str = "", default: object = MISSING, limits: Mapping[str, Any] | None = None) -> None:
        self.key = key
        self.default = default
        self.limits = dict(limits or {})
        self.location = caller_location() if limits else None


@overload
def field(*, key: str = ..., init: bool = ..., **limits: Unpack[Limits]) -> Any: ...
@overload
def field(*, key: str = ..., default: T, **limits: Unpack[Limits]) -> T: ...
def field(*, key: str = "", default: Any = MISSING, init: bool = True, **limits: Any) -> Any:
    """Options of an annotated attribute of a `Struct` or `Resource` of your own.

    Args:
        key: the API's name, where it is not the attribute's in camelCase.
        default: what reading gives while the key is absent. Reading does not write it into the object; an API server that
            serves the kind by a definition made from the class does.
        init: False tells type checkers that nobody says it when the object is made, as its ``status``.
        limits: what the API server checks: see `Limits`.

    Raises:
        InvalidDefinition: for a limit that there is not.

    >>> from poblano.core.structs import Struct
    >>> class Spec(Struct):
    ...     cluster_ip: str = field(key="clusterIP", default="None")
    ...     replicas: int = field(default=1, minimum=1, maximum=7, description="How many Pods serve it.")
    >>> Spec().cluster_ip, Spec().replicas
    ('None', 1)
    """
    for name in limits:
        if name not in Limits.__annotations__:
            raise InvalidDefinition(
                f"field() knows no {name!r}", f"choose among {', '.join(Limits.__annotations__)}", caller_location()
            )
    return FieldOptions(key, default, limits)

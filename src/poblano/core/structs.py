"""A part of an object: a typed view over one JSON map, and the class of such classes.

>>> class Spec(Struct):
...     replicas: int = 1
>>> spec = Spec.of({"unheardOf": {}})
>>> spec.replicas, "unheardOf" in spec
(1, True)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self, cast, dataclass_transform

from poblano.core.annotations import Declared, fields_of
from poblano.core.errors import MalformedObject
from poblano.core.field_options import field
from poblano.core.fields import Field
from poblano.core.jsonvalue import Document, as_map, copied, owned, plain, same
from poblano.core.views import Place


class StructType(type):
    """Makes the annotated attributes of a class into fields, and leaves its instances no room for any other."""

    __fields__: dict[str, Field[Any]]
    __keys__: dict[str, str]
    __declared__: dict[str, Declared]

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> StructType:
        namespace.setdefault("__slots__", ())
        made = super().__new__(mcs, name, bases, namespace, **options)
        inherited = {n: f for base in reversed(made.__mro__[1:]) for n, f in getattr(base, "__fields__", {}).items()}
        made.__declared__ = {}
        made.__fields__ = inherited | fields_of(made, namespace)
        made.__keys__ = {f.key: n for n, f in made.__fields__.items()}
        return made

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_options: Any) -> None:
        super().__init__(name, bases, namespace)


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
class Struct(metaclass=StructType):
    """A part of an object: a typed view over one JSON map.

    Attributes are the API's names in snake_case; items are the API's own (``pod["spec"]``). A struct is true exactly
    when its key is present, even as ``{}``; ``"ingress" in policy.spec`` tells presence. Equality is equality of the
    JSON. What is assigned is copied in. The only public attributes are the fields: `document` gives the dict, and helpers are functions.

    Args:
        fields: values of the fields by their Python names; None is the same as leaving it out.

    Raises:
        MalformedObject: when a value is not JSON, or the document is not what the kind says.
    """

    __slots__ = ("__held__", "_key", "_parent")

    __held__: Document | None
    _key: str
    _parent: Place | None

    def __init__(self, **fields: Any) -> None:
        self.__held__ = {}
        self.__assign__(fields)

    def __assign__(self, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            if name not in type(self).__fields__:
                raise TypeError(
                    f"{type(self).__name__} has no field {name!r}; it has {', '.join(type(self).__fields__)}"
                )
            setattr(self, name, value)

    @classmethod
    def of(cls, document: Mapping[str, Any] | Struct) -> Self:
        """A view of `document` itself: nothing is copied.

        >>> document: Document = {}
        >>> Struct.of(document)["spec"] = {}
        >>> document
        {'spec': {}}
        """
        inner = as_map(plain(document))
        if inner is None:
            raise MalformedObject(f"{cls.__name__}.of takes a mapping, not {type(document).__name__}")
        return cls.__attached__(inner)

    @classmethod
    def __attached__(cls, document: Document, /) -> Self:
        made = cls.__new__(cls)
        made.__held__ = document
        return made

    @classmethod
    def __absent__(cls, parent: Place, key: str, /) -> Self:
        made = cls.__new__(cls)
        made.__held__ = None
        made._parent = parent
        made._key = key
        return made

    def __found__(self) -> Document | None:
        if self.__held__ is None and self._parent is not None:
            above = self._parent.__found__()
            self.__held__ = None if above is None else as_map(above.get(self._key))
        return self.__held__

    def __made__(self) -> Document:
        document = self.__found__()
        if document is None:
            assert self._parent is not None
            document = self.__held__ = self._parent.__made__()[self._key] = {}
        return document

    def __document__(self) -> Document:
        found = self.__found__()
        return {} if found is None else found

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(key)
        name = type(self).__keys__.get(key)
        return self.__document__()[key] if name is None else getattr(self, name)

    def __setitem__(self, key: str, value: object) -> None:
        self.__made__()[key] = owned(value, key)

    def __delitem__(self, key: str) -> None:
        if key not in self.__document__():
            raise KeyError(key)
        del self.__made__()[key]

    def __contains__(self, key: object) -> bool:
        return self.__document__().get(cast("str", key)) is not None

    def __iter__(self) -> Iterator[str]:
        return (key for key, value in self.__document__().items() if value is not None)

    def __bool__(self) -> bool:
        return self.__found__() is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Struct, Mapping)):
            return NotImplemented
        try:
            return same(self.__document__(), plain(cast("Any", other)))
        except MalformedObject:
            return False

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Self:
        return type(self).__attached__(dict(self.__document__()))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self).__attached__(copied(self.__document__()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).of, (self.__document__(),)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

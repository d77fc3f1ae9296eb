"""The fields of a kind: descriptors that read and write one key of the document.

Reading gives a view or a scalar; writing takes a view, a mapping or a scalar. Assigning None takes the key away, as does
``del``. The names say what stands behind the key::

    Scalar[bool]        a value, or None        Text                a string, "" when absent
    Nested[PodSpec]     a struct                AnyValue            free-form JSON
    NestedList[X]       a list of structs       ScalarList[str]     a list of values
    NestedMap[X]        a map of structs        ScalarMap[str]      a map of values
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from poblano.core.errors import InvalidDefinition
from poblano.core.jsonvalue import owned
from poblano.core.views import Entries, Items, ViewClass, wrong_shape

if TYPE_CHECKING:
    from typing import Self

    from poblano.core.structs import Struct

T = TypeVar("T")
S = TypeVar("S", bound="Struct")

_new: Any = object.__new__

_WORD = re.compile(r"_+([a-z0-9])")


def api_name(attribute: str) -> str:
    """The API's name for a Python attribute.

    >>> api_name("host_network"), api_name("from_")
    ('hostNetwork', 'from')
    """
    return _WORD.sub(lambda word: word[1].upper(), attribute.rstrip("_"))


class Field(Generic[T]):
    """What all fields share: the key they stand for, how a value is written, and their removal.

    Args:
        key: the API's name; by default the attribute's in camelCase.
    """

    __slots__ = ("key",)

    def __init__(self, key: str = "") -> None:
        self.key = key

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.key = self.key or api_name(name)

    def _write(self, view: Struct, value: object) -> None:
        if value is None:
            self.__delete__(view)
        else:
            view.__made__()[self.key] = owned(value, self.key)

    def __delete__(self, view: Struct) -> None:
        document = view.__found__()
        if document is not None:
            document.pop(self.key, None)


class Scalar(Field[T]):
    """A string, number or boolean; None when absent."""

    __slots__ = ()

    @overload
    def __get__(self, view: None, owner: type[Any], /) -> Self: ...
    @overload
    def __get__(self, view: Struct, owner: type[Any], /) -> T | None: ...
    def __get__(self, view: Struct | None, owner: type[Any], /) -> Self | T | None:
        if view is None:
            return self
        document = view.__held__
        if document is None:
            document = view.__found__()
            if document is None:
                return None
        return document.get(self.key)

    def __set__(self, view: Struct, value: T | None, /) -> None:
        self._write(view, value)


class Text(Field[str]):
    """A string that is "" when absent: names and what else the API always writes."""

    __slots__ = ()

    @overload
    def __get__(self, view: None, owner: type[Any], /) -> Self: ...
    @overload
    def __get__(self, view: Struct, owner: type[Any], /) -> str: ...
    def __get__(self, view: Struct | None, owner: type[Any], /) -> Self | str:
        if view is None:
            return self
        document = view.__found__()
        return "" if document is None else document.get(self.key) or ""

    def __set__(self, view: Struct, value: str | None, /) -> None:
        self._write(view, value)


class AnyValue(Field[Any]):
    """Free-form JSON: what the schema leaves open. None when absent; a dict or list in it is the document's own."""

    __slots__ = ()

    @overload
    def __get__(self, view: None, owner: type[Any], /) -> Self: ...
    @overload
    def __get__(self, view: Struct, owner: type[Any], /) -> Any: ...
    def __get__(self, view: Struct | None, owner: type[Any], /) -> Any:
        if view is None:
            return self
        document = view.__found__()
        return None if document is None else document.get(self.key)

    def __set__(self, view: Struct, value: Any, /) -> None:
        self._write(view, value)


class Viewed(Field[S]):
    """A field whose values are structs. Their class may be named before it exists: it is found at the first use."""

    __slots__ = ("_find", "_view")

    def __init__(self, key: str = "") -> None:
        super().__init__(key)
        self._view: ViewClass | None = None
        self._find: Callable[[], ViewClass] | None = None

    def __finds__(self, find: Callable[[], ViewClass]) -> None:
        """Tell the field how to find its class when it is first used."""
        self._find = find

    @property
    def view(self) -> ViewClass:
        """The class of the values."""
        if self._view is None:
            if self._find is None:
                raise InvalidDefinition(
                    f"the field {self.key} has no type", f"annotate it: {api_name(self.key)}: Nested[...]"
                )
            self._view = self._find()
        return self._view


class Nested(Viewed[S]):
    """A struct. Absent, it reads as an empty one that is false; it comes into being when assigned into."""

    __slots__ = ()

    @overload
    def __get__(self, view: None, owner: type[Any], /) -> Self: ...
    @overload
    def __get__(self, view: Struct, owner: type[Any], /) -> S: ...
    def __get__(self, view: Struct | None, owner: type[Any], /) -> Self | S:
        if view is None:
            return self
        document = view.__held__
        if document is None:
            document = view.__found__()
        inner = None if document is None else document.get(self.key)
        target = self._view or self.view
        if inner.__class__ is dict:
            made: Any = _new(target)  # what __attached__ does, without the call: this is read most of all
            made.__held__ = inner
            return made  # type: ignore[no-any-return]
        if inner is None:
            return target.__absent__(view, self.key)  # type: ignore[attr-defined, no-any-return]
        raise wrong_shape(f"a {target.__name__}", self.key, inner)

    def __set__(self, view: Struct, value: S | Mapping[str, Any] | None, /) -> None:
        self._write(view, value)


def _items(field: Field[Any], view: Struct, element: ViewClass | None) -> Items[Any]:
    document = view.__held__ or view.__found__()
    inner = None if document is None else document.get(field.key)
    if inner is None or inner.__class__ is list:
        return Items(inner, element, view, field.key)
    raise wrong_shape("a list", field.key, inner)


def _entries(field: Field[Any], view: Struct, element: ViewClass | None) -> Entries[Any]:
    document = view.__held__ or view.__found__()
    inner = None if document is None else document.get(field.key)
    if inner is None or inner.__class__ is dict:
        return Entries(inner, element, view, field.key)
    raise wrong_shape("a map", field.key, inner)


class NestedList(Viewed[S]):
    """A list of structs; absent, an empty one that comes into being when something is added."""

    __slots__ = ()

    @overload
    def __get__(self, view: None, owner: type[Any], /) -> Self: ...
    @overload
    def __get__(self, view: Struct, owner: type[Any], /) -> Items[S]: ...
    def __get__(self, view: Struct | None, owner: type[Any], /) -> Self | Items[S]:
        return self if view is None else _items(self, view, self._view or self.view)

    def __set__(self, view: Struct, value: Iterable[S | Mapping[str, Any]] | None, /) -> None:
        self._write(view, None if value is None else list(value))


class NestedMap(Viewed[S]):
    """A map of structs; absent, an empty one that comes into being when something is added."""

    __slots__ = ()

    @overload
    def __get__(self, view: None, owner: type[Any], /) -> Self: ...
    @overload
    def __get__(self, view: Struct, owner: type[Any], /) -> Entries[S]: ...
    def __get__(self, view: Struct | None, owner: type[Any], /) -> Self | Entries[S]:
        return self if view is None else _entries(self, view, self._view or self.view)

    def __set__(self, view: Struct, value: Mapping[str, S | Mapping[str, Any]] | None, /) -> None:
        self._write(view, None if value is None else dict(value))


class ScalarList(Field[T]):
    """A list of values; absent, an empty one that comes into being when something is added."""

    __slots__ = ()

    @overload
    def __get__(self, view: None, owner: type[Any], /) -> Self: ...
    @overload
    def __get__(self, view: Struct, owner: type[Any], /) -> Items[T]: ...
    def __get__(self, view: Struct | None, owner: type[Any], /) -> Self | Items[T]:
        return self if view is None else _items(self, view, None)

    def __set__(self, view: Struct, value: Iterable[T] | None, /) -> None:
        self._write(view, None if value is None else list(value))


class ScalarMap(Field[T]):
    """A map of values, such as labels; absent, an empty one that comes into being when something is added."""

    __slots__ = ()

    @overload
    def __get__(self, view: None, owner: type[Any], /) -> Self: ...
    @overload
    def __get__(self, view: Struct, owner: type[Any], /) -> Entries[T]: ...
    def __get__(self, view: Struct | None, owner: type[Any], /) -> Self | Entries[T]:
        return self if view is None else _entries(self, view, None)

    def __set__(self, view: Struct, value: Mapping[str, T] | None, /) -> None:
        self._write(view, None if value is None else dict(value))

"""Views: an object is its JSON, and a view gives its parts names and types without converting or copying anything.

A view either *has* its part of the document, or knows where it would be (`_parent` and `_key`): an absent struct, list or
map reads as an empty one, and comes into being when something is assigned into it. Reading never changes the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, MutableSequence
from typing import Any, Generic, Protocol, TypeVar, cast, overload

from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import Document, as_list, as_map, copied, owned, plain, same

T = TypeVar("T")

_new: Any = object.__new__

_NOTHING: Document = {}
_NO_ITEMS: list[Any] = []


class Place(Protocol):
    """Something that holds a document, or can find or make it: the parent of an absent view."""

    def __found__(self) -> Document | None: ...

    def __made__(self) -> Document: ...


class ViewClass(Protocol):
    """A class whose instances are views of a dict: a `Struct`."""

    __name__: str

    def __attached__(self, document: Document, /) -> Any: ...


def wrong_shape(expected: str, key: str, value: object) -> MalformedObject:
    """The error for a value that is not what the kind says; the value itself is not shown: it may be a secret."""
    found = _NAMES.get(type(value).__name__, type(value).__name__)
    return MalformedObject(f"{key} is {found}, where {expected} belongs")


_NAMES = {
    "dict": "a map",
    "list": "a list",
    "str": "a string",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "NoneType": "null",
}


class Items(MutableSequence[T], Generic[T]):
    """A list of an object, seen through its element type. A ``MutableSequence``; changes go to the object at once.

    True when it has items. Equality is equality of the JSON.
    """

    __slots__ = ("_key", "_list", "_parent", "_view")

    def __init__(
        self, items: list[Any] | None, view: ViewClass | None, parent: Place | None = None, key: str = ""
    ) -> None:
        self._list = items
        self._view = view
        self._parent = parent
        self._key = key

    def __document__(self) -> list[Any]:
        found = self._found()
        return [] if found is _NO_ITEMS else found

    def _found(self) -> list[Any]:
        if self._list is None and self._parent is not None:
            document = self._parent.__found__()
            self._list = None if document is None else as_list(document.get(self._key))
        return _NO_ITEMS if self._list is None else self._list

    def _made(self) -> list[Any]:
        if self._found() is _NO_ITEMS and self._parent is not None:
            self._list = self._parent.__made__()[self._key] = []
        return cast("list[Any]", self._list)

    def _wrapped(self, item: Any) -> T:
        if self._view is None:
            return cast("T", item)
        if item.__class__ is not dict:
            raise wrong_shape(f"a {self._view.__name__}", f"an item of {self._key or 'the list'}", item)
        return cast("T", self._view.__attached__(item))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        item: Any = (self._list if self._list is not None else self._found())[index]
        view = self._view
        if view is not None and item.__class__ is dict:
            made = _new(view)  # what __attached__ does, without the call: this is read most of all
            made.__held__ = item
            return cast("T", made)
        if isinstance(index, slice):
            return [self._wrapped(one) for one in item]
        return self._wrapped(item)

    def __setitem__(self, index: int | slice, value: Any) -> None:
        if isinstance(index, slice):
            self._made()[index] = owned(list(value), self._key)
        else:
            self._found()[index] = owned(value, self._key)

    def __delitem__(self, index: int | slice) -> None:
        del self._found()[index]

    def __len__(self) -> int:
        return len(self._found())

    def __iter__(self) -> Iterator[T]:
        found = self._found()
        return iter(found) if self._view is None else map(self._wrapped, found)

    def __contains__(self, value: object) -> bool:
        return any(_equal(item, value) for item in self._found())

    def insert(self, index: int, value: T | Mapping[str, Any]) -> None:
        """Put `value` (an item's view, or a mapping of it) before `index`."""
        item = owned(value, self._key)
        self._made().insert(index, item)

    def append(self, value: T | Mapping[str, Any]) -> None:
        """Put `value` (an item's view, or a mapping of it) at the end."""
        item = owned(value, self._key)
        self._made().append(item)

    def extend(self, values: Iterable[T | Mapping[str, Any]]) -> None:
        """Put each of `values` at the end, in order."""
        if items := owned(list(values), self._key):
            self._made().extend(items)

    def __eq__(self, other: object) -> bool:
        return _equal(self._found(), other)

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Items[T]:
        return Items(list(self._found()), self._view)

    def __deepcopy__(self, memo: dict[int, Any]) -> Items[T]:
        return Items(copied(self._found()), self._view)

    def __repr__(self) -> str:
        return f"<Items of {self._view.__name__ if self._view else 'values'}, {len(self)} long>"


class Entries(MutableMapping[str, T], Generic[T]):
    """A map of an object, such as labels. A ``MutableMapping``; changes go to the object at once.

    True when it has items. Equality is equality of the JSON.
    """

    __slots__ = ("_dict", "_key", "_parent", "_view")

    def __init__(
        self, entries: Document | None, view: ViewClass | None, parent: Place | None = None, key: str = ""
    ) -> None:
        self._dict = entries
        self._view = view
        self._parent = parent
        self._key = key

    def __document__(self) -> Document:
        found = self._found()
        return {} if found is _NOTHING else found

    def _found(self) -> Document:
        if self._dict is None and self._parent is not None:
            document = self._parent.__found__()
            self._dict = None if document is None else as_map(document.get(self._key))
        return _NOTHING if self._dict is None else self._dict

    def __made__(self) -> Document:
        if self._found() is _NOTHING and self._parent is not None:
            self._dict = self._parent.__made__()[self._key] = {}
        return cast("Document", self._dict)

    def __getitem__(self, key: str) -> T:
        value = self._found()[key]
        if self._view is None:
            return cast("T", value)
        if value.__class__ is not dict:
            raise wrong_shape(f"a {self._view.__name__}", f"{self._key}.{key}", value)
        return cast("T", self._view.__attached__(value))

    def __setitem__(self, key: str, value: T | Mapping[str, Any]) -> None:
        if key.__class__ is not str:
            raise MalformedObject(f"{self._key}: the key {key!r} is not a string")
        self.__made__()[key] = owned(value, f"{self._key}.{key}")

    def __delitem__(self, key: str) -> None:
        del self._found()[key]

    def __len__(self) -> int:
        return len(self._found())

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __contains__(self, key: object) -> bool:
        return key in self._found()

    def __eq__(self, other: object) -> bool:
        return _equal(self._found(), other)

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Entries[T]:
        return Entries(dict(self._found()), self._view)

    def __deepcopy__(self, memo: dict[int, Any]) -> Entries[T]:
        return Entries(copied(self._found()), self._view)

    def __repr__(self) -> str:
        return f"<Entries of {self._view.__name__ if self._view else 'values'}, {len(self)} long>"


def _equal(found: Any, other: object) -> bool:
    try:
        return same(found, plain(other))
    except MalformedObject:
        return False

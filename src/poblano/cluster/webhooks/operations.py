"""JSON patches as the API server applies them, which is not quite RFC 6902.

``replace`` also makes a key that was not there, ``copy`` of what is not there makes a null, and an index may count from
the end. What does not apply is told in the same words.

Source: gopkg.in/evanphx/json-patch.v4/patch.go
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import orjson

from poblano.core.jsonvalue import Document, copied, same

_COPIED_BYTES: Final = 3 * 1024 * 1024  # apiserver: JSONPatchMaxCopyBytes
_INDEX: Final = re.compile("[+-]?[0-9]{1,18}")
_Container: TypeAlias = "dict[str, Any] | list[Any]"
_CONTAINERS: Final = (dict, list)


class DoesNotApply(ValueError):
    """An operation cannot be done; the message is the API server's."""


def applied(document: Document, operations: Iterable[Document]) -> Any:
    """A new document: `document`, patched.

    Raises:
        DoesNotApply: one of the operations cannot be done.

    >>> applied({"a": [1, 2]}, [{"op": "remove", "path": "/a/-1"}, {"op": "replace", "path": "/b", "value": 3}])
    {'a': [1], 'b': 3}
    >>> applied({}, [{"op": "add", "path": "/a/b", "value": 1}])
    Traceback (most recent call last):
    poblano.cluster.webhooks.operations.DoesNotApply: add operation does not apply: doc is missing path: "/a/b": missing value
    """
    patching = _Patching(copied(document))
    for operation in operations:
        patching.do(operation)
    return patching.document


class _Patching:
    def __init__(self, document: Any) -> None:
        self.document: Any = document
        self.copied = 0

    def do(self, operation: Document) -> None:
        kind = operation.get("op")
        if kind not in ("add", "remove", "replace", "move", "test", "copy"):
            raise DoesNotApply(f"Unexpected kind: {kind if isinstance(kind, str) else 'unknown'}")
        getattr(self, f"_{kind}")(operation)

    def _add(self, operation: Document) -> None:
        path = _text(operation, "path", "add operation failed to decode path: missing value")
        place, key = self._place(path, f'add operation does not apply: doc is missing path: "{path}"')
        _add(place, key, copied(operation.get("value")), f"error in add for path: '{path}'")

    def _remove(self, operation: Document) -> None:
        path = _text(operation, "path", "remove operation failed to decode path: missing value")
        place, key = self._place(path, f'remove operation does not apply: doc is missing path: "{path}"')
        _remove(place, key, f"error in remove for path: '{path}'")

    def _replace(self, operation: Document) -> None:
        path = _text(operation, "path", _missing("replace", "path"))
        value = copied(operation.get("value"))
        if path == "":
            if not isinstance(value, dict | list):
                raise DoesNotApply("replace operation value must be object or array: %!w(<nil>)")
            self.document = value
            return
        place, key = self._place(path, f"replace operation does not apply: doc is missing path: {path}")
        if isinstance(place, dict):
            place[key] = value
            return
        try:
            place[_index(key, len(place))] = value
        except DoesNotApply:
            raise DoesNotApply(f"replace operation does not apply: doc is missing key: {path}: missing value") from None

    def _move(self, operation: Document) -> None:
        source = _text(operation, "from", _missing("move", "from"))
        place, key = self._place(source, f"move operation does not apply: doc is missing from path: {source}")
        told = f"error in move for path: '{key}'"
        value = _get(place, key, told)
        _remove(place, key, told)
        path = _text(operation, "path", _missing("move", "path"))
        place, key = self._place(path, f"move operation does not apply: doc is missing destination path: {path}")
        _add(place, key, value, f"error in move for path: '{path}'")

    def _test(self, operation: Document) -> None:
        path = _text(operation, "path", _missing("test", "path"))
        value: Any = self.document
        if path:
            place, key = self._place(path, f"test operation does not apply: is missing path: {path}")
            value = _get(place, key, f"error in test for path: '{path}'")
        if not same(value, operation.get("value")):
            raise DoesNotApply(f"testing value {path} failed: test failed")

    def _copy(self, operation: Document) -> None:
        source = _text(operation, "from", _missing("copy", "from"))
        place, key = self._place(source, f"copy operation does not apply: doc is missing from path: {source}")
        value = copied(_get(place, key, f"error in copy for from: '{source}'"))
        path = _text(operation, "path", "copy operation failed to decode path: missing value")
        place, key = self._place(path, f"copy operation does not apply: doc is missing destination path: {path}")
        self._count(value)
        _add(place, key, value, "error while adding value during copy")

    def _count(self, value: Any) -> None:
        self.copied += 0 if value is None else len(orjson.dumps(value))
        if self.copied > _COPIED_BYTES:
            raise DoesNotApply(
                "Unable to complete the copy, the accumulated size increase of copy is"
                f" {self.copied}, exceeding the limit {_COPIED_BYTES}"
            )

    def _place(self, path: str, otherwise: str) -> tuple[Any, str]:
        """The map or list that a path leads into, and the key in it."""
        parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]
        place: Any = self.document
        for part in parts[1:-1]:
            try:
                place = _get(place, part, "")
            except DoesNotApply:
                place = None
            if place.__class__ not in _CONTAINERS:
                break
        if len(parts) < 2 or place.__class__ not in _CONTAINERS:
            raise DoesNotApply(f"{otherwise}: missing value")
        return place, parts[-1]


def _missing(operation: str, field: str) -> str:
    comma = "," if field == "from" else ""
    return f"{operation} operation failed to decode {field}: operation{comma} missing {field} field: missing value"


def _text(operation: Document, field: str, otherwise: str) -> str:
    value = operation.get(field)
    if not isinstance(value, str):
        raise DoesNotApply(otherwise)
    return value


def _get(place: _Container, key: str, told: str) -> Any:
    return place.get(key) if isinstance(place, dict) else place[_index(key, len(place), told)]


def _add(place: _Container, key: str, value: Any, told: str) -> None:
    if isinstance(place, dict):
        place[key] = value
    elif key == "-":
        place.append(value)
    else:
        if not _INDEX.fullmatch(key):
            told = f"{told}: value was not a proper array index: '{key}'"
        place.insert(_index(key, len(place) + 1, told), value)


def _remove(place: _Container, key: str, told: str) -> None:
    if isinstance(place, list):
        del place[_index(key, len(place), told)]
    elif key in place:
        del place[key]
    else:
        raise DoesNotApply(f"{told}: Unable to remove nonexistent key: {key}: missing value")


def _index(key: str, size: int, told: str = "") -> int:
    """The index in a list of that size that a key means."""
    if not _INDEX.fullmatch(key):
        raise DoesNotApply(f'{told}: strconv.Atoi: parsing "{key}": invalid syntax')
    index = int(key)
    if not -size <= index < size:
        raise DoesNotApply(f"{told}: Unable to access invalid index: {index}: invalid index referenced")
    return index + size if index < 0 else index

"""JSON patches (RFC 6902) and merge patches (RFC 7386): made, applied, merged.

`diff` is minimal in what it touches: what is the same JSON on both sides is in no operation, whatever its neighbours do.

>>> diff({"labels": {"a": "1"}}, {"labels": {"a": "1", "x/y": "2"}})
[{'op': 'add', 'path': '/labels/x~1y', 'value': '2'}]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import compress, filterfalse, repeat
from operator import eq, ne
from typing import Any, Final, TypeAlias

from poblano.core.errors import MalformedObject, PatchFailed
from poblano.core.jsonvalue import Document, copied, identical, same

Operation: TypeAlias = dict[str, Any]
"""One operation: ``{"op": "add", "path": "/metadata/labels", "value": {}}``."""

_MISSING: Final = object()

_INDEXES: Final = {str(index): index for index in range(100)}
_LONG: Final = 256  # a path that is not remembered


def diff(before: Document, after: Document) -> list[Operation]:
    """The operations that make `after` of `before`, in the order in which they apply; empty when they are the same.

    Both are plain JSON; values in the operations are those of `after` themselves, not copies.

    >>> diff({"a": [1, 2, 3]}, {"a": [1, 3], "b": None})
    [{'op': 'remove', 'path': '/a/1'}, {'op': 'add', 'path': '/b', 'value': None}]
    """
    operations: list[Operation] = []
    _diff_maps(before, after, "", operations)
    return operations


def loose_diff(before: Document, after: Document) -> list[Operation]:
    """`diff` as far as ``==`` goes, for which ``True`` is ``1``: several times as quick, and to be tried by whoever uses it."""
    operations: list[Operation] = []
    loose_diff_maps(before, after, "", operations)
    return operations


def loose_diff_maps(before: Document, after: Document, path: str, operations: list[Operation]) -> None:
    """`loose_diff` of what is at `path`, at the end of `operations`."""
    common = len(before)
    # What most keys are is the same: they are passed over without a step of Python.
    for key in tuple(compress(before, map(ne, map(after.get, before, repeat(_MISSING)), before.values()))):
        place = f"{path}/{escape(key)}"
        if key not in after:
            common -= 1
            operations.append({"op": "remove", "path": place})
        else:
            _loose_diff_item(before[key], after[key], place, operations)
    if common < len(after):
        for key in filterfalse(before.__contains__, after):
            operations.append({"op": "add", "path": f"{path}/{escape(key)}", "value": after[key]})


def _loose_diff_item(old: Any, new: Any, path: str, operations: list[Operation]) -> None:
    kind = old.__class__
    if kind is dict and new.__class__ is dict:
        loose_diff_maps(old, new, path, operations)
    elif kind is list and new.__class__ is list:
        _diff_lists(old, new, path, operations, eq, _loose_diff_item)
    elif old != new:
        operations.append({"op": "replace", "path": path, "value": new})


def escape(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901).

    >>> escape("a/b~c")
    'a~1b~0c'
    """
    return key if key.isalnum() else key.replace("~", "~0").replace("/", "~1")


def _diff_maps(before: Document, after: Document, path: str, operations: list[Operation]) -> None:
    kept = 0
    look_up = after.get
    for key, old in before.items():
        new = look_up(key, _MISSING)
        kind = old.__class__
        if new == old and new.__class__ is kind and (kind is str or identical(old, new)):
            kept += 1
        elif new is _MISSING:
            operations.append({"op": "remove", "path": f"{path}/{escape(key)}"})
        else:
            kept += 1
            _diff_item(old, new, f"{path}/{escape(key)}", operations)
    if kept < len(after):
        for key, new in after.items():
            if key not in before:
                if key.__class__ is not str:
                    raise MalformedObject(f"at {path or 'the top'}: the key {key!r} is not a string")
                operations.append({"op": "add", "path": f"{path}/{escape(key)}", "value": new})


def _diff_lists(
    before: list[Any],
    after: list[Any],
    path: str,
    operations: list[Operation],
    alike: Callable[[Any, Any], bool],
    diff_item: Callable[[Any, Any, str, list[Operation]], None],
) -> None:
    start, ends = 0, min(len(before), len(after))
    while start < ends and alike(before[start], after[start]):
        start += 1
    tail = 0
    while tail < ends - start and alike(before[-1 - tail], after[-1 - tail]):
        tail += 1
    old_end, new_end = len(before) - tail, len(after) - tail
    both = min(old_end, new_end)
    for index in range(start, both):
        diff_item(before[index], after[index], f"{path}/{index}", operations)
    operations.extend({"op": "remove", "path": f"{path}/{index}"} for index in range(old_end - 1, both - 1, -1))
    at_end = tail == 0
    for index in range(both, new_end):
        operations.append({"op": "add", "path": f"{path}/-" if at_end else f"{path}/{index}", "value": after[index]})


def _diff_item(old: Any, new: Any, path: str, operations: list[Operation]) -> None:
    kind = old.__class__
    if kind is dict and new.__class__ is dict:
        _diff_maps(old, new, path, operations)
    elif kind is list and new.__class__ is list:
        _diff_lists(old, new, path, operations, identical, _diff_item)
    elif kind is not new.__class__ or old != new:
        operations.append({"op": "replace", "path": path, "value": new})


def apply(document: Any, operations: Iterable[Mapping[str, Any]]) -> Any:
    """Apply `operations` to `document` in place, and return it (a new one only where the whole is replaced).

    Values become part of the document as they are, not copied.

    Raises:
        PatchFailed: when an operation does not apply. What came before it has been applied.

    >>> apply({"a": 1}, [{"op": "test", "path": "/a", "value": 1}, {"op": "move", "from": "/a", "path": "/b"}])
    {'b': 1}
    """
    place: str | None = None
    parent: Document | None = None  # the map at `place`
    for operation in operations:
        # What most operations are: add or replace a value of a map that is there, next to that of the one before.
        if operation.__class__ is dict:
            op: Any = operation.get("op")
            path: Any = operation.get("path")
            if (op == "add" or op == "replace") and path.__class__ is str and "value" in operation:  # noqa: PLR1714
                found, last = _split(path) if len(path) < _LONG else _split.__wrapped__(path)
                if found != place:
                    place, parent = found, None if found is None else _map_at(document, found)
                if parent is not None and (op == "add" or last in parent):
                    parent[last] = operation["value"]
                    continue
        place = parent = None
        document = _apply(document, operation)
    return document


@lru_cache(maxsize=1024)
def _split(path: str) -> tuple[str | None, str]:
    """Where the value at `path` stands, and under which key; None where that is malformed."""
    found, _, last = path.rpartition("/")
    return (found, _unescaped(last)) if path[:1] == "/" else (None, "")


def _map_at(document: Any, path: str) -> Document | None:
    """The map at `path`, if it is easily found."""
    for part in _parts(path):
        if document.__class__ is dict:
            document = document.get(part)
        elif document.__class__ is list and (index := _INDEXES.get(part, sys.maxsize)) < len(document):
            document = document[index]
        else:
            return None
    return document if document.__class__ is dict else None


def _apply(document: Any, operation: Mapping[str, Any]) -> Any:
    try:
        op, path = operation["op"], operation["path"]
        parts = _parts(path)
        if op in ("add", "replace"):
            return _placed(document, parts, operation["value"], path, must_exist=op == "replace")
        if op == "remove":
            return _taken(document, parts, path)[0]
        if op == "test":
            if not same(_get(document, parts, path), operation["value"]):
                raise PatchFailed(f"{path} is not what the test says")
            return document
        if op == "copy":
            value = copied(_get(document, _parts(operation["from"]), operation["from"]))
            return _placed(document, parts, value, path, must_exist=False)
        if op == "move":
            return _move(document, operation["from"], path)
    except (KeyError, TypeError, AttributeError) as error:
        raise PatchFailed(f"a JSON patch operation is malformed: {error!r}") from None
    raise PatchFailed(f"{op!r} is not an operation of a JSON patch; use add, remove, replace, move, copy or test")


def _move(document: Any, source: str, target: str) -> Any:
    if target.startswith(f"{source}/"):
        raise PatchFailed(f"{source} cannot be moved into itself")
    rest, value = _taken(document, _parts(source), source)
    return _placed(rest, _parts(target), value, target, must_exist=False)


def _parts(path: str) -> list[str]:
    if path == "":
        return []
    if not path.startswith("/"):
        raise PatchFailed(f"the path {path!r} does not begin with /")
    parts = path[1:].split("/")
    return list(map(_unescaped, parts)) if "~" in path else parts


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _get(document: Any, parts: list[str], path: str) -> Any:
    for part in parts:
        try:
            document = document[part] if document.__class__ is dict else document[_index(part, document, path)]
        except KeyError:
            raise PatchFailed(f"{path} is not there: no {part!r}") from None
    return document


def _index(part: str, items: Any, path: str, *, end: int = 0) -> int:
    """The index of `items` that `part` is; `end` more than its last one may be it too."""
    if items.__class__ is not list:
        raise PatchFailed(f"{path} is not there: {part!r} of what is neither map nor list")
    last = len(items) - 1 + end
    if not (part.isascii() and part.isdigit()) or (part[0] == "0" and part != "0") or len(part) > 9 or int(part) > last:
        raise PatchFailed(f"{path}: {part!r} is no index of the list")
    return int(part)


def _placed(document: Any, parts: list[str], value: Any, path: str, *, must_exist: bool) -> Any:
    if not parts:
        return value
    last = parts.pop()
    parent = _get(document, parts, path)
    if parent.__class__ is dict:
        if must_exist and last not in parent:
            raise PatchFailed(f"{path} is not there to be replaced")
        parent[last] = value
    elif parent.__class__ is list:
        if must_exist:
            parent[_index(last, parent, path)] = value
        else:
            parent.insert(len(parent) if last == "-" else _index(last, parent, path, end=1), value)
    else:
        raise PatchFailed(f"{path}: its parent is neither map nor list")
    return document


def _taken(document: Any, parts: list[str], path: str) -> tuple[Any, Any]:
    if not parts:
        return None, document
    parent, last = _get(document, parts[:-1], path), parts[-1]
    if parent.__class__ is dict:
        if last not in parent:
            raise PatchFailed(f"{path} is not there to be removed")
        return document, parent.pop(last)
    if parent.__class__ is list:
        return document, parent.pop(_index(last, parent, path))
    raise PatchFailed(f"{path}: its parent is neither map nor list")


def merge(target: Any, patch: Any) -> Any:
    """Merge `patch` into `target` in place (RFC 7386): maps merge, None deletes, anything else replaces.

    >>> merge({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": 4}})
    {'b': {'c': 4, 'd': 3}}
    """
    if patch.__class__ is not dict:
        return patch
    if target.__class__ is not dict:
        target = {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif value.__class__ is dict:
            target[key] = merge(target.get(key), value)
        else:
            target[key] = value
    return target

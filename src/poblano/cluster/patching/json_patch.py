"""JSON patches (RFC 6902), as the API server and its webhooks apply them, which is not always to the letter.

A replace of a map's key that is not there adds it, a list takes negative indices, a copy of a missing key is null.

Source: k8s.io/apiserver/pkg/endpoints/handlers/patch.go; evanphx/json-patch v4, patch.go
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from poblano.cluster import field_errors
from poblano.cluster.patching.go_values import json_kind
from poblano.cluster.status import StatusError, bad_request, invalid
from poblano.core.jsonvalue import Document, as_list, as_map, copied, same

MAX_OPERATIONS: Final = 10_000
"""maxJSONPatchOperations."""

MAX_COPIED: Final = 3 * 1024 * 1024
"""How much copy operations may copy in all: JSONPatchMaxCopyBytes."""

_FIELDS: Final = ("op", "path", "from", "value")
_MISSING: Final[Any] = object()
_NO_OBJECT: Final = (
    "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct "
    '{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)


class DoesNotApply(Exception):
    """An operation does not fit the document; the message is the API server's library's own."""


def json_patch(original: Document, operations: object) -> Document:
    """A new document. `original` stays as it is.

    Raises:
        StatusError: 400 for what is no JSON patch, 413 for one of too many operations, 422 where it does not apply.

    >>> json_patch({"a": 1}, [{"op": "add", "path": "/b", "value": 2}])
    {'a': 1, 'b': 2}
    """
    checked = _checked(operations)
    if len(checked) > MAX_OPERATIONS:
        allowed = f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(checked)}"
        raise StatusError(413, "RequestEntityTooLarge", f"Request entity too large: {allowed}")
    try:
        patched = as_map(apply_operations(copied(original), checked))
    except DoesNotApply:
        text = "the server rejected our request due to an error in our request"
        raise StatusError(422, "Invalid", text, details={}) from None
    if patched is None:
        raise invalid("", "", [field_errors.invalid("patch", "[]", _NO_OBJECT)])
    return patched


def _checked(operations: object) -> list[Document]:
    found = as_list(operations)
    if found is None:
        raise _undecodable(f"cannot unmarshal {json_kind(operations)} into Go value of type []handlers.jsonPatchOp")
    for operation in found:
        fields = as_map(operation)
        if fields is None:
            raise _undecodable(f"cannot unmarshal {json_kind(operation)} into Go value of type handlers.jsonPatchOp")
        for name in ("op", "path", "from"):
            if fields.get(name) is not None and not isinstance(fields[name], str):
                kind = json_kind(fields[name])
                raise _undecodable(f"cannot unmarshal {kind} into Go struct field jsonPatchOp.{name} of type string")
    return found


def _undecodable(text: str) -> StatusError:
    return bad_request(f"error decoding patch: json: {text}")


def unknown_fields(operations: Sequence[Mapping[str, Any]]) -> list[str]:
    """What field validation says of operations with fields that are none.

    >>> unknown_fields([{"op": "add", "path": "/a", "value": 1, "x": 2}])
    ['json patch unknown field "[0].x"']
    """
    return [
        f'json patch unknown field "[{index}].{name}"'
        for index, operation in enumerate(operations)
        for name in operation
        if name not in _FIELDS
    ]


def apply_operations(document: Any, operations: Sequence[Mapping[str, Any]]) -> Any:
    """Apply operations in place, and return the document (a new one where the whole is replaced).

    Raises:
        DoesNotApply: one does not fit; those before it are applied.
    """
    copied_bytes = 0
    for operation in operations:
        op, path = operation.get("op"), operation.get("path") or ""
        if op in ("add", "remove"):
            holder, key = _place(document, path, f"{op} operation does not apply: doc is missing path: {path!r}")
            _add(holder, key, copied(operation.get("value"))) if op == "add" else _remove(holder, key)
        elif op == "replace":
            document = _replace(document, path, copied(operation.get("value")))
        elif op == "test":
            _test(document, path, operation.get("value"))
        elif op in ("move", "copy"):
            value = _taken(document, operation.get("from") or "", op)
            if op == "copy":
                value = copied(value)
                copied_bytes += len(orjson.dumps(value))
                if copied_bytes > MAX_COPIED:
                    raise DoesNotApply(
                        f"Unable to complete the copy, the accumulated size increase of copy is {copied_bytes}"
                    )
            holder, key = _place(
                document, path, f"{op} operation does not apply: doc is missing destination path: {path}"
            )
            _add(holder, key, value)
        else:
            raise DoesNotApply(f"Unexpected kind: {op}")
    return document


def _place(document: Any, path: str, otherwise: str) -> tuple[Any, str]:
    """The map or list that holds what `path` names, and its key there."""
    parts = path.split("/")
    if len(parts) < 2:
        raise DoesNotApply(otherwise)
    for part in parts[1:-1]:
        try:
            document = _get(document, _unescaped(part))
        except DoesNotApply:
            document = None
        if document is None or document is _MISSING:
            raise DoesNotApply(otherwise)
    if document.__class__ not in (dict, list):
        raise DoesNotApply(otherwise)
    return document, _unescaped(parts[-1])


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _get(holder: Any, key: str) -> Any:
    if holder.__class__ is dict:
        return holder.get(key, _MISSING)
    if holder.__class__ is not list:
        raise DoesNotApply(f"{key!r} is looked for in what is neither map nor list")
    return holder[_index(key, len(holder))]


def _index(key: str, size: int) -> int:
    try:
        index = int(key)
    except ValueError:
        raise DoesNotApply(f'strconv.Atoi: parsing "{key}": invalid syntax') from None
    if not -size <= index < size:
        raise DoesNotApply(f"Unable to access invalid index: {index}")
    return index + size if index < 0 else index


def _add(holder: Any, key: str, value: Any) -> None:
    if holder.__class__ is dict:
        holder[key] = value
    elif key == "-":
        holder.append(value)
    else:
        holder.insert(_index(key, len(holder) + 1), value)


def _remove(holder: Any, key: str) -> Any:
    if holder.__class__ is dict:
        if key not in holder:
            raise DoesNotApply(f"Unable to remove nonexistent key: {key}")
        return holder.pop(key)
    return holder.pop(_index(key, len(holder)))


def _replace(document: Any, path: str, value: Any) -> Any:
    if path == "":
        if value.__class__ not in (dict, list):
            raise DoesNotApply("replace operation value must be object or array")
        return value
    holder, key = _place(document, path, f"replace operation does not apply: doc is missing path: {path}")
    if holder.__class__ is dict:
        holder[key] = value
    else:
        holder[_index(key, len(holder))] = value
    return document


def _taken(document: Any, path: str, op: str) -> Any:
    holder, key = _place(document, path, f"{op} operation does not apply: doc is missing from path: {path}")
    if op == "move":
        return _remove(holder, key)
    value = _get(holder, key)
    return None if value is _MISSING else value


def _test(document: Any, path: str, value: Any) -> None:
    if path == "":
        there = document
    else:
        holder, key = _place(document, path, f"test operation does not apply: doc is missing path: {path}")
        there = _get(holder, key)
    if not same(None if there is _MISSING else there, value):
        raise DoesNotApply(f"testing path {path} failed")

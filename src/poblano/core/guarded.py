"""What the API server alone writes into an object: a rule that changes it has made a mistake, and is told.

``metadata.uid``, ``resourceVersion`` and ``managedFields``; and ``status``, where that is written through a subresource of
its own. A changed uid or resourceVersion is answered with a conflict, managedFields are mixed up, and a status is dropped
without a word. What a rule merely leaves out, as one does that puts another object in the place, stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import orjson

from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import Document, as_map
from poblano.core.patch import Operation

_METADATA: Final = ("uid", "resourceVersion", "managedFields")
_STATUS: Final = "/status"
_PATHS: Final = (*(f"/metadata/{key}" for key in _METADATA), _STATUS)


class Guard:
    """The guarded parts of an object as it came, to hold what rules make of it against.

    >>> guard = Guard({"metadata": {"uid": "1"}, "status": {"phase": "Running"}})
    >>> guard.check({"metadata": {}, "status": {"phase": "Running"}}, status=True)
    >>> guard.check({"metadata": {"uid": "2"}}, status=True)
    Traceback (most recent call last):
    poblano.core.errors.MalformedObject: it changes metadata.uid, which only the API server sets; leave it as it is
    """

    __slots__ = ("_written",)

    def __init__(self, document: Document) -> None:
        self._written = _written(document)

    def check(self, document: Document, *, status: bool) -> None:
        """See that nothing of it has changed. `document` is plain JSON.

        Raises:
            MalformedObject: it has; names the field.
        """
        written = _written(document)
        if written == self._written:
            return
        for path, before, after in zip(_PATHS, _read(self._written), _read(written), strict=True):
            if after is not None and after != before and (path != _STATUS or status):
                raise _trespass(path)


_read: Final = msgspec.json.Decoder(list[Any]).decode


def _written(document: Document) -> bytes:
    """The guarded parts, null where there is none: one call for all, as each rule that changes something costs one."""
    metadata: Document = as_map(document.get("metadata")) or {}
    look_up = metadata.get
    parts = (look_up("uid"), look_up("resourceVersion"), look_up("managedFields"), document.get("status"))
    try:
        return orjson.dumps(parts)
    except TypeError:  # an integer beyond 64 bits
        return msgspec.json.encode(parts)


def checked(patch: Sequence[Operation], *, status: bool) -> Sequence[Operation]:
    """A rule's `patch`, but for what takes a guarded part away.

    Raises:
        MalformedObject: it changes one; names it.
    """
    if _passes_by(patch):
        return patch
    for operation in patch:
        path = _guarded(operation["path"], status=status)
        if path is not None and (operation["op"], operation["path"]) != ("remove", path):
            raise _trespass(path)
    return harmless(patch, status=status)


def harmless(patch: Sequence[Operation], *, status: bool) -> Sequence[Operation]:
    """`patch`, but for all that concerns a guarded part."""
    if _passes_by(patch):
        return patch
    kept = [operation for operation in patch if _guarded(operation["path"], status=status) is None]
    return patch if len(kept) == len(patch) else kept


def _passes_by(patch: Sequence[Operation]) -> bool:
    """Whether a quick look shows that no guarded part is concerned, as nearly always."""
    for operation in patch:
        if operation["path"].startswith(_PATHS):
            return False
    return True


def _guarded(path: str, *, status: bool) -> str | None:
    if not path.startswith(_PATHS) or (path.startswith(_STATUS) and not status):
        return None
    return next((guarded for guarded in _PATHS if path == guarded or path.startswith(f"{guarded}/")), None)


def _trespass(path: str) -> MalformedObject:
    if path == _STATUS:
        return MalformedObject(
            'it changes status, which the API server takes from its subresource alone; write for_subresource("status")'
        )
    field = path[1:].replace("/", ".")
    return MalformedObject(f"it changes {field}, which only the API server sets; leave it as it is")

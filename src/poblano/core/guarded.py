"""What the API server alone writes into an object: a rule that changes it has made a mistake, and is told.

``metadata.uid``, ``resourceVersion`` and ``managedFields``; and ``status``, where that is written through a subresource of
its own. A changed uid or resourceVersion is answered with a conflict, managedFields are mixed up, and a status is dropped
without a word. What a rule merely leaves out, as one does that puts another object in the place, stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

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

    __slots__ = ("_parts",)

    def __init__(self, document: Document) -> None:
        self._parts = {path: msgspec.json.encode(value) for path, value in _parts(document)}

    def check(self, document: Document, *, status: bool) -> None:
        """See that nothing of it has changed.

        Raises:
            MalformedObject: it has; names the field.
        """
        for path, value in _parts(document):
            before = self._parts.get(path)
            encoded = msgspec.json.encode(value)
            if encoded == before or (path == _STATUS and not status):
                continue
            if before is None or msgspec.json.decode(before) != msgspec.json.decode(encoded):
                raise _trespass(path)


def _parts(document: Document) -> list[tuple[str, Any]]:
    metadata: Mapping[str, Any] = as_map(document.get("metadata")) or {}
    found = [(f"/metadata/{key}", value) for key in _METADATA if (value := metadata.get(key)) is not None]
    if (status := document.get("status")) is not None:
        found.append((_STATUS, status))
    return found


def checked(patch: Sequence[Operation], *, status: bool) -> Sequence[Operation]:
    """A rule's `patch`, but for what takes a guarded part away.

    Raises:
        MalformedObject: it changes one; names it.
    """
    for operation in patch:
        path = _guarded(operation["path"], status=status)
        if path is not None and (operation["op"], operation["path"]) != ("remove", path):
            raise _trespass(path)
    return harmless(patch, status=status)


def harmless(patch: Sequence[Operation], *, status: bool) -> Sequence[Operation]:
    """`patch`, but for all that concerns a guarded part."""
    kept = [operation for operation in patch if _guarded(operation["path"], status=status) is None]
    return patch if len(kept) == len(patch) else kept


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

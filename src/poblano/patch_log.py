"""What a review changed, for its log line and for ``poblano monitor``: where, and the value only where it gives nothing away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import orjson

from poblano.core.patch import Operation
from poblano.redaction import is_secret_key, redacted, text

LONGEST: Final = 20
"""Operations that are told; of more, how many there are."""

WITHHELD: Final = "(withheld)"

_VALUE_LIMIT: Final = 120
_FEW: Final = 8
"""How many texts a map may hold to be remembered."""
_SIGNS: Final = {"add": "+", "replace": "~"}
_BELOW_THESE: Final = frozenset({"data", "stringData", "binaryData", "env", "args", "command", "httpHeaders"})
"""Below these are values that a user chose for a program, and some of them are passwords."""


def patch_lines(patch: Sequence[Operation], *, secret: bool = False) -> list[str]:
    """A line for each operation: its sign, its path, its value.

    Args:
        patch: the operations.
        secret: whether the object is a Secret, of which no value is told.

    >>> patch_lines([{"op": "add", "path": "/metadata/labels/tier", "value": "data"}, {"op": "remove", "path": "/spec/nodeName"}])
    ['+ /metadata/labels/tier: "data"', '- /spec/nodeName']
    >>> patch_lines([{"op": "replace", "path": "/data/password", "value": "hunter2"}])
    ['~ /data/password: (withheld)']
    """
    lines = [_line(operation, secret=secret) for operation in patch[:LONGEST]]
    return lines if len(patch) <= LONGEST else [*lines, f"… {len(patch) - LONGEST} more"]


def _line(operation: Operation, *, secret: bool) -> str:
    path: str = operation["path"]
    if operation["op"] == "remove":
        return f"- {_path(path)}"
    value = operation.get("value")
    sign = _SIGNS.get(operation["op"], "~")
    if secret:
        return f"{sign} {_path(path)}: {WITHHELD}"
    written = _short(value)
    if written is None or len(path) > _VALUE_LIMIT:
        return _told(sign, path, value)
    return _remembered(sign, path, written)


def _short(value: Any) -> bytes | None:
    """A short text, or a short map of texts, as JSON; None for all else."""
    if value.__class__ is dict:
        if len(value) > _FEW or not all(one.__class__ is str for one in value.values()):
            return None
    elif value.__class__ is not str or len(value) > _VALUE_LIMIT:
        return None
    try:
        written = orjson.dumps(value)
    except TypeError:  # no Unicode
        return None
    return written if len(written) <= 2 * _VALUE_LIMIT else None


@lru_cache(1024)
def _remembered(sign: str, path: str, written: bytes) -> str:
    """`_told`: the same rules set the same labels of one object after the other."""
    return _told(sign, path, orjson.loads(written))


def _told(sign: str, path: str, value: Any) -> str:
    return f"{sign} {_path(path)}: {_value(path, value)}"


def _path(path: str) -> str:
    return text(path, 2 * _VALUE_LIMIT)


def _value(path: str, value: Any) -> str:
    parts = path.split("/")
    if not _BELOW_THESE.isdisjoint(parts) or any(map(is_secret_key, parts)):
        return WITHHELD
    if isinstance(value, str):
        return orjson.dumps(text(value, _VALUE_LIMIT)).decode()
    if isinstance(value, dict | list):
        return text(orjson.dumps(redacted(_without(value))).decode(), _VALUE_LIMIT)
    return orjson.dumps(redacted(value)).decode()  # which makes a text of a number that has no room in 64 bits


def _without(value: Any) -> Any:
    """`value` without what stands under the names that tell of secrets."""
    if isinstance(value, dict):
        return {key: WITHHELD if key in _BELOW_THESE else _without(part) for key, part in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_without(part) for part in value]  # pyright: ignore[reportUnknownVariableType]
    return value

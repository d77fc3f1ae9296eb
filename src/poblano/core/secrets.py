"""A Secret's values as text and as bytes, while the document keeps them as they are on the wire.

Nothing is touched that is not assigned: a value in a base64 spelling of its own keeps it, a Secret without data gets none.

>>> data = {"data": {"user": "YWRtaW4"}}
>>> text = SecretText(lambda: data["data"], lambda: data["data"])
>>> text["user"]
'admin'
>>> text["user"] = "admin"
>>> data
{'data': {'user': 'YWRtaW4'}}
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import Document


class SecretBytes(MutableMapping[str, bytes]):
    """The values of a Secret as bytes. Assigning encodes; what is not assigned is not changed."""

    __slots__ = ("_find", "_make")

    def __init__(self, find: Callable[[], Document], make: Callable[[], Document]) -> None:
        self._find = find
        self._make = make

    def __getitem__(self, key: str) -> bytes:
        return _decoded(key, self._find()[key])

    def __setitem__(self, key: str, value: bytes) -> None:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"the value of {key!r} is {type(value).__name__}, not bytes; use .text for text")
        old = self._find().get(key)
        if old is not None and _try_decoded(old) == bytes(value):
            return
        self._make()[key] = base64.b64encode(value).decode("ascii")

    def __delitem__(self, key: str) -> None:
        del self._find()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._find())

    def __len__(self) -> int:
        return len(self._find())

    def __contains__(self, key: object) -> bool:
        return key in self._find()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self)} values>"


class SecretText(MutableMapping[str, str]):
    """The values of a Secret as text. Reading one that is not UTF-8 is an error; assigning encodes."""

    __slots__ = ("_bytes",)

    def __init__(self, find: Callable[[], Document], make: Callable[[], Document]) -> None:
        self._bytes = SecretBytes(find, make)

    def __getitem__(self, key: str) -> str:
        try:
            return self._bytes[key].decode()
        except UnicodeDecodeError:
            raise MalformedObject(f"the value of {key!r} is not text; read it with .bytes") from None

    def __setitem__(self, key: str, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"the value of {key!r} is {type(value).__name__}, not str; use .bytes for bytes")
        self._bytes[key] = value.encode()

    def __delitem__(self, key: str) -> None:
        del self._bytes[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._bytes)

    def __len__(self) -> int:
        return len(self._bytes)

    def __contains__(self, key: object) -> bool:
        return key in self._bytes

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self)} values>"


def _decoded(key: str, value: Any) -> bytes:
    found = _try_decoded(value)
    if found is None:
        raise MalformedObject(f"the value of {key!r} is not base64")
    return found


def _try_decoded(value: Any) -> bytes | None:
    """Go's decoder ignores line breaks, and some writers leave out the padding; anything else that is not base64 is None."""
    if not isinstance(value, str):
        return None
    value = value.replace("\n", "").replace("\r", "")
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None

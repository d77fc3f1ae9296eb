"""What of an object's metadata decides whether a rule applies, and is changed most: read without decoding the rest.

>>> Metadata.exactly(b'{"metadata": {"labels": {"tier": "data"}}, "spec": {}}').labels
{'tier': 'data'}
"""

from __future__ import annotations

from typing import Self

import msgspec

from poblano.core.jsonvalue import Document, as_map
from poblano.core.review import decode


class Metadata(msgspec.Struct, rename="camel", gc=False):
    """Part of an object's metadata. Nobody changes the maps in it."""

    name: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    deletion_timestamp: str | None = None

    @classmethod
    def exactly(cls, raw: msgspec.Raw | bytes) -> Self | None:
        """That of the object in `raw`; None where it has none, or one that no API server would have let through."""
        try:
            return _partial.decode(raw).metadata  # type: ignore[return-value]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    @classmethod
    def tolerantly(cls, raw: msgspec.Raw | bytes) -> Self:
        """That of the object in `raw`: what is readable counts, the rest is absent.

        Raises:
            MalformedReview: when `raw` is something else than an object.
        """
        metadata = as_map((decode(raw) or {}).get("metadata")) or {}
        name, deleted = metadata.get("name"), metadata.get("deletionTimestamp")
        return cls(
            name=name if isinstance(name, str) else None,
            labels=_strings(as_map(metadata.get("labels"))),
            annotations=_strings(as_map(metadata.get("annotations"))),
            deletion_timestamp=deleted if isinstance(deleted, str) else None,
        )


def _strings(found: Document | None) -> dict[str, str]:
    return {key: value for key, value in (found or {}).items() if isinstance(value, str)}


class _Partial(msgspec.Struct, gc=False):
    metadata: Metadata | None = None


_partial = msgspec.json.Decoder(_Partial)

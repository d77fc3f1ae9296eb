"""How much of an object a cache keeps: all but what nobody reads, or its metadata.

``managedFields`` are a third of many an object, and few rules look at them: they are dropped unless a cache is to keep
them. Nothing is decoded for that but the maps on the way to what is dropped.

>>> FULL.covers(METADATA), METADATA.covers(FULL), FULL.covers(EVERY_FIELD)
(True, False, False)
>>> pod = msgspec.json.decode(b'{"metadata":{"name":"web","managedFields":[]},"spec":{}}', type=Parts)
>>> FULL.kept(pod), METADATA.kept(pod)
(b'{"metadata":{"name":"web"},"spec":{}}', b'{"metadata":{"name":"web"}}')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

Path: TypeAlias = tuple[str, ...]
"""The keys of the maps on the way to a value."""

Parts: TypeAlias = dict[str, msgspec.Raw]
"""A map whose values are not decoded."""

MANAGED_FIELDS: Final[Path] = ("metadata", "managedFields")
"""Who wrote which field."""

LAST_APPLIED: Final[Path] = ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
"""The object once more, as ``kubectl apply`` was given it."""

PARTIAL: Final = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"
"""apimachinery: metav1.PartialObjectMetadata and PartialObjectMetadataList; a server that has neither sends all, and what is
not wanted is dropped here."""

_ENVELOPE: Final = ("apiVersion", "kind", "metadata")

_parts = msgspec.json.Decoder(Parts)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Projection:
    """What is kept of an object.

    Args:
        metadata_only: ask the server for the metadata alone, and keep that.
        without: what is dropped besides.
    """

    metadata_only: bool = False
    without: frozenset[Path] = frozenset({MANAGED_FIELDS})

    def covers(self, other: Projection) -> bool:
        """Whether all that `other` keeps is kept by this, too."""
        return self.metadata_only <= other.metadata_only and self.without <= other.without

    def accept(self, *, listing: bool) -> dict[str, str]:
        """The headers of a request, for a list or else for a watch or an object."""
        return {"Accept": PARTIAL.format("List" if listing else "")} if self.metadata_only else {}

    def kept(self, parts: Parts, metadata: Parts | None = None) -> bytes:
        """The object as it is to be kept.

        Args:
            parts: all of it, by key; it may be changed.
            metadata: its metadata, by key, where somebody has decoded it already; that may be changed, too.
        """
        if self.metadata_only:
            parts = {key: parts[key] for key in _ENVELOPE if key in parts}
        for path in self.without:
            if metadata is None or path[0] != "metadata":
                _drop(parts, path)
            elif _drop(metadata, path[1:]):
                parts["metadata"] = msgspec.Raw(_encode(metadata))
        return _encode(parts)

    def __str__(self) -> str:
        kept = "metadata" if self.metadata_only else "all"
        return kept if MANAGED_FIELDS in self.without else f"{kept} and managedFields"


FULL: Final = Projection()
"""All but ``managedFields``."""

METADATA: Final = Projection(metadata_only=True)
"""The metadata alone, and the server sends no more; without ``managedFields``."""

EVERY_FIELD: Final = Projection(without=frozenset())
"""All that the server sends."""


def decoded(raw: msgspec.Raw | bytes) -> Parts:
    """The values of a map, not decoded.

    Raises:
        msgspec.DecodeError: it is no map.
    """
    return _parts.decode(raw)


def trimmed(document: Mapping[str, object], projection: Projection) -> bytes:
    """The same of an object that is decoded, which is not changed."""
    return projection.kept(decoded(_encode(document)))


def _drop(parts: Parts, path: Path) -> bool:
    """Leave out what is at the path; whether there was anything."""
    first, rest = path[0], path[1:]
    if not rest:
        return parts.pop(first, None) is not None
    try:
        inner = decoded(parts[first]) if first in parts else {}
    except msgspec.DecodeError:  # null, or what no API server sends
        return False
    if not _drop(inner, rest):
        return False
    parts[first] = msgspec.Raw(_encode(inner))
    return True

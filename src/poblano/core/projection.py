"""How much of an object a cache keeps: all but what nobody reads, or its metadata.

``managedFields`` are a third of many an object, and no rule of ours looks at them: they are dropped unless a cache is to
keep them.

>>> FULL.covers(METADATA), METADATA.covers(FULL)
(True, False)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PARTIAL_OBJECT: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""apimachinery: metav1.PartialObjectMetadata, for a watch and an object."""

PARTIAL_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""apimachinery: metav1.PartialObjectMetadataList, for a list."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What is kept of an object.

    Args:
        metadata_only: ask the server for the metadata alone, and keep that.
        managed_fields: keep ``metadata.managedFields``.
    """

    metadata_only: bool = False
    managed_fields: bool = False

    def covers(self, other: Projection) -> bool:
        """Whether all that `other` keeps is kept by this, too."""
        whole = other.metadata_only or not self.metadata_only
        return whole and (self.managed_fields or not other.managed_fields)

    def __str__(self) -> str:
        kept = "metadata" if self.metadata_only else "all"
        return f"{kept} with managedFields" if self.managed_fields else kept


FULL: Final = Projection()
"""All but ``managedFields``."""

METADATA: Final = Projection(metadata_only=True)
"""The metadata alone, of which the server sends no more."""

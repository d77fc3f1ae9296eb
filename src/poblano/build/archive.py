"""The module's code as one file, the same bytes for the same source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Archive:
    """The code, as it travels.

    Args:
        data: a gzipped tar.
        sha256: of `data`, in hex.
    """

    data: bytes
    sha256: str

"""CustomResourceDefinitions: what makes one valid, and what becomes of the objects of the kinds that they define.

`CustomKind` is a definition at work; `definition` and `conditions` are about the definition itself.
"""

from __future__ import annotations

from poblano.cluster.custom.kind import CustomKind

__all__ = ["CustomKind"]

"""Tables: what `kubectl get` prints, computed by the server as the real one computes it."""

from __future__ import annotations

from poblano.cluster.tables.custom import CustomColumn, custom_columns
from poblano.cluster.tables.table import IncludeObject, include_object, metadata_only, table

__all__ = ["CustomColumn", "IncludeObject", "custom_columns", "include_object", "metadata_only", "table"]

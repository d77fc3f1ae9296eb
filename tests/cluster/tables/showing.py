"""The cells of one object of a kind."""

from __future__ import annotations

from typing import Any

from poblano.cluster.resources import built_in_resources
from poblano.cluster.tables import table

NOW = "2026-01-31T12:00:00Z"
THEN = "2026-01-31T11:00:00Z"
Cases = list[tuple[str, dict[str, Any], list[Any]]]


def cells(path: str, **fields: Any) -> list[Any]:
    """The cells of an object named "x", an hour old."""
    resource = next(one for one in built_in_resources() if f"{one.api_version}/{one.plural}" == path)
    metadata = {"name": "x", "creationTimestamp": THEN, **fields.pop("metadata", {})}
    (row,) = table(resource, [{"metadata": metadata, **fields}], now=NOW)["rows"]
    found: list[Any] = row["cells"]
    return found


def named(cases: Cases) -> list[str]:
    """A name for each case."""
    return [f"{index}-{case[0]}" for index, case in enumerate(cases)]

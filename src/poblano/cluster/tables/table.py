"""A Table: what `kubectl get` asks for instead of the objects themselves.

Source: k8s.io/apiserver/pkg/endpoints/handlers/response.go (asTable), pkg/registry/rest/table.go
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, NamedTuple

from poblano.cluster.resources import Resource
from poblano.cluster.status import bad_request
from poblano.cluster.tables.cells import PRINTERS
from poblano.cluster.tables.cells.fields import Printer, at, mapping, name
from poblano.cluster.tables.cells.governing import flow_order
from poblano.cluster.tables.cells.pods import row_conditions
from poblano.cluster.tables.cells.workloads import scale
from poblano.cluster.tables.columns import built_in_columns, scale_columns
from poblano.cluster.tables.custom import CustomColumn, custom_cells, custom_definitions
from poblano.cluster.tables.durations import moment
from poblano.core.jsonvalue import Document

IncludeObject = Literal["None", "Metadata", "Object"]
_INCLUDED: Final[Mapping[str, IncludeObject]] = {
    "": "Metadata",
    "None": "None",
    "Metadata": "Metadata",
    "Object": "Object",
}


class _Layout(NamedTuple):
    columns: list[Document]
    cells: Printer
    generic: bool = False


def include_object(value: str) -> IncludeObject:
    """The query parameter of that name; empty is Metadata.

    Raises:
        StatusError: 400 for any other word.
    """
    if value not in _INCLUDED:
        why = f"includeObject: Invalid value: \"{value}\": must be 'Metadata', 'Object', 'None', or empty"
        raise bad_request(f"Unable to convert to Table as requested: {why}")
    return _INCLUDED[value]


def table(
    resource: Resource,
    objects: Sequence[Document],
    *,
    include_object: IncludeObject = "Metadata",
    list_metadata: Document | None = None,
    now: str,
    columns: Sequence[CustomColumn] | None = None,
    subresource: str = "",
    headers: bool = True,
    version: str = "v1",
) -> Document:
    """The objects as a Table; nothing of them is changed.

    Args:
        resource: what they are.
        objects: a whole list, or the one that was asked for, or that of a watch event.
        include_object: how much of each goes along with its row.
        list_metadata: a list's own metadata; None for a single object.
        now: the time that ages are reckoned to, "2026-01-31T12:00:00Z".
        columns: those of a custom kind; None for built-in kinds.
        subresource: "scale" prints Scales.
        headers: False from the second event of a watch on: the client knows the columns by then.
        version: of meta.k8s.io, "v1" or "v1beta1".
    """
    layout, time = _layout(resource, columns, subresource), moment(now) or datetime.now(UTC)
    if resource.plural == "flowschemas" and list_metadata is not None:
        objects = sorted(objects, key=flow_order)
    rows = [_row(one, layout.cells(one, time), include_object, version) for one in objects]
    if (resource.group, resource.plural) == ("", "pods"):
        rows = [_concluded(row, one) for row, one in zip(rows, objects, strict=True)]
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": _single(objects) if list_metadata is None else list_metadata,
        "columnDefinitions": layout.columns if headers else None,
        "rows": None if layout.generic and not rows else rows,
    }


def metadata_only(one: Document, version: str = "v1") -> Document:
    """The PartialObjectMetadata of an object.

    >>> metadata_only({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": {}})
    {'kind': 'PartialObjectMetadata', 'apiVersion': 'meta.k8s.io/v1', 'metadata': {'name': 'a'}}
    """
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": mapping(one, "metadata"),
    }


def _layout(resource: Resource, columns: Sequence[CustomColumn] | None, subresource: str) -> _Layout:
    if subresource == "scale":
        return _Layout(scale_columns(), scale)
    if columns is not None:
        return _Layout(custom_definitions(columns), partial(custom_cells, columns))
    definitions = built_in_columns(resource.group, resource.version, resource.plural)
    printer = PRINTERS.get((resource.group, resource.plural))
    if printer is None:
        return _Layout(definitions, _generic, generic=True)
    return _Layout(definitions, printer)


def _generic(one: Document, now: datetime) -> list[Any]:
    return [name(one), at(one, "metadata", "creationTimestamp") or "0001-01-01T00:00:00Z"]


def _row(one: Document, cells: list[Any], include_object: IncludeObject, version: str) -> Document:
    return {"cells": cells, "object": _included(one, include_object, version)}


def _concluded(row: Document, one: Document) -> Document:
    conditions = row_conditions(one)
    return {"cells": row["cells"], "conditions": conditions, "object": row["object"]} if conditions else row


def _included(one: Document, include_object: IncludeObject, version: str) -> Document | None:
    if include_object == "None":
        return None
    return one if include_object == "Object" else metadata_only(one, version)


def _single(objects: Sequence[Document]) -> Document:
    found = at(objects[0], "metadata", "resourceVersion") if objects else None
    return {"resourceVersion": found} if found else {}

"""The columns of custom kinds: what a CustomResourceDefinition's additionalPrinterColumns show.

Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from poblano.cluster.tables.cells.fields import name
from poblano.cluster.tables.columns import age_column, name_column
from poblano.cluster.tables.durations import human_duration, moment
from poblano.core.jsonvalue import Document

Find = Callable[[Document], Sequence[Any]]
"""What a column's JSONPath finds in an object: nothing, or the values it names."""


@dataclass(frozen=True, slots=True)
class CustomColumn:
    """One column of a custom kind.

    Args:
        name: its heading.
        type: "string", "integer", "number", "boolean" or "date".
        find: its JSONPath, ready to be asked.
        description: what it means.
        format: "name", "date-time", …; empty for none.
        priority: 0 is shown always, more only in the wide output.
    """

    name: str
    type: str
    find: Find
    description: str = ""
    format: str = ""
    priority: int = 0

    def definition(self) -> Document:
        """The column as a Table names it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


class Printed(Protocol):
    """What of a custom kind a table needs: its additionalPrinterColumns."""

    def columns(self, version: str) -> Sequence[Document]:
        """As the definition has them, in one version."""
        ...


def custom_columns(kind: Printed, version: str) -> tuple[CustomColumn, ...]:
    """The columns that a version of a custom kind asks for; its age where it asks for none."""
    from poblano.cluster.custom.jsonpath import jsonpath

    defined = kind.columns(version)
    if not defined:
        return (CustomColumn("Age", "date", jsonpath(".metadata.creationTimestamp"), age_column()["description"]),)
    return tuple(_column(one, jsonpath(one["jsonPath"])) for one in defined)


def _column(one: Document, find: Find) -> CustomColumn:
    about = one.get("description") or f"Custom resource definition column (in JSONPath format): {one['jsonPath']}"
    return CustomColumn(one["name"], one["type"], find, about, one.get("format") or "", one.get("priority") or 0)


def custom_definitions(columns: Sequence[CustomColumn]) -> list[Document]:
    """The columnDefinitions of a custom kind."""
    return [name_column(), *(column.definition() for column in columns)]


def custom_cells(columns: Sequence[CustomColumn], one: Document, now: datetime) -> list[Any]:
    """The cells of one custom object."""
    return [name(one), *(_cell(column, one, now) for column in columns)]


def _cell(column: CustomColumn, one: Document, now: datetime) -> Any:
    found = column.find(one)
    if not found:
        return None
    value = found[0]
    return _printed(value) if column.type == "string" else _typed(column.type, value, now)


def _printed(value: Any) -> str:
    """A value as Go's JSONPath prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _escaped(orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())
    return _float(value) if isinstance(value, float) else str(value)


def _escaped(text: str) -> str:
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _float(value: float) -> str:
    """As Go's %v writes it: 2.5, 3, 1e+21."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)


def _typed(kind: str, value: Any, now: datetime) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer":
        return int(value) if is_number else None
    if kind == "number":
        return value if is_number else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    return _date(value, now) if kind == "date" and isinstance(value, str) else None


def _date(value: str, now: datetime) -> str:
    then = moment(value)
    if value in ("", "null"):
        return "<unknown>"
    return "<invalid>" if then is None else human_duration((now - then).total_seconds())

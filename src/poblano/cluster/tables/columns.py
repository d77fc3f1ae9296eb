"""Which columns a built-in kind is printed with."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from poblano.core.jsonvalue import Document

NAME: Final = "v1/configmaps"
"""A kind whose first column is the name and whose last is the age, as of every kind that has both."""

_SCALE: Final = (
    ("Desired", "integer", "replicas is the desired number of instances for the scaled object."),
    ("Available", "integer", "replicas is the actual number of observed instances of the scaled object."),
)


@cache
def _all() -> dict[str, list[Document]]:
    packed = files("poblano.cluster").joinpath("data", "columns.json.gz").read_bytes()
    return msgspec.json.decode(gzip.decompress(packed), type=dict[str, list[Document]])


def built_in_columns(group: str, version: str, plural: str) -> list[Document]:
    """A kind's columnDefinitions; those of the generic table for a kind that has none of its own.

    >>> [column["name"] for column in built_in_columns("", "v1", "namespaces")]
    ['Name', 'Status', 'Age']
    """
    api_version = f"{group}/{version}" if group else version
    return _all().get(f"{api_version}/{plural}") or _all()["v1/limitranges"]


def name_column() -> Document:
    """The column that every table begins with."""
    return _all()[NAME][0]


def age_column() -> Document:
    """The column that most tables have."""
    return _all()[NAME][-1]


def scale_columns() -> list[Document]:
    """The columns of the scale subresource."""
    counts = [
        {"name": name, "type": kind, "format": "", "description": text, "priority": 0} for name, kind, text in _SCALE
    ]
    return [name_column(), *counts, age_column()]

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from poblano.cluster.resources import Resource, built_in_resources
from poblano.cluster.tables import table

RECORDED: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "kubernetes-1.36" / "tables.json").read_text()
)
NOW = "2026-01-31T12:00:00Z"
EXTRA_CELL = {"ipaddresses"}  # the real server prints their age without a column for it


def resource(path: str) -> Resource:
    return next(one for one in built_in_resources() if f"{one.api_version}/{one.plural}" == path)


@pytest.mark.parametrize("path", RECORDED)
def test_every_kind_has_the_recorded_columns_and_a_cell_for_each(path: str) -> None:
    one = {"metadata": {"name": "x", "creationTimestamp": NOW}}
    made = table(resource(path), [one], now=NOW)
    assert made["columnDefinitions"] == RECORDED[path]
    extra = path.rpartition("/")[2] in EXTRA_CELL
    cells = made["rows"][0]["cells"]
    assert len(cells) - extra == len(RECORDED[path])
    named = next(i for i, column in enumerate(RECORDED[path]) if column["format"] == "name")
    assert cells[named] == "x"


@pytest.mark.parametrize("path", RECORDED)
def test_an_object_of_nothing_but_null_fields_is_printed_too(path: str) -> None:
    empty = {"metadata": None, "spec": None, "status": None}
    (row,) = table(resource(path), [empty], now=NOW)["rows"]
    assert len(row["cells"]) >= len(RECORDED[path])


@pytest.mark.parametrize("path", RECORDED)
def test_cells_have_the_types_that_their_columns_announce(path: str) -> None:
    made = table(resource(path), [{"metadata": {"name": "x"}, "spec": {"suspend": True}}], now=NOW)
    kinds = {"integer": int, "boolean": (bool, str)}
    for cell, column in zip(made["rows"][0]["cells"], made["columnDefinitions"], strict=False):
        if column["type"] in kinds:
            assert isinstance(cell, kinds[column["type"]]), column["name"]


def test_every_served_kind_that_can_be_listed_prints() -> None:
    listed = [one for one in built_in_resources() if "list" in one.verbs]
    assert listed
    for one in listed:
        rows = table(one, [{"metadata": {"name": "x"}}], now=NOW)["rows"]
        assert "x" in rows[0]["cells"], one

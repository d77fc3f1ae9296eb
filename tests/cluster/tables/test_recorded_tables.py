from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from poblano.cluster.resources import Registry, Resource
from poblano.cluster.tables import custom_columns, metadata_only, table

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "conformance" / "kubernetes-1.36"
NOW = "2026-11-22T23:02:49Z"
Step = dict[str, Any]


def tables(recording: str) -> list[tuple[Step, dict[str, Step]]]:
    """Each recorded Table, and the objects as they were created or last changed before, by uid."""
    objects: dict[str, Step] = {}
    found: list[tuple[Step, dict[str, Step]]] = []
    for step in json.loads((RECORDINGS / recording).read_text())["steps"]:
        body = step["response"]["body"]
        if not isinstance(body, dict):
            continue
        if body.get("kind") == "Table":
            found.append((step, dict(objects)))
        elif "uid" in body.get("metadata", {}):
            objects[body["metadata"]["uid"]] = body
    return found


def resource(path: str) -> Resource:
    parts = path.strip("/").split("/")
    group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
    plural = rest[2] if len(rest) > 2 else rest[0]
    found = Registry().find(group, version, plural)
    assert found is not None
    return found


@pytest.mark.parametrize(("step", "objects"), tables("tables.json"))
def test_a_table_is_the_recorded_one(step: Step, objects: dict[str, Step]) -> None:
    recorded = step["response"]["body"]
    shown = [objects[row["object"]["metadata"]["uid"]] for row in recorded["rows"]]
    single = len(shown) == 1 and recorded["metadata"] == {"resourceVersion": shown[0]["metadata"]["resourceVersion"]}
    made = table(
        resource(step["request"]["path"]), shown, list_metadata=None if single else recorded["metadata"], now=NOW
    )
    assert made == recorded
    assert list(made) == list(recorded)


class Carts:
    """The kind of the recording."""

    def columns(self, version: str) -> list[dict[str, Any]]:
        return [
            {"name": "Owner", "type": "string", "jsonPath": ".spec.owner"},
            {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
        ]


@pytest.mark.parametrize(("step", "objects"), tables("custom-resources.json"))
def test_a_custom_kind_s_table_is_the_recorded_one(step: Step, objects: dict[str, Step]) -> None:
    recorded = step["response"]["body"]
    carts = Resource("shop.example.com", "v1", "carts", "cart", "Cart", "CartList", namespaced=True, verbs=("list",))
    columns = custom_columns(Carts(), "v1")
    shown = [{**objects[row["object"]["metadata"]["uid"]]} for row in recorded["rows"]]
    made = table(carts, shown, list_metadata=recorded["metadata"], now=NOW, columns=columns)
    assert made["columnDefinitions"] == recorded["columnDefinitions"]
    assert [row["cells"] for row in made["rows"]] == [row["cells"] for row in recorded["rows"]]
    assert [row["object"] for row in made["rows"]] == [metadata_only(one) for one in shown]

from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.resources import Resource
from poblano.cluster.tables import custom_columns, table

NOW = "2026-01-31T12:00:00Z"
CART = Resource("shop.example.com", "v1", "carts", "cart", "Cart", "CartList", namespaced=True, verbs=("get",))


class Kind:
    def __init__(self, *columns: dict[str, Any]) -> None:
        self._columns = columns

    def columns(self, version: str) -> list[dict[str, Any]]:
        return list(self._columns)


def printed(value: Any, kind: str = "string") -> Any:
    """The cell of `.spec.value`."""
    column = {"name": "Value", "type": kind, "jsonPath": ".spec.value"}
    one = {"metadata": {"name": "x"}, "spec": {"value": value}}
    made = table(CART, [one], now=NOW, columns=custom_columns(Kind(column), "v1"))
    return made["rows"][0]["cells"][1]


@pytest.mark.parametrize(
    ("value", "kind", "cell"),
    [
        ("a", "string", "a"),
        (3, "string", "3"),
        (True, "string", "true"),
        (2.5, "string", "2.5"),
        (2.0, "string", "2"),
        (None, "string", "<no value>"),
        (["b", "a"], "string", '["b","a"]'),
        ({"b": 1, "a": "<&>"}, "string", '{"a":"\\u003c\\u0026\\u003e","b":1}'),
        (3, "integer", 3),
        (3.9, "integer", 3),
        ("3", "integer", None),
        (True, "integer", None),
        (2.5, "number", 2.5),
        ("2.5", "number", None),
        (False, "boolean", False),
        ("false", "boolean", None),
        ("2026-01-31T11:00:00Z", "date", "60m"),
        ("yesterday", "date", "<invalid>"),
        ("", "date", "<unknown>"),
        (7, "date", None),
        (None, "date", None),
    ],
)
def test_a_value_is_shown_by_its_column_s_type(value: Any, kind: str, cell: Any) -> None:
    assert printed(value, kind) == cell


def test_what_is_not_there_is_an_empty_cell() -> None:
    column = {"name": "Value", "type": "string", "jsonPath": ".spec.value"}
    made = table(CART, [{"metadata": {"name": "x"}}], now=NOW, columns=custom_columns(Kind(column), "v1"))
    assert made["rows"][0]["cells"] == ["x", None]


def test_a_column_says_where_its_value_comes_from_unless_it_is_described() -> None:
    plain = {"name": "A", "type": "string", "jsonPath": ".spec.a"}
    told = {
        "name": "B",
        "type": "integer",
        "format": "int32",
        "jsonPath": ".b",
        "description": "So many.",
        "priority": 1,
    }
    name, first, second = table(CART, [], now=NOW, columns=custom_columns(Kind(plain, told), "v1"))["columnDefinitions"]
    assert name["format"] == "name"
    about = "Custom resource definition column (in JSONPath format): .spec.a"
    assert first == {"name": "A", "type": "string", "format": "", "description": about, "priority": 0}
    assert second == {"name": "B", "type": "integer", "format": "int32", "description": "So many.", "priority": 1}


def test_a_kind_without_columns_shows_its_age() -> None:
    one = {"metadata": {"name": "x", "creationTimestamp": "2026-01-31T11:59:00Z"}}
    made = table(CART, [one], now=NOW, columns=custom_columns(Kind(), "v1"))
    assert [(column["name"], column["type"]) for column in made["columnDefinitions"]] == [
        ("Name", "string"),
        ("Age", "date"),
    ]
    assert made["rows"][0]["cells"] == ["x", "60s"]

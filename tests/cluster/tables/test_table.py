from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.resources import Registry, Resource
from poblano.cluster.status import StatusError
from poblano.cluster.tables import include_object, table

NOW = "2026-01-31T12:00:00Z"
OBJECT = {
    "kind": "ConfigMap",
    "apiVersion": "v1",
    "metadata": {"name": "a", "resourceVersion": "7"},
    "data": {"k": "v"},
}


def resource(plural: str, group: str = "") -> Resource:
    found = Registry().find(group, "v1", plural)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("None", None),
        ("Object", OBJECT),
        ("Metadata", {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": OBJECT["metadata"]}),
        ("", {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": OBJECT["metadata"]}),
    ],
)
def test_a_row_carries_as_much_of_its_object_as_is_asked_for(asked: str, shown: Any) -> None:
    made = table(resource("configmaps"), [OBJECT], include_object=include_object(asked), now=NOW)
    assert made["rows"] == [{"cells": ["a", 1, "<unknown>"], "object": shown}]


def test_any_other_amount_is_refused() -> None:
    with pytest.raises(StatusError) as refused:
        include_object("All")
    assert refused.value.code == 400
    assert refused.value.message == (
        'Unable to convert to Table as requested: includeObject: Invalid value: "All": '
        "must be 'Metadata', 'Object', 'None', or empty"
    )


def test_the_columns_are_told_in_the_first_event_of_a_watch_only() -> None:
    first = table(resource("configmaps"), [OBJECT], now=NOW)
    later = table(resource("configmaps"), [OBJECT], now=NOW, headers=False)
    assert [column["name"] for column in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert later == {**first, "columnDefinitions": None}


def test_a_list_s_table_has_the_list_s_metadata_and_an_object_s_its_version() -> None:
    assert table(resource("configmaps"), [OBJECT], now=NOW)["metadata"] == {"resourceVersion": "7"}
    metadata = {"resourceVersion": "9", "continue": "x"}
    assert table(resource("configmaps"), [], list_metadata=metadata, now=NOW)["metadata"] == metadata


def test_nothing_to_list_is_no_rows_and_null_in_the_generic_table() -> None:
    assert table(resource("configmaps"), [], list_metadata={}, now=NOW)["rows"] == []
    roles = resource("roles", "rbac.authorization.k8s.io")
    assert table(roles, [], list_metadata={}, now=NOW)["rows"] is None


def test_old_clients_get_the_version_they_ask_for() -> None:
    made = table(resource("configmaps"), [OBJECT], now=NOW, version="v1beta1")
    assert made["apiVersion"] == made["rows"][0]["object"]["apiVersion"] == "meta.k8s.io/v1beta1"


def test_a_scale_is_printed_as_one() -> None:
    scale = {"metadata": {"name": "d", "creationTimestamp": NOW}, "spec": {"replicas": 3}, "status": {"replicas": 2}}
    made = table(resource("deployments", "apps"), [scale], now=NOW, subresource="scale")
    assert [column["name"] for column in made["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert made["rows"][0]["cells"] == ["d", 3, 2, "0s"]

"""Owners of the number of replicas, seen through the scale subresource."""

from __future__ import annotations

from poblano.cluster.managed import parent_entries, scale_entries
from poblano.core.jsonvalue import Document

VERSION = "apps/v1"


def entry(
    manager: str, fields: Document, *, operation: str = "Update", version: str = VERSION, time: str = "t"
) -> Document:
    found: Document = {
        "manager": manager,
        "operation": operation,
        "apiVersion": version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    return {**found, "time": time} if time else found


REPLICAS: Document = {"f:spec": {"f:replicas": {}}}


def names(entries: list[Document]) -> list[tuple[str, str, Document]]:
    return [(one["manager"], one["apiVersion"], one["fieldsV1"]) for one in entries]


def test_a_scale_shows_the_owners_of_replicas_and_nobody_else() -> None:
    parent = [entry("a", {"f:spec": {"f:paused": {}, "f:replicas": {}}}), entry("b", {"f:spec": {"f:paused": {}}})]
    assert names(scale_entries(parent)) == [("a", "autoscaling/v1", REPLICAS)]


def test_replicas_may_be_elsewhere_in_a_custom_kind() -> None:
    parent = [entry("a", {"f:spec": {"f:size": {"f:wanted": {}}}})]
    assert names(scale_entries(parent, ".spec.size.wanted")) == [("a", "autoscaling/v1", REPLICAS)]
    back = parent_entries(parent, [entry("b", REPLICAS, version="autoscaling/v1")], VERSION, ".spec.size.wanted")
    assert names(back) == [("b", VERSION, {"f:spec": {"f:size": {"f:wanted": {}}}})]


def test_who_scales_takes_the_replicas_and_has_no_time() -> None:
    parent = [entry("a", {"f:spec": {"f:paused": {}, "f:replicas": {}}})]
    back = parent_entries(parent, [{**entry("b", REPLICAS, version="autoscaling/v1"), "subresource": "scale"}], VERSION)
    assert names(back) == [("b", VERSION, REPLICAS), ("a", VERSION, {"f:spec": {"f:paused": {}}})]
    assert "time" not in back[0]
    assert back[0]["subresource"] == "scale"


def test_who_had_nothing_but_replicas_is_gone_and_who_keeps_them_stays() -> None:
    parent = [entry("a", REPLICAS), entry("b", REPLICAS, operation="Apply")]
    back = parent_entries(parent, [entry("b", REPLICAS, operation="Apply", version="autoscaling/v1")], VERSION)
    assert back == [parent[1]]


def test_owners_that_cannot_be_read_are_none() -> None:
    assert scale_entries([{"manager": "x"}]) == []
    assert parent_entries(None, None, VERSION) == []


def test_a_scale_that_changes_nothing_leaves_the_owners_as_they_were() -> None:
    parent = [entry("a", {"f:spec": {"f:paused": {}, "f:replicas": {}}})]
    assert parent_entries(parent, scale_entries(parent), VERSION) == parent

from __future__ import annotations

from typing import Any

import pytest

from poblano import AdmissionRequest, Decision, MalformedObject, MutateRequest, ValidateRequest, a, document
from poblano.core.jsonvalue import copied
from poblano.core.review import read
from tests.core.driving import POD, review


def mutate(obj: Any = None, **request: Any) -> MutateRequest[a.Pod]:
    made = copied(POD if obj is None else obj)
    return MutateRequest(read(review(made, **request)).request, a.Pod, made)


def test_raw_is_a_view_of_the_object():
    request = mutate()
    request.raw.spec.containers[0].image = "pg:17"

    assert type(request.raw) is a.Pod
    assert request.raw.spec.containers[0].image == "pg:17"


def test_raw_can_be_replaced_by_a_view_or_a_mapping():
    request = mutate()
    request.raw = a.Pod(metadata={"name": "x"})
    assert request.raw.metadata.name == "x"

    request.raw = {"metadata": {"name": "y"}}  # type: ignore[assignment]
    assert request.raw.metadata.name == "y"
    with pytest.raises(MalformedObject, match="must be an object, not list"):
        request.raw = []  # type: ignore[assignment]


def test_the_old_object_is_there_when_there_is_one():
    assert mutate(old=POD, operation="UPDATE").old_resource == POD
    assert mutate().old_resource is None


@pytest.mark.parametrize(
    ("metadata", "name", "expected"),
    [
        ({"name": "db"}, "db", "db"),
        ({"name": "db"}, "", "db"),
        ({"generateName": "db-"}, "", "db-"),
        ({"name": "other"}, "pod-of-a-subresource", "pod-of-a-subresource"),
        ({}, "", ""),
    ],
)
def test_a_request_has_the_best_name_there_is(metadata: Any, name: str, expected: str):
    assert mutate({"metadata": metadata}, name=name).name == expected


def test_marks_are_set_removed_and_told():
    request = mutate({"metadata": {"labels": {"empty": ""}}})
    chained = request.set_label("a", "1").set_annotation("b", "2").remove_label("empty").remove_annotation("none")

    assert chained is request
    assert (request.has_label("a"), request.has_label("empty"), request.has_annotation("b")) == (True, False, True)
    assert document(request.raw) == {"metadata": {"labels": {"a": "1"}, "annotations": {"b": "2"}}}


def test_removing_what_is_absent_makes_nothing():
    request = mutate({"metadata": {}})
    request.remove_label("x").remove_annotation("y")

    assert document(request.raw) == {"metadata": {}}


def test_an_empty_label_is_a_label_and_can_be_removed():
    request = mutate({"metadata": {"labels": {"x": ""}}})

    assert request.has_label("x")
    assert not request.remove_label("x").has_label("x")


@pytest.mark.parametrize("value", [float("nan"), object(), "\ud800"])
def test_a_mark_that_is_no_json_is_refused_at_once(value: Any):
    with pytest.raises(MalformedObject):
        mutate().set_label("x", value)
    with pytest.raises(MalformedObject):
        mutate().set_annotation("x", value)


def test_merging_deletes_with_none_and_takes_views():
    request = mutate({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"hostNetwork": True}})
    request.merge({"metadata": {"labels": {"a": None, "c": "3"}}}).merge(a.Pod.of({"spec": {"nodeName": "n"}}))

    assert document(request.raw) == {
        "metadata": {"labels": {"b": "2", "c": "3"}},
        "spec": {"hostNetwork": True, "nodeName": "n"},
    }
    with pytest.raises(MalformedObject, match="takes a mapping or a view, not list"):
        request.merge([])  # type: ignore[arg-type]


def test_what_is_merged_stays_its_owners():
    part = {"spec": {"nodeSelector": {"a": "1"}}}
    request = mutate({})
    request.merge(part).raw.spec.node_selector["b"] = "2"

    assert part == {"spec": {"nodeSelector": {"a": "1"}}}


def test_a_validate_request_decides():
    request = ValidateRequest(AdmissionRequest("u", "CREATE"), a.Pod, {})

    assert request.approve() == Decision(True)
    assert request.approve(["careful"]).warnings == ("careful",)
    assert request.deny("no", 409, ["w"]) == Decision(False, "no", 409, ("w",))
    assert request.deny() == Decision(False, "", 403)


def test_a_repr_names_the_request_and_shows_no_data():
    request = mutate({"kind": "Pod", "metadata": {"name": "db", "namespace": "shop", "labels": {"hunter2": ""}}})

    assert repr(request) == "<MutateRequest CREATE Pod shop/db>"


# ------------------------------------------------------------------------------------------------ secrets


def secret(data: Any = None) -> MutateRequest[a.Secret]:
    obj = {"kind": "Secret", "metadata": {"name": "s"}} | ({} if data is None else {"data": data})
    return MutateRequest(read(review(obj)).request, a.Secret, obj)


def test_a_secret_reads_as_text_and_as_bytes():
    request = secret({"user": "YWRtaW4=", "raw": "/w==", "e": "w6k="})

    assert (request.text["user"], request.bytes["raw"], request.text["e"]) == ("admin", b"\xff", "é")
    assert document(request.raw)["data"] == {"user": "YWRtaW4=", "raw": "/w==", "e": "w6k="}
    assert list(request.text) == list(request.bytes) == ["user", "raw", "e"]
    assert "admin" not in repr(request.text)


def test_what_is_no_text_is_read_as_bytes():
    with pytest.raises(MalformedObject, match=r"the value of 'raw' is not text; read it with .bytes"):
        _ = secret({"raw": "/w=="}).text["raw"]
    with pytest.raises(MalformedObject, match="the value of 'raw' is not base64"):
        _ = secret({"raw": "?"}).bytes["raw"]


def test_writing_encodes_and_touches_nothing_else():
    request = secret({"a": "YQ", "b": "Yg=="})
    request.text["b"] = "é"
    request.bytes["c"] = b"\x00"
    request.text["a"] = "a"  # the same value, spelt otherwise

    assert document(request.raw)["data"] == {"a": "YQ", "b": "w6k=", "c": "AA=="}


def test_reading_a_secret_without_data_makes_none():
    request = secret()

    assert dict(request.text) == {}
    assert "x" not in request.text
    assert "data" not in document(request.raw)
    request.text["x"] = "y"
    assert document(request.raw)["data"] == {"x": "eQ=="}
    del request.text["x"]
    assert document(request.raw)["data"] == {}


def test_the_types_of_values_are_checked():
    with pytest.raises(TypeError, match=r"use .bytes for bytes"):
        secret().text["x"] = b"y"  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"use .text for text"):
        secret().bytes["x"] = "y"  # type: ignore[assignment]


def test_only_a_secret_has_text():
    with pytest.raises(MalformedObject, match=r"only a Secret has .text and .bytes; this is a Pod: use .raw"):
        _ = mutate().text["x"]


def test_a_request_can_be_made_of_an_object_for_a_unit_test():
    pod = a.Pod.of(copied(POD))
    made = MutateRequest.of(pod, user="alice", groups=["admins"], dry_run=True)
    asked = made.request

    assert type(made.raw) is a.Pod
    assert (made.raw, made.old_resource, made.name, made.namespace, made.is_dry_run) == (pod, None, "db", "shop", True)
    assert (asked.operation, asked.kind.kind, asked.resource.resource) == ("CREATE", "Pod", "pods")
    assert (asked.user_info.username, asked.user_info.groups) == ("alice", ("admins",))
    assert asked.object == POD
    made.set_label("tier", "other")
    assert pod == POD


def test_a_made_request_knows_what_there_was_before():
    old, new = a.Pod(metadata={"name": "db"}), a.Pod(metadata={"name": "db", "labels": {"a": "b"}})
    updated = ValidateRequest.of(new, old=old)
    deleted = ValidateRequest.of(old, operation="DELETE")

    assert (updated.request.operation, updated.raw, updated.old_resource) == ("UPDATE", new, old)
    assert (deleted.request.object, deleted.raw, deleted.old_resource) == (None, old, old)


@pytest.mark.parametrize("kind", [MutateRequest, ValidateRequest])
def test_a_request_can_be_made_of_any_kind(kind: Any):
    unicorn = a.GenericKind.of({"apiVersion": "pepr.dev/v1", "kind": "Unicorn", "metadata": {"name": "u"}})
    asked = kind.of(unicorn, subresource="status").request

    assert (asked.kind.group, asked.kind.version, asked.kind.kind) == ("pepr.dev", "v1", "Unicorn")
    assert (asked.resource.resource, asked.sub_resource) == ("unicorns", "status")
    assert kind.of(a.Namespace(metadata={"name": "shop"})).namespace == "shop"
    with pytest.raises(MalformedObject, match=r"does not say what it is; give it an apiVersion"):
        kind.of(a.GenericKind.of({"metadata": {}}))
    with pytest.raises(MalformedObject, match=r"takes an object, not dict; write a.Pod"):
        kind.of({"metadata": {}})
    with pytest.raises(MalformedObject, match=r'the operation is .create.; write operation="CREATE"'):
        kind.of(a.Pod(), operation="create")


@pytest.mark.parametrize(("key", "value"), [("tier", 1), ("tier", None), ("tier", True), (1, "tier"), ("é", b"x")])
def test_a_label_and_an_annotation_are_text(key: Any, value: Any):
    with pytest.raises(MalformedObject, match=r"a label is text, not .*; write str\(...\) around it"):
        mutate().set_label(key, value)
    with pytest.raises(MalformedObject, match=r"an annotation is text, not "):
        mutate().set_annotation(key, value)

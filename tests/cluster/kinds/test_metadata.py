"""Metadata is judged alike for every kind."""

from __future__ import annotations

import pytest

from poblano.cluster.kinds import metadata, names, strategy
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import created, updated, with_revision


def config_map(**meta: object) -> Document:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "n", **meta}}


def wrong_with(obj: Document) -> list[str]:
    return [str(error) for error in strategy("", "ConfigMap").validate(obj)]


@pytest.mark.parametrize(
    ("meta", "start"),
    [
        ({"name": ""}, "metadata.name: Required value: name or generateName is required"),
        ({"name": "A"}, 'metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain'),
        ({"generateName": "AB-"}, 'metadata.generateName: Invalid value: "AB-": a lowercase'),
        ({"namespace": ""}, "metadata.namespace: Required value"),
        ({"namespace": "N"}, 'metadata.namespace: Invalid value: "N": a lowercase RFC 1123 label'),
        ({"generation": -1}, "metadata.generation: Invalid value: -1: must be greater than or equal to 0"),
        ({"labels": {"a b": "x"}}, 'metadata.labels: Invalid value: "a b": name part must consist of'),
        ({"labels": {"a": "x y"}}, 'metadata.labels: Invalid value: "x y": a valid label must be an empty string or'),
        ({"annotations": {"a b": "x"}}, 'metadata.annotations: Invalid value: "a b": name part'),
        ({"annotations": {"a": "x" * 262144}}, "metadata.annotations: Too long: may not be more than 262144 bytes"),
        ({"finalizers": ["a b/c"]}, 'metadata.finalizers: Invalid value: "a b/c": prefix part'),
        (
            {"finalizers": ["hold"]},
            (
                'metadata.finalizers[0]: Invalid value: "hold": name is neither a standard finalizer name nor is it fully '
                "qualified"
            ),
        ),
        (
            {"finalizers": ["orphan", "foregroundDeletion"]},
            (
                'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and '
                "foregroundDeletion cannot be both set"
            ),
        ),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Event", "name": "e", "uid": "u"}]},
            (
                'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}: '
                "/v1, Kind=Event is disallowed from being an owner"
            ),
        ),
        (
            {"managedFields": [{"operation": "Guess"}]},
            'metadata.managedFields[0].operation: Invalid value: "Guess": must be `Apply` or `Update`',
        ),
    ],
)
def test_each_field_has_its_complaint(meta, start):
    found = wrong_with(config_map(**meta))
    assert found
    assert found[0].startswith(start)


def test_annotations_may_have_capital_letters_in_their_domain():
    assert wrong_with(config_map(annotations={"Example.com/A": ""})) == []


def test_an_owner_lacks_nothing_and_is_the_only_controller():
    owners = [{"controller": True}, {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}]
    found = wrong_with(config_map(ownerReferences=owners))
    assert [text.partition(":")[0].rpartition(".")[2] for text in found[:4]] == ["apiVersion", "kind", "name", "uid"]
    assert found[4].endswith('Found "true" in references for / and Pod/p')


def test_the_prefix_of_a_generated_name_may_end_in_a_dash():
    assert wrong_with(config_map(generateName="web-")) == []


def test_a_cluster_wide_object_has_no_namespace():
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "namespace": "x"}}
    assert [str(e) for e in strategy("", "Node").validate(node)] == [
        "metadata.namespace: Forbidden: not allowed on this type"
    ]


def test_a_complaint_about_new_metadata_comes_as_often_as_the_real_server_repeats_it():
    old = with_revision(created(config_map()))
    bad = {**old, "metadata": {**old["metadata"], "annotations": {"a~b/c": "v"}}}
    _, wrong = updated(old, bad)
    assert len(wrong) == 4
    assert len(set(wrong)) == 1


def test_no_finalizer_is_added_once_deletion_has_begun():
    old = with_revision(created(config_map(finalizers=["example.com/hold"], deletionTimestamp="t")))
    new = {**old, "metadata": {**old["metadata"], "finalizers": ["example.com/hold", "example.com/new"]}}
    _, wrong = updated(old, new)
    text = "no new finalizers can be added if the object is being deleted, found new finalizers "
    assert wrong == [f'metadata.finalizers: Forbidden: {text}[]string{{"example.com/new"}}'] * 2


@pytest.mark.parametrize("key", ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"])
def test_what_identifies_an_object_does_not_change(key):
    old = with_revision(created(config_map()))
    found = metadata.validate_update({"metadata": {**old["metadata"], key: "other"}}, old)
    assert [(error.field, error.detail) for error in found] == [(f"metadata.{key}", "field is immutable")]


def test_an_update_says_which_state_it_is_about():
    old = with_revision(created(config_map()))
    found = metadata.validate_update({"metadata": {**old["metadata"], "resourceVersion": ""}}, old)
    assert [str(error) for error in found] == [
        'metadata.resourceVersion: Invalid value: "": must be specified for an update'
    ]


def test_any_name_that_fits_a_url_is_fine_for_a_role():
    assert metadata.validate({"metadata": {"name": "system:x"}}, namespaced=False, name_rule=names.path_segment) == []

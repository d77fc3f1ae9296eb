"""Owner references."""

from __future__ import annotations

import pytest

from poblano.core.errors import MalformedObject
from poblano.core.objects import GenericKind, document
from poblano.models import a
from poblano.owners import owner_reference

OWNER = a.Deployment(metadata={"name": "shop", "uid": "1f9b"})


def test_a_reference_says_what_owns_and_nothing_that_was_not_asked_for():
    assert document(owner_reference(OWNER)) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "shop",
        "uid": "1f9b",
    }


@pytest.mark.parametrize("flag", (True, False))
def test_flags_are_written_when_given(flag):
    reference = document(owner_reference(OWNER, block_owner_deletion=flag, controller=flag))
    assert (reference["blockOwnerDeletion"], reference["controller"]) == (flag, flag)


def test_it_goes_into_the_metadata():
    child = a.ConfigMap(metadata={"name": "child"})
    child.metadata.owner_references = [owner_reference(OWNER, controller=True)]
    assert child.metadata.owner_references[0].uid == "1f9b"


def test_an_object_of_no_class_says_itself_what_it_is():
    owner = GenericKind.of({"apiVersion": "x.io/v1", "kind": "Thing", "metadata": {"name": "t", "uid": "u"}})
    assert owner_reference(owner).api_version == "x.io/v1"


@pytest.mark.parametrize(
    ("metadata", "message"),
    (({"name": "x"}, "this Pod has no uid"), ({"uid": "x"}, "this Pod has no name"), ({}, "has no name")),
)
def test_an_owner_that_the_collector_would_not_find_is_refused(metadata, message):
    with pytest.raises(MalformedObject, match=message):
        owner_reference(a.Pod(metadata=metadata))

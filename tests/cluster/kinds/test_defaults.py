"""Every recorded object of a real 1.36 comes out as it was stored there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from poblano.cluster.kinds import strategy
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import Stored, complaints, created, group_of, updated, with_revision

FIXTURE = Path(__file__).parents[2] / "fixtures" / "kubernetes-1.36" / "defaults.json"
RECORDED: list[Document] = json.loads(FIXTURE.read_text())
EACH = pytest.mark.parametrize(
    "recorded", RECORDED, ids=lambda one: f"{one['sent']['kind']}-{one['sent']['metadata']['name']}"
)
SYSTEM = {"uid", "resourceVersion", "creationTimestamp", "managedFields"}


def comparable(obj: Document) -> Document:
    """The object without what no two servers share: identifiers, times, addresses given out."""
    text = json.dumps(obj)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID", text)
    text = re.sub(r"\b10\.0\.0\.\d+", "IP", text)
    text = re.sub(r'"nodePort": \d+', '"nodePort": 0', text)
    text = re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    found = json.loads(text)
    for key in SYSTEM:
        found["metadata"].pop(key, None)
    return found


@EACH
def test_a_created_object_is_stored_as_the_real_server_stores_it(recorded):
    assert comparable(created(recorded["sent"])) == comparable(recorded["stored"])


@EACH
def test_defaulting_twice_changes_nothing(recorded):
    once = created(recorded["sent"])
    again = json.loads(json.dumps(once))
    strategy(group_of(again), again["kind"]).default(again)
    assert again == once


@EACH
def test_what_the_real_server_stored_is_already_complete(recorded):
    stored = json.loads(json.dumps(recorded["stored"]))
    strategy(group_of(stored), stored["kind"]).default(stored)
    assert stored == recorded["stored"]


@EACH
def test_what_the_real_server_accepted_is_valid(recorded):
    assert complaints(created(recorded["sent"])) == []
    assert complaints(recorded["stored"]) == []


@EACH
def test_an_update_that_changes_nothing_is_valid_and_no_new_generation(recorded):
    stored = with_revision(recorded["stored"])
    again, wrong = updated(stored, stored, Stored())
    assert wrong == []
    assert again == stored


@EACH
def test_a_status_update_that_changes_nothing_is_valid(recorded):
    stored = with_revision(recorded["stored"])
    again = json.loads(json.dumps(stored))
    kind = strategy(group_of(stored), stored["kind"])
    kind.prepare_for_status_update(again, stored)
    assert again == stored
    assert kind.validate_status_update(again, stored) == []

"""Events about objects."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.client import Resources, connect
from poblano.core.context import Running, running
from poblano.core.errors import MalformedObject
from poblano.core.objects import GenericKind, Resource, document
from poblano.events import NOTE_LIMIT, event_about, write_event
from poblano.models import a

POD = a.Pod(metadata={"name": "db", "namespace": "shop", "uid": "1f9b", "resourceVersion": "7"})
WORDS = {
    "type": "Warning",
    "reason": "Rejected",
    "note": "no tier",
    "action": "Validating",
    "reporting_controller": "shop.example.com/prices",
}


class Client:
    """Remembers what was to be created."""

    def __init__(self):
        self.created = []

    async def create(self, kind, obj, namespace="", *, dry_run=False):
        self.created.append((kind, document(obj), namespace, dry_run))
        return document(obj)


async def test_an_event_is_written_in_the_namespace_of_the_object():
    client = Client()
    stored = await write_event(POD, **WORDS, client=client)
    ((kind, event, namespace, dry_run),) = client.created
    assert (kind, namespace, dry_run) == (a.Event, "shop", False)
    assert stored is event
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event.pop("eventTime"))
    assert 0 < len(event.pop("reportingInstance")) <= 128
    assert event == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"generateName": "db-", "namespace": "shop"},
        "type": "Warning",
        "reason": "Rejected",
        "note": "no tier",
        "action": "Validating",
        "reportingController": "shop.example.com/prices",
        "regarding": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": "shop",
            "name": "db",
            "uid": "1f9b",
            "resourceVersion": "7",
        },
    }


def test_a_long_note_is_cut_where_a_character_ends():
    assert event_about(POD, **{**WORDS, "note": "é" * 600}).note == "é" * 510 + "…"


async def test_the_api_server_stores_it_and_kubectl_shows_it(control_plane):
    control_plane.kubectl("create", "namespace", "events")
    control_plane.kubectl("create", "configmap", "told", "--namespace=events")
    async with connect(control_plane.kubeconfig) as client:
        api = Resources(client)
        told = a.ConfigMap.of(await api.get(a.ConfigMap, "told", "events"))
        stored = await write_event(told, **WORDS, client=api)
        token = running.set(Running("shop", "rule", dry_run=True))
        try:
            await write_event(told, **{**WORDS, "note": "never stored"}, client=api)
        finally:
            running.reset(token)
    assert stored["metadata"]["name"].startswith("told-")
    shown = control_plane.kubectl("events", "--namespace=events", "--for=configmap/told", "--no-headers").stdout
    assert "Rejected" in shown
    assert "no tier" in shown
    assert "never stored" not in shown


async def test_in_a_dry_run_it_is_sent_as_one():
    client = Client()
    token = running.set(Running("shop", "rule", dry_run=True))
    try:
        await write_event(POD, **WORDS, client=client)
    finally:
        running.reset(token)
    assert client.created[0][3] is True


def test_an_event_about_what_has_no_namespace_is_in_default():
    event = event_about(a.Node(metadata={"name": "n1", "uid": "u"}), **WORDS)
    assert event.metadata.namespace == "default"
    assert "namespace" not in document(event)["regarding"]


def test_an_object_of_no_class_says_itself_what_it_is():
    thing = GenericKind.of({"apiVersion": "x.io/v1", "kind": "Thing", "metadata": {"name": "t", "namespace": "n"}})
    assert event_about(thing, **WORDS).regarding.kind == "Thing"


@pytest.mark.parametrize(
    ("about", "changes", "message"),
    (
        (POD, {"reason": ""}, "the reason of an event is ''"),
        (POD, {"action": "x" * 129}, "the action of an event"),
        (POD, {"reporting_controller": ""}, "the reporting_controller"),
        (a.Pod(metadata={"generateName": "web-"}), {}, "this Pod has none yet"),
        (Resource(metadata={"name": "x"}), {}, "says no apiVersion and kind"),
    ),
)
def test_what_the_api_server_would_refuse_is_told_at_once(about, changes, message):
    with pytest.raises(MalformedObject, match=message):
        event_about(about, **{**WORDS, **changes})


@given(
    st.text(st.characters(), max_size=3000), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
)
def test_a_note_fits_and_a_name_is_one(note, name):
    event = event_about(a.Pod(metadata={"name": name}), **{**WORDS, "note": note})
    assert len((event.note or "").encode()) <= NOTE_LIMIT
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?-", event.metadata.generate_name)

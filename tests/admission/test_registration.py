"""Webhook configurations in a real API server: put, changed, found, and taken away by their owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from poblano.admission.registration import Registration, configuration_name
from poblano.admission.webhooks import KINDS
from poblano.client import ApiClient, Resources, connect
from poblano.core.errors import ApiError, Conflict, NotFound
from tests.client.loopback import Reply, client_of, serving, status

if TYPE_CHECKING:
    from poblano.core.binding import Phase
    from tests.control_plane import ControlPlane


def webhook(name: str) -> dict[str, Any]:
    return {
        "name": f"{name}.poblano.dev",
        "clientConfig": {"url": f"https://localhost/{name}"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothings"]}],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Ignore",
    }


def registration(client: ApiClient, uuid: str, session: str) -> Registration:
    resources = Resources(client, field_manager=f"poblano-{uuid}")
    return Registration(resources, uuid, configuration_name(uuid), {"poblano.dev/dev-session": session})


async def names(client: ApiClient, uuid: str) -> dict[Phase, list[str] | None]:
    found: dict[Phase, list[str] | None] = {}
    for phase, kind in KINDS.items():
        try:
            configuration = await Resources(client).get(kind, configuration_name(uuid))
            found[phase] = [each["name"] for each in configuration.get("webhooks", [])]
        except NotFound:
            found[phase] = None
    return found


async def test_what_is_put_is_there_and_what_is_left_out_later_is_not(control_plane: ControlPlane) -> None:
    async with connect(control_plane.kubeconfig) as client:
        mine = registration(client, "put", "mine")
        assert await mine.marks_found() is None
        await mine.put({"mutate": [webhook("a"), webhook("b")], "validate": [webhook("c")]})
        assert await names(client, "put") == {
            "mutate": ["a.poblano.dev", "b.poblano.dev"],
            "validate": ["c.poblano.dev"],
        }
        marks = await mine.marks_found()
        assert marks is not None
        assert marks["poblano.dev/dev-session"] == "mine"
        await mine.put({"mutate": [webhook("b")], "validate": []})
        assert await names(client, "put") == {"mutate": ["b.poblano.dev"], "validate": None}
        assert await mine.remove() == ["MutatingWebhookConfiguration"]
        assert await mine.remove() == []
        assert await names(client, "put") == {"mutate": None, "validate": None}


async def test_only_its_owner_takes_it_away_unless_told_otherwise(control_plane: ControlPlane) -> None:
    async with connect(control_plane.kubeconfig) as client:
        theirs = registration(client, "owner", "theirs")
        mine = registration(client, "owner", "mine")
        await theirs.put({"mutate": [], "validate": [webhook("a")]})
        assert await mine.remove() == []
        await mine.put({"mutate": [], "validate": [webhook("a")]})
        assert await theirs.remove() == [], "mine was put in the place of theirs"
        assert await theirs.remove(only_own=False) == ["ValidatingWebhookConfiguration"]


MINE = Reply(
    body={"metadata": {"uid": "u", "resourceVersion": "1", "annotations": {"poblano.dev/dev-session": "mine"}}}
)
CHANGED = Reply(409, status(409, "Conflict", "the object has been modified"))
GONE = Reply(404, status(404, "NotFound"))


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poblano.admission.registration.PAUSES", (0.0,) * 8)


async def test_what_somebody_keeps_changing_is_deleted_in_the_end(hurried: None) -> None:
    async with serving(*[MINE, CHANGED] * 8, MINE, Reply(), GONE) as server, client_of(server.url) as client:
        assert await registration(client, "busy", "mine").remove() == ["MutatingWebhookConfiguration"]


async def test_what_cannot_be_deleted_is_told_and_the_other_one_is_taken_away_all_the_same(hurried: None) -> None:
    async with serving(*[MINE, CHANGED] * 9, MINE, Reply(), GONE) as server, client_of(server.url) as client:
        with pytest.raises(Conflict, match="the object has been modified"):
            await registration(client, "busy", "mine").remove()
        assert server.asked[-1].method == "DELETE"
        assert "/validatingwebhookconfigurations/" in server.asked[-1].path


async def test_a_refusal_is_told(hurried: None) -> None:
    async with serving(Reply(403, status(403, "Forbidden"))) as server, client_of(server.url) as client:
        with pytest.raises(ApiError):
            await registration(client, "busy", "mine").remove()

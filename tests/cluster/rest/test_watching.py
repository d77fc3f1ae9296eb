"""Watches: from any moment, through any selector, and their ends."""

from __future__ import annotations

import pytest

from poblano.cluster.rest import hub
from tests.cluster.rest.asking import CONFIG_MAPS, MERGE, Asking, asking

SECRETS = "/api/v1/namespaces/default/secrets"


async def history(ask: Asking) -> list[tuple[str, str, int]]:
    """Some writes; the events that they are."""
    found: list[tuple[str, str, int]] = []
    storage = ask.cluster.storage
    storage.listen(("", "secrets"), lambda one: found.append((one.type, one.record.key.split("/")[1], one.revision)))
    for name in "abc":
        await ask.create(SECRETS, name)
    await ask("PATCH", f"{SECRETS}/b", {"data": {"k": "dg=="}}, content_type=MERGE)
    await ask("DELETE", f"{SECRETS}/a")
    await ask.create(CONFIG_MAPS, "of-another-kind")
    await ask.create(SECRETS, "d")
    return found


async def test_a_watch_resumes_from_any_revision() -> None:
    async with asking() as ask:
        start = ask.cluster.storage.revision
        happened = await history(ask)
        for since in range(start, ask.cluster.storage.revision + 1):
            expected = [(type_, name) for type_, name, revision in happened if revision > since]
            async with ask.watching(SECRETS, query={"resourceVersion": since}) as watch:
                assert await watch.some(len(expected)) == expected
                await ask("PATCH", f"{SECRETS}/c", {"data": {"k": None}}, content_type=MERGE)  # changes nothing
                await ask.create(SECRETS, f"later-{since}")
                assert await watch.some(1) == [("ADDED", f"later-{since}")]


async def test_without_a_revision_it_begins_with_what_there_is() -> None:
    async with asking() as ask:
        await history(ask)
        async with ask.watching(SECRETS) as watch:
            assert await watch.some(3) == [("ADDED", "b"), ("ADDED", "c"), ("ADDED", "d")]


async def test_initial_events_end_with_a_bookmark() -> None:
    async with asking() as ask:
        await ask.create(SECRETS, "a")
        query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
        async with ask.watching(SECRETS, query=query) as watch:
            assert await watch.some(1) == [("ADDED", "a")]
            mark = await watch.next()
            assert mark is not None
            assert mark["type"] == "BOOKMARK"
            assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
            assert mark["object"]["metadata"]["resourceVersion"] == str(ask.cluster.storage.revision)


async def test_a_selector_turns_changes_into_arrivals_and_departures() -> None:
    async with asking() as ask:
        start = ask.cluster.storage.revision
        async with ask.watching(SECRETS, query={"labelSelector": "in=yes", "resourceVersion": start}) as watch:
            await ask.create(SECRETS, "a")
            for value in ("yes", "yes-and-more", "no", "yes"):
                patch = {"metadata": {"labels": {"in": value.partition("-")[0]}, "annotations": {"n": value}}}
                await ask("PATCH", f"{SECRETS}/a", patch, content_type=MERGE)
            await ask("DELETE", f"{SECRETS}/a")
            assert [type_ for type_, _ in await watch.some(5)] == ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]


async def test_one_object_is_watched_by_its_name() -> None:
    async with asking() as ask:
        query = {"fieldSelector": "metadata.name=b", "resourceVersion": ask.cluster.storage.revision}
        async with ask.watching(SECRETS, query=query) as watch:
            await history(ask)
            assert await watch.some(2) == [("ADDED", "b"), ("MODIFIED", "b")]


async def test_too_old_a_revision_is_expired() -> None:
    async with asking() as ask:
        start = ask.cluster.storage.revision
        await history(ask)
        ask.cluster.storage.compact(ask.cluster.storage.revision)
        async with ask.watching(SECRETS, query={"resourceVersion": start}) as watch:
            (event,) = await watch.all()
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        assert ask.cluster.server.hub.count == 0


@pytest.mark.parametrize(
    "query",
    [
        {"sendInitialEvents": "true"},
        {"resourceVersionMatch": "NotOlderThan"},
        {"resourceVersionMatch": "Exact", "sendInitialEvents": "true"},
        {"timeoutSeconds": "x"},
        {"resourceVersion": "x"},
        {"labelSelector": "("},
    ],
)
async def test_options_that_make_no_sense_leave_no_watch_behind(query: dict[str, str]) -> None:
    async with asking() as ask:
        answer = await ask("GET", SECRETS, query={"watch": "1", **query})
        assert answer.status in (400, 422, 500)
        assert answer.document["kind"] == "Status"
        assert ask.cluster.server.hub.count == 0


async def test_it_ends_at_its_time() -> None:
    async with asking() as ask, ask.watching(SECRETS, query={"timeoutSeconds": 1}) as watch:
        assert await watch.all() == []
        assert ask.cluster.server.hub.count == 0


async def test_nothing_is_left_of_a_client_that_is_gone() -> None:
    async with asking() as ask:
        for _ in range(3):
            async with ask.watching(SECRETS) as watch:
                await ask("DELETE", f"{SECRETS}/a")
                await ask.create(SECRETS, "a")
                assert (await watch.some(1))[0][0] in ("ADDED", "DELETED")
                assert ask.cluster.server.hub.count == 1
            assert ask.cluster.server.hub.count == 0


async def test_a_watch_that_cannot_keep_up_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_PENDING_LIMIT", 3)
    async with asking() as ask:
        view, watcher = ask.cluster.server.hub.join(
            next(one for one in ask.cluster.registry if one.plural == "secrets"), hub.Selection()
        )
        for name in "abcde":
            await ask.create(SECRETS, name)
        assert watcher.is_ended
        ask.cluster.server.hub.leave(view, watcher)
        assert ask.cluster.server.hub.count == 0


async def test_the_watches_of_a_kind_end_with_it() -> None:
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "x.example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    async with asking() as ask:
        await ask.create(definitions, "things.x.example.com", spec=spec)
        async with ask.watching(definitions) as established:
            while event := await established.next():
                conditions = event["object"].get("status", {}).get("conditions", ())
                if any(one["type"] == "Established" and one["status"] == "True" for one in conditions):
                    break
        path = "/apis/x.example.com/v1/namespaces/default/things"
        async with ask.watching(path) as watch:
            await ask("DELETE", f"{definitions}/things.x.example.com")
            assert await watch.all() == []
        assert (await ask("GET", path)).status == 404


@pytest.mark.parametrize("form", ["Table", "PartialObjectMetadata"])
async def test_events_come_in_the_form_that_is_asked_for(form: str) -> None:
    async with asking() as ask:
        await ask.create(SECRETS, "a")
        headers = {"accept": f"application/json;as={form};v=v1;g=meta.k8s.io"}
        async with ask.watching(SECRETS, headers=headers) as watch:
            event = await watch.next()
            assert event is not None
            assert (event["type"], event["object"]["kind"]) == ("ADDED", form)

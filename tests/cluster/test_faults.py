"""What goes wrong on purpose, over a real connection."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Generator
from contextlib import closing

import pytest

from poblano.cluster.faults import Faults
from poblano.cluster.serving.served import Settings
from poblano.cluster.status import StatusError
from tests.cluster.rest.asking import CONFIG_MAPS, asking
from tests.cluster.serving_cluster import Running, running
from tests.cluster.speaking import Speaker


@pytest.fixture(scope="module")
def cluster() -> Generator[Running]:
    with running(Settings()) as found:
        yield found


@pytest.fixture
def faults(cluster: Running) -> Generator[Faults]:
    yield cluster.cluster.faults
    cleared = threading.Event()
    cluster.loop.call_soon_threadsafe(lambda: (cluster.cluster.faults.clear(), cleared.set()))
    assert cleared.wait(90), "what the next test makes would be cleared, too"


@pytest.fixture
def speak(cluster: Running) -> Generator[Speaker]:
    with closing(Speaker(cluster.url, cluster.token)) as speaker:
        yield speaker


@pytest.mark.parametrize("status", [401, 403, 404, 409, 410, 422, 429, 500, 503, 504])
def test_a_refusal_is_a_status_as_often_as_asked_for(faults: Faults, speak: Speaker, status: int) -> None:
    faults.refuse(status, times=2, plural="configmaps")
    for _ in range(2):
        reply = speak("GET", CONFIG_MAPS)
        assert reply.status == status
        assert reply.is_status
    assert speak("GET", CONFIG_MAPS).status == 200


def test_only_the_verb_and_resource_that_are_named_suffer(faults: Faults, speak: Speaker) -> None:
    faults.refuse(503, verb="create", plural="configmaps")
    assert speak("GET", CONFIG_MAPS).status == 200
    assert speak("POST", "/api/v1/namespaces/default/secrets", {"metadata": {"generateName": "s-"}}).status == 201
    assert speak("POST", CONFIG_MAPS, {"metadata": {"generateName": "c-"}}).status == 503


def test_a_torn_connection_is_torn(faults: Faults, speak: Speaker) -> None:
    faults.reset(times=1, plural="configmaps")
    with pytest.raises((OSError, http.client.HTTPException)):
        speak("GET", CONFIG_MAPS)
    assert speak("GET", CONFIG_MAPS).status == 200


def test_a_late_answer_comes(faults: Faults, speak: Speaker) -> None:
    faults.delay(0.01, times=1)
    assert speak("GET", CONFIG_MAPS).status == 200
    assert speak("GET", CONFIG_MAPS).status == 200


async def test_the_header_says_when_to_come_back() -> None:
    async with asking() as ask:
        ask.cluster.faults.refuse(429, retry_after=7, times=1)
        answer = await ask("GET", CONFIG_MAPS)
        assert (answer.status, answer.header("retry-after")) == (429, "7")


async def test_a_silent_watch_says_all_it_kept_when_it_is_heard_again() -> None:
    async with asking() as ask, ask.watching(CONFIG_MAPS, query={"fieldSelector": "metadata.name!=z"}) as watch:
        ask.cluster.faults.silence(plural="configmaps")
        await ask.create(CONFIG_MAPS, "a")
        await ask.create(CONFIG_MAPS, "b")
        ask.cluster.faults.clear()
        assert await watch.some(2) == [("ADDED", "a"), ("ADDED", "b")]


async def test_a_client_may_leave_a_silent_watch() -> None:
    async with asking() as ask:
        ask.cluster.faults.silence()
        async with ask.watching(CONFIG_MAPS, query={"resourceVersion": ask.cluster.storage.revision}):
            await ask.create(CONFIG_MAPS, "a")
        ask.cluster.faults.clear()
        assert ask.cluster.server.hub.count == 0


def test_each_fault_is_counted_by_itself() -> None:
    faults = Faults()
    faults.refuse(429, times=1, plural="pods")
    faults.refuse(500, times=1)
    found = [faults.refusal("list", plural) for plural in ("secrets", "pods", "pods")]
    assert [one.code if isinstance(one, StatusError) else None for one in found] == [500, 429, None]

"""Every case recorded from a real API server, on an embedded one that listens: the same answers, word by word."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from poblano.cluster.embedded import Cluster, Options
from poblano.cluster.serving.certificates import issue, make_authority
from poblano.cluster.serving.listener import Listener as Front
from poblano.cluster.serving.sockets import Address
from tests.cluster.webhooks.recorded import CASES, Client, comparable, play

if TYPE_CHECKING:
    from collections.abc import Iterator


async def _serve(ports: list[int], started: threading.Event, stop: asyncio.Event) -> None:
    async with Cluster(Options(admin_token="admin-token", rbac=True)) as cluster:
        front = Front(cluster.app, issue(make_authority(), ["127.0.0.1"]), Address("127.0.0.1", 0))
        async with front:
            ports.append(front.port)
            started.set()
            await stop.wait()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    ports: list[int] = []
    started, stop = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def run() -> None:
        with asyncio.Runner() as runner:
            loops.append(runner.get_loop())
            try:
                runner.run(_serve(ports, started, stop))
            finally:
                started.set()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait()
    client = Client(ports[0], "admin-token")
    try:
        yield client
    finally:
        client.close()
        loops[0].call_soon_threadsafe(stop.set)
        thread.join()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_the_embedded_server_answers_as_the_real_one_did(case, client, listener):
    got = play(case, client, listener)
    assert comparable(got, case) == comparable(case["saw"], case)


def test_the_recording_is_whole():
    assert len(CASES) == 111


RULE = {"apiVersions": ["v1"], "operations": ["*"]}


def reviews(name, client, listener, rule, *requests):
    """What a validating webhook with that rule is sent about requests in a namespace of their own."""
    hook = {"type": "V", "name": "v1", "config": {"rules": [RULE | rule]}}
    return [
        review
        for _, review in play({"namespace": name, "webhooks": [hook], "requests": requests}, client, listener)[
            "reviews"
        ]
    ]


def test_an_event_of_the_core_group_is_one_of_events_k8s_io(client, listener):
    involved = {"kind": "Pod", "name": "p", "namespace": "own-events"}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "involvedObject": involved}
    event |= {"reason": "R", "message": "m", "type": "Normal", "source": {"component": "c"}}
    step = {"method": "POST", "path": "/api/v1/namespaces/own-events/events", "body": event}
    rule = {"apiGroups": ["events.k8s.io"], "resources": ["events"]}
    [review] = reviews("own-events", client, listener, rule, step)
    assert review["kind"] == {"group": "events.k8s.io", "version": "v1", "kind": "Event"}
    assert review["requestKind"] == {"group": "", "version": "v1", "kind": "Event"}


def test_an_update_that_creates_is_reviewed_as_a_create(client, listener):
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "new"}, "spec": {}}
    path = "/apis/coordination.k8s.io/v1/namespaces/own-leases/leases/new"
    rule = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    [review] = reviews("own-leases", client, listener, rule, {"method": "PUT", "path": path, "body": lease})
    assert (review["operation"], review["options"]) == ("CREATE", "CreateOptions")

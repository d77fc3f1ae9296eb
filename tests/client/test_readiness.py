from __future__ import annotations

import pytest

from poblano import ApiError, Forbidden
from poblano.client import readiness
from poblano.client.ambient import using
from poblano.client.readiness import wait_for_cluster
from tests.client.loopback import Reply, client_of, serving, status


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(readiness, "PAUSE", 0.001)


async def test_it_waits_until_the_server_is_ready():
    starting = Reply(500, b"[-]poststarthook/rbac/bootstrap-roles failed")
    async with serving(starting, starting, Reply(200, b"ok")) as server, client_of(server.url) as client:
        with using(client):
            await wait_for_cluster()

    assert [asked.path for asked in server.asked] == ["/readyz"] * 3


async def test_what_went_wrong_last_is_raised_when_the_time_is_up(monkeypatch):
    monkeypatch.setattr(readiness, "PAUSE", 60.0)  # a machine may be slow to answer, and is asked once
    async with serving(Reply(500, b"not yet")) as server, client_of(server.url) as client:
        with pytest.raises(ApiError, match="not yet"):
            await wait_for_cluster(0.05, client=client)


async def test_a_server_that_does_not_know_us_will_not_by_waiting():
    async with serving(Reply(403, status(403, "Forbidden"))) as server, client_of(server.url) as client:
        with pytest.raises(Forbidden):
            await wait_for_cluster(client=client)

    assert len(server.asked) == 1


@pytest.mark.control_plane
async def test_a_real_one_is_ready(control_plane):
    from poblano.client import connect

    async with connect(control_plane.kubeconfig) as client:
        await wait_for_cluster(client=client)

"""Logs, from a server that writes them as a kubelet does; who has no Pods is asked of a real one."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from poblano import K8s, MalformedObject, a
from poblano.core.errors import BadRequest, ConnectionFailed, NotFound
from poblano.fluent import log_lines
from poblano.fluent.logs import LogLine
from tests.client.loopback import client_of
from tests.fluent.kubelet import Kubelet, breaking


@pytest.fixture
async def kubelet():
    return Kubelet()


@pytest.fixture
async def client(kubelet):
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", kubelet.answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with client_of(f"http://{host}:{port}") as opened:
        yield opened
    kubelet.hold.set()
    await runner.cleanup()


@pytest.fixture
def pods(client):
    return K8s(a.Pod, client=client).in_namespace("shop")


async def texts(lines):
    return [line.text async for line in lines]


async def test_each_line_says_who_wrote_it(kubelet, pods):
    kubelet.has("web", "nginx")
    kubelet.lines["web", "nginx"] = [b"one\n\ntw", b"o\nlast"]

    lines = [line async for line in pods.logs("web")]

    assert lines == [LogLine("web", "nginx", text) for text in ("one", "", "two", "last")]
    assert str(lines[0]) == "[pod/web/nginx] one"
    assert kubelet.asked == [("web", {"container": "nginx"})]


async def test_what_is_asked_for_goes_to_the_server(kubelet, pods):
    kubelet.has("web", "nginx", "other")
    kubelet.lines["web", "nginx"] = []
    then = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    options = {"container": "nginx", "previous": True, "timestamps": True, "tail": 5}
    await texts(pods.with_name("web").logs(since=timedelta(seconds=0.5), **options))
    await texts(pods.logs("web", container="nginx", since=then))

    assert kubelet.asked[0][1] == {
        "container": "nginx",
        "previous": "true",
        "timestamps": "true",
        "tailLines": "5",
        "sinceSeconds": "1",
    }
    assert kubelet.asked[1][1] == {"container": "nginx", "sinceTime": "2026-01-02T03:04:05Z"}


async def test_all_containers_of_all_pods_are_read_and_each_keeps_its_order(kubelet, client, pods):
    for name in ("web-1", "web-2"):
        kubelet.has(name, "nginx", "side")
        for container in ("nginx", "side"):
            kubelet.lines[name, container] = [f"{number}\n".encode() for number in range(300)]
    kubelet.owners["web"] = {
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
    }

    for chain in (
        K8s(a.Deployment, client=client).in_namespace("shop").with_name("web"),
        pods.with_label("app", "web"),
    ):
        by_source = {}
        async for line in chain.logs():
            by_source.setdefault((line.pod, line.container), []).append(int(line.text))
        assert set(by_source) == set(kubelet.lines)
        assert all(numbers == list(range(300)) for numbers in by_source.values())

    assert kubelet.selectors == ["app=web", "app=web"]


async def test_a_log_is_followed_until_one_has_seen_enough(kubelet, pods):
    kubelet.has("web", "nginx", "side")
    kubelet.lines["web", "nginx"] = kubelet.lines["web", "side"] = [b"one\n"]

    async with aclosing(pods.logs("web", follow=True)) as lines:
        async with asyncio.timeout(30):
            assert {(await anext(lines)).container, (await anext(lines)).container} == {"nginx", "side"}
    async with asyncio.timeout(30):
        while kubelet.left < 2:  # the server sees both connections go
            await asyncio.sleep(0.01)
            kubelet.hold.set()

    assert all(asked["follow"] == "true" for _, asked in kubelet.asked)


async def test_one_that_cannot_be_read_ends_them_all(kubelet, pods):
    kubelet.has("web", "nginx", "side")
    kubelet.lines["web", "nginx"] = [b"one\n"]

    with pytest.raises(BadRequest, match="waiting to start"):
        await texts(pods.logs("web", follow=True))
    with pytest.raises(BadRequest, match="waiting to start"):
        await texts(pods.logs("web", container="side"))
    with pytest.raises(NotFound):
        await texts(pods.logs("nobody"))


async def test_a_log_that_is_not_followed_does_not_wait_for_a_silent_server(kubelet, pods, monkeypatch):
    monkeypatch.setattr(log_lines, "SILENT_SECONDS", 0.2)
    kubelet.has("web", "nginx")
    kubelet.lines["web", "nginx"] = [b"one\n"]
    original = kubelet.log

    async def silent(request, name):
        request._rel_url = request.rel_url.update_query(follow="true")
        return await original(request, name)

    kubelet.log = silent
    lines = pods.logs("web")

    with pytest.raises(ConnectionFailed, match=r"nothing came for 0\.2 s of the log of web/nginx"):
        await texts(lines)


async def test_who_selects_no_pods_has_no_logs(kubelet, client):
    kubelet.owners["x"] = {"kind": "Service", "metadata": {"name": "x"}, "spec": {}}
    with pytest.raises(MalformedObject, match="selects no Pods"):
        await texts(K8s(a.Service, client=client).in_namespace("shop").logs("x"))
    with pytest.raises(NotFound):
        await texts(K8s(a.Service, client=client).in_namespace("shop").logs("y"))


async def test_a_log_that_is_followed_goes_on_where_its_connection_broke(kubelet, pods):
    kubelet.has("web", "nginx")
    log = [f"2026-01-01T00:00:0{number // 3}.{number % 2}Z line {number // 2}" for number in range(9)]
    breaking(kubelet, log, after=[4, 0, 5])

    assert await texts(pods.logs("web", follow=True, tail=100)) == [line.partition(" ")[2] for line in log]

    queries = [query for _, query in kubelet.asked]
    assert [query.get("sinceTime") for query in queries] == [
        None,
        "2026-01-01T00:00:01Z",
        "2026-01-01T00:00:01Z",
        "2026-01-01T00:00:02Z",
    ]
    assert [query.get("tailLines") for query in queries] == ["100", None, None, None]


async def test_the_log_of_another_pod_of_that_name_is_not_taken_for_the_one_that_is_followed(kubelet, pods):
    kubelet.has("web", "nginx")
    kubelet.pods["web"]["metadata"]["uid"] = "1"
    breaking(kubelet, ["2026-01-01T00:00:01Z one"], after=[1])
    lines = pods.logs("web", follow=True)

    assert (await anext(lines)).text == "one"
    kubelet.pods["web"]["metadata"]["uid"] = "2"
    with pytest.raises(NotFound, match="the Pod web whose log was followed is gone, and another has its name"):
        await anext(lines)


async def test_a_log_that_breaks_each_time_is_given_up(kubelet, pods, monkeypatch):
    monkeypatch.setattr(log_lines, "ATTEMPTS", 3)
    kubelet.has("web", "nginx")
    breaking(kubelet, ["2026-01-01T00:00:01Z one"], after=[1] * 9)
    lines = pods.logs("web", follow=True)

    assert (await anext(lines)).text == "one"
    with pytest.raises(ConnectionFailed, match="broke before the answer came"):
        await anext(lines)
    assert len(kubelet.asked) == 3


async def test_a_log_that_is_quiet_may_break_as_often_as_a_proxy_likes(kubelet, pods, monkeypatch):
    monkeypatch.setattr(log_lines, "ATTEMPTS", 2)
    monkeypatch.setattr(log_lines, "STEADY_SECONDS", 0)
    kubelet.has("web", "nginx")
    breaking(kubelet, ["2026-01-01T00:00:01Z one", "2026-01-01T00:00:01Z two"], after=[1] * 3)

    assert await texts(pods.logs("web", follow=True)) == ["one", "two"]


async def test_what_is_written_while_there_is_no_connection_is_not_lost_where_nothing_was_read_before(kubelet, pods):
    kubelet.has("web", "nginx")
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    breaking(kubelet, ["2026-01-01T00:00:01Z before", f"{later} meanwhile"], after=[0])

    assert await texts(pods.logs("web", follow=True, tail=0)) == ["meanwhile"]
    assert "tailLines" not in kubelet.asked[1][1]


async def test_who_may_list_pods_and_not_get_them_follows_on(kubelet, pods):
    kubelet.has("web", "nginx", app="web")
    kubelet.pods["web"]["metadata"]["uid"] = "1"
    kubelet.forbidden = True
    breaking(kubelet, ["2026-01-01T00:00:01Z one", "2026-01-01T00:00:01Z two"], after=[1, 1])
    lines = pods.with_label("app", "web").logs(follow=True)

    assert [line.text async for line in lines] == ["one", "two"]

    breaking(kubelet, ["2026-01-01T00:00:01Z one"], after=[1])
    lines = pods.with_label("app", "web").logs(follow=True)
    assert (await anext(lines)).text == "one"
    del kubelet.pods["web"]
    with pytest.raises(NotFound, match=r"the Pod web whose log was followed is gone$"):
        await anext(lines)

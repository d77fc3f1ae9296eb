from __future__ import annotations

import contextlib

import pytest

from poblano import K8s, MalformedObject, a
from poblano.core.context import Running, running
from poblano.core.errors import ApiError, NotFound, ServerError, TooManyRequests
from tests.client.loopback import Reply, client_of, serving, status

CONTAINERS = {"containers": [{"name": "one", "image": "one:1"}]}


@contextlib.contextmanager
def dry_run():
    token = running.set(Running("shop", "rule", dry_run=True))
    try:
        yield
    finally:
        running.reset(token)


async def test_a_deployment_is_scaled(client, space):
    deployments = K8s(a.Deployment, client=client).in_namespace(space)
    template = {"metadata": {"labels": {"app": "web"}}, "spec": CONTAINERS}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    made = await deployments.create({"metadata": {"name": "web"}, "spec": spec})

    dry = await deployments.scale(3, "web", dry_run=True)
    assert dry.spec.replicas == 3
    assert (await deployments.get("web")).spec.replicas == 0
    scaled = await deployments.scale(2, made)

    assert (scaled.kind, scaled.spec.replicas) == ("Scale", 2)
    assert (await deployments.get("web")).spec.replicas == 2
    await deployments.scale(0, "web")


async def test_a_kind_that_cannot_be_scaled_is_not_found(client, space):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)
    await maps.create({"metadata": {"name": "x"}})
    with pytest.raises(NotFound):
        await maps.scale(1, "x")


async def test_a_pod_is_evicted(client, space):
    pods = K8s(a.Pod, client=client).in_namespace(space)
    pod = await pods.create({"metadata": {"name": "web"}, "spec": CONTAINERS})

    await pods.evict(pod, dry_run=True)
    assert not (await pods.get("web")).metadata.deletion_timestamp
    await pods.evict(pod, grace_seconds=0)
    await pods.evict("web")

    with pytest.raises(NotFound):
        await pods.get("web")
    with pytest.raises(MalformedObject, match="cannot"):
        await K8s(a.ConfigMap, client=client).in_namespace(space).evict("x")


async def test_an_eviction_that_a_budget_forbids_says_so():
    said = status(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.")
    async with serving(Reply(429, said)) as server, client_of(server.url) as client:
        with pytest.raises(TooManyRequests, match="disruption budget"):
            await K8s(a.Pod, client=client).in_namespace("s").evict("web")

    assert len(server.asked) == 1


async def test_a_service_is_asked_through_the_api_server():
    async with serving(Reply(200, {"ready": True}), Reply(200, b"plain")) as server, client_of(server.url) as client:
        web = K8s(a.Service, client=client).in_namespace("s").with_name("web")
        assert (await web.proxy("healthz", query={"deep": "yes"})).json() == {"ready": True}
        answer = await web.proxy(
            "/a b", port="metrics", scheme="https", method="POST", body=b"x", content_type="text/x"
        )
        await K8s(a.Node, client=client).proxy("metrics", "one", port=10250)
        await K8s(a.Pod, client=client).in_namespace("s").proxy("", "db", port=8080)

    assert answer.body == b"plain"
    first, second, node, pod = server.asked
    assert first.path == "/api/v1/namespaces/s/services/web/proxy/healthz?deep=yes"
    assert second.path == "/api/v1/namespaces/s/services/https%3Aweb%3Ametrics/proxy/a%20b"
    assert (second.method, second.body, second.headers["Content-Type"]) == ("POST", b"x", "text/x")
    assert node.path == "/api/v1/nodes/one%3A10250/proxy/metrics"
    assert pod.path == "/api/v1/namespaces/s/pods/db%3A8080/proxy/"


async def test_what_the_service_itself_answers_is_not_taken_for_the_api_server():
    async with serving(Reply(404, b"no such page"), Reply(500, b"oops")) as server, client_of(server.url) as client:
        web = K8s(a.Service, client=client).in_namespace("s").with_name("web")
        with pytest.raises(NotFound, match="no such page; this is what the Service answered itself"):
            await web.proxy("x")
        with pytest.raises(ServerError, match="oops"):
            await web.proxy("x", method="POST")


async def test_a_proxied_path_does_not_lead_out_of_what_is_asked():
    async with serving() as server, client_of(server.url) as client:
        web = K8s(a.Service, client=client).in_namespace("s")
        for path, name in [("../../secrets", "web"), ("x", "web/../x"), ("x", "")]:
            with pytest.raises(MalformedObject):
                await web.proxy(path, name)
        with pytest.raises(MalformedObject, match="cannot be asked"):
            await K8s(a.ConfigMap, client=client).in_namespace("s").proxy("x", "web")
    assert server.asked == []


async def test_in_a_dry_run_only_questions_go_through():
    async with serving() as server, client_of(server.url) as client:
        web = K8s(a.Service, client=client).in_namespace("s").with_name("web")
        with dry_run():
            await web.proxy("x")
            with pytest.raises(MalformedObject, match="cannot be a dry run"):
                await web.proxy("x", method="POST")
            await K8s.raw("POST", "/apis/x", client=client)
            await K8s.raw("GET", "/apis/x", client=client)

    assert [asked.query for asked in server.asked] == [{}, {"dryRun": "All"}, {}]


async def test_anything_can_be_asked_for(client, ambient):
    with ambient():
        assert (await K8s.raw("GET", "/version")).json()["gitVersion"].startswith("v1.")
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        attributes = {"verb": "list", "resource": "pods"}
        answer = await K8s.raw(
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            body={**review, "spec": {"resourceAttributes": attributes}},
        )
        assert answer.json()["status"]["allowed"] is True
        with pytest.raises(ApiError):
            await K8s.raw("GET", "/nothing")

"""Rules and parts are functions: a test calls them, without a cluster."""

from __future__ import annotations

import asyncio
from typing import Any

import parts
import pytest
import webapps
from kinds import WebApp, WebAppSpec

from poblano import Context, ValidateRequest, a, document, kind_of


def app(name: str = "cafe", **spec: Any) -> WebApp:
    metadata = {"name": name, "namespace": "shop", "uid": "1", "generation": 3}
    return WebApp(metadata=metadata, spec=WebAppSpec.of({"theme": "dark", **spec}))


class Cluster:
    """Takes what is applied and patched, and answers with Deployments that are ready to some extent."""

    def __init__(self, ready: int) -> None:
        self.ready = ready
        self.applied: list[dict[str, Any]] = []
        self.patched: list[dict[str, Any]] = []

    async def apply(self, kind: Any, obj: dict[str, Any], namespace: str = "", **options: Any) -> dict[str, Any]:
        self.applied.append(obj)
        if kind.kind != "Deployment":
            return obj
        status = {"observedGeneration": 1, "readyReplicas": self.ready, "updatedReplicas": self.ready}
        return {**obj, "metadata": {**obj["metadata"], "generation": 1}, "status": status}

    async def patch(self, kind: Any, name: str, patch: Any, namespace: str = "", **options: Any) -> dict[str, Any]:
        self.patched.append(patch)
        return {"metadata": {"name": name}, **patch}


def reconciled(one: WebApp, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    async def listed(_: WebApp) -> None: ...

    monkeypatch.setattr(webapps, "list_in_namespace", listed)
    asyncio.run(webapps.deploy(one, Context(one, kind_of(WebApp), cluster)))


def test_a_name_that_no_service_can_have_is_refused() -> None:
    decision = webapps.fits(ValidateRequest.of(app("2nd-page")))
    assert (decision.allowed, decision.code) == (False, 422)
    assert webapps.fits(ValidateRequest.of(app("page-2", replicas=2))).allowed


def test_one_replica_is_worth_a_warning() -> None:
    assert list(webapps.fits(ValidateRequest.of(app())).warnings) == [
        "with one replica the page is away during each update"
    ]


def test_the_page_is_in_its_language_and_theme() -> None:
    page = parts.page(app(language="es", theme="light"))
    assert 'lang="es"' in page
    assert "Te damos la bienvenida a cafe" in page
    assert "background:#ffffff" in page


def test_a_new_page_makes_new_pods_and_more_replicas_do_not() -> None:
    def template(**spec: Any) -> Any:
        return document(parts.deployment(app(**spec)))["spec"]["template"]

    assert template() == template(replicas=5)
    assert template() != template(language="de")


def test_what_is_applied_belongs_to_the_webapp(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(ready=0)
    reconciled(app(), cluster, monkeypatch)
    assert [one["kind"] for one in cluster.applied] == ["ConfigMap", "Service", "Deployment"]
    for one in cluster.applied:
        assert one["metadata"]["ownerReferences"][0]["name"] == "cafe"
    (status,) = cluster.patched
    assert "spec" not in status


@pytest.mark.parametrize(("ready", "status", "reason"), [(1, "False", "Deploying"), (2, "True", "Available")])
def test_it_is_ready_when_all_pods_are(monkeypatch: pytest.MonkeyPatch, ready: int, status: str, reason: str) -> None:
    one = app(replicas=2)
    reconciled(one, Cluster(ready), monkeypatch)
    (condition,) = one.status.conditions
    assert (condition.type, condition.status, condition.reason) == ("Ready", status, reason)
    assert one.status.ready_replicas == ready
    assert one.status.observed_generation == 3


def test_a_deployment_that_nobody_has_looked_at_yet_is_not_ready() -> None:
    stale = a.Deployment(
        metadata={"generation": 2}, status={"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2}
    )
    assert webapps.ready_replicas(stale) == 0

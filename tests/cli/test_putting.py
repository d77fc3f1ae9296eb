"""What an earlier build had goes, in an order in which nobody is asked who is gone already."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from poblano.cli.applying import Applier
from poblano.cli.pruning import Pruner
from poblano.cli.putting import Putter, as_armed
from poblano.client import ApiClient, connect, find_access
from poblano.cluster.serving.served import Served, Settings
from poblano.core.deployed import UUID_LABEL
from tests.cli.kubelet import Kubelet
from tests.cluster.serving_cluster import running

if TYPE_CHECKING:
    from pathlib import Path

HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


def test_webhooks_go_before_the_pods_behind_them_and_what_was_asked_for_besides_goes_too(tmp_path: Path) -> None:
    meta: dict[str, dict[str, object]] = {"metadata": {"name": "old", "labels": {UUID_LABEL: "hello"}}}
    with running(Settings()) as cluster:
        kubelet = Kubelet(cluster)
        kubelet.has_deployment("hello", "default", "old")
        kubelet.ask("POST", HOOKS, meta)
        kubelet.ask("POST", "/api/v1/namespaces/default/resourcequotas", {**meta, "spec": {"hard": {"pods": "9"}}})
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        names = {"kind": "Certificate", "plural": "certificates"}
        spec = {"group": "cert-manager.io", "scope": "Namespaced", "names": names, "versions": [version]}
        definition = {"metadata": {"name": "certificates.cert-manager.io"}, "spec": spec}

        async def prune() -> list[str]:
            async with ApiClient(find_access(kubelet.kubeconfig(tmp_path))) as client:
                putter, pruner = Putter(client, Applier(client)), Pruner(client, "hello")
                api, kind = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
                await putter.put({"apiVersion": api, "kind": kind, **definition})
                await putter.put({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", **with_place(meta)})
                return [gone async for gone in pruner.prune([])]

        gone = asyncio.run(prune())
        kubelet.close()

    assert gone[0] == "ValidatingWebhookConfiguration old"
    assert set(gone[1:]) == {"Certificate old", "Deployment old", "ResourceQuota old"}


def with_place(meta: dict[str, dict[str, object]]) -> dict[str, object]:
    return {"metadata": {**meta["metadata"], "namespace": "default"}}


def test_a_webhook_that_is_to_call_another_service_is_not_armed_for_that() -> None:
    """Who answers there has made a certificate of its own: armed with the old one, all that it is asked about fails."""
    live = {"service": {"namespace": "here", "name": "poblano-hello"}, "caBundle": "Q0E="}
    moved = {"service": {"namespace": "there", "name": "poblano-hello"}}
    new = [{"name": "a", "failurePolicy": "Ignore", "clientConfig": moved}]

    assert as_armed(new, [{"name": "a", "failurePolicy": "Fail", "clientConfig": live}]) == new


async def test_a_role_that_grants_no_more_than_before_is_read_once_and_written_once() -> None:
    """And no more is asked for the next one: which kinds there are is known by then."""
    role: dict[str, object] = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "reads", "namespace": "default"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }
    asked: list[str] = []
    async with (
        Served(Settings()) as served,
        connect(served.kubeconfig, observe=lambda method, *_: asked.append(method)) as client,
    ):
        putter = Putter(client, Applier(client))
        assert await putter.put_widened(role) == ("created", "no more")
        asked.clear()
        assert await putter.put_widened(role) == ("unchanged", "no more")
    assert asked == ["GET", "PATCH"]

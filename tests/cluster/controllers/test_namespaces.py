from __future__ import annotations

import asyncio

from tests.cluster.controllers.world import World, rolled_out, workload, world

HOLD = "example.com/hold"


async def test_a_namespace_goes_with_all_that_is_in_it(here: World) -> None:
    await here.create("namespaces", "shop")
    await here.create("deployments", "web", namespace="shop", spec=workload(replicas=2))
    await here.create("configmaps", "settings", namespace="shop")

    async def running() -> bool:
        return len(await here.names("pods", namespace="shop")) == 2

    await here.until(running)
    await here.delete("namespaces", "shop")
    await here.until_gone("namespaces", "shop")
    left = [bucket for bucket in here.cluster.storage.buckets() if here.cluster.storage.records(bucket, "shop/")]
    assert not left


async def test_it_says_what_holds_it_and_goes_when_that_is_let_go(here: World) -> None:
    await here.create("namespaces", "shop")
    await here.create("configmaps", "held", namespace="shop", metadata={"finalizers": [HOLD]})
    await here.delete("namespaces", "shop")
    await here.rest()
    namespace = await here.get("namespaces", "shop")
    assert namespace is not None
    assert namespace["status"]["phase"] == "Terminating"
    told = {one["type"]: (one["status"], one["message"]) for one in namespace["status"]["conditions"]}
    assert told["NamespaceContentRemaining"] == (
        "True",
        "Some resources are remaining: configmaps. has 1 resource instances",
    )
    assert told["NamespaceFinalizersRemaining"] == (
        "True",
        f"Some content in the namespace has finalizers remaining: {HOLD} in 1 resource instances",
    )
    before = here.cluster.storage.revision
    await asyncio.sleep(0.5)
    assert here.cluster.storage.revision == before
    await here.client.patch(here.resource("configmaps"), "shop", "held", {"metadata": {"finalizers": None}})
    await here.until_gone("namespaces", "shop")


async def test_another_finalizer_of_its_own_keeps_it_though_it_is_empty(here: World) -> None:
    await here.create("namespaces", "shop", spec={"finalizers": ["kubernetes", HOLD]})
    await here.delete("namespaces", "shop")

    async def emptied() -> bool:
        found = await here.get("namespaces", "shop")
        return found is not None and found["spec"].get("finalizers") == [HOLD]

    await here.until(emptied)
    namespace = await here.get("namespaces", "shop")
    assert namespace is not None
    del namespace["spec"]["finalizers"]
    await here.client.update(here.resource("namespaces"), namespace, subresource="finalize")
    await here.until_gone("namespaces", "shop")


async def test_without_controllers_pods_that_nobody_can_end_do_not_hold_it() -> None:
    async with world(controllers=False) as here:
        await here.create("namespaces", "shop")
        pod = {"containers": [{"name": "main", "image": "nginx"}], "nodeName": "nowhere"}
        await here.create("pods", "a", namespace="shop", spec=pod)
        await here.delete("namespaces", "shop")
        await here.until_gone("namespaces", "shop")


async def test_every_namespace_has_an_account_and_the_authority_and_gets_them_back(here: World) -> None:
    await here.create("namespaces", "shop")

    async def given() -> bool:
        config = await here.get("configmaps", "kube-root-ca.crt", "shop")
        account = await here.get("serviceaccounts", "default", "shop")
        return account is not None and config is not None and config["data"] == {"ca.crt": "the authority"}

    await here.until(given)
    await here.delete("configmaps", "kube-root-ca.crt", namespace="shop")
    await here.delete("serviceaccounts", "default", namespace="shop")
    await here.until(given)
    change = {"data": {"ca.crt": "another"}}
    await here.client.patch(here.resource("configmaps"), "shop", "kube-root-ca.crt", change)
    await here.until(given)


async def test_the_default_namespace_has_its_deployments_from_the_start(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=1))
    assert (await rolled_out(here))["status"]["readyReplicas"] == 1

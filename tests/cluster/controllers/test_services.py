from __future__ import annotations

from typing import Any

from tests.cluster.controllers.world import Document, World, template

PORTS = [{"name": "http", "port": 80, "targetPort": "web"}]


async def service(here: World, **spec: Any) -> None:
    await here.create("services", "web", spec={"selector": {"app": "web"}, "ports": PORTS, **spec})


async def pod(here: World, name: str, port: int = 8080) -> Document:
    made = template()
    made["spec"]["containers"][0]["ports"] = [{"name": "web", "containerPort": port}]
    await here.create("pods", name, **made | {"metadata": {"labels": {"app": "web"}}})
    return await here.until_phase("pods", name, "Running")


async def leads_to(here: World, *addresses: str) -> None:
    """Wait until both say so."""

    async def reached() -> bool:
        endpoints = await here.get("endpoints", "web") or {}
        old = [one["ip"] for part in endpoints.get("subsets", ()) for one in part.get("addresses", ())]
        slices = await here.list("endpointslices", "kubernetes.io/service-name=web")
        new = [at for part in slices for one in part.get("endpoints") or () for at in one["addresses"]]
        return sorted(old) == sorted(new) == sorted(addresses)

    await here.until(reached)


async def test_a_service_leads_to_the_pods_that_it_selects_as_they_come_and_go(here: World) -> None:
    await service(here)
    await leads_to(here)
    first, second = await pod(here, "a"), await pod(here, "b")
    await leads_to(here, first["status"]["podIP"], second["status"]["podIP"])
    await here.patch("pods", "a", {"metadata": {"labels": {"app": "other"}}})
    await leads_to(here, second["status"]["podIP"])
    await here.delete("pods", "b")
    await leads_to(here)


async def test_a_named_port_is_that_of_the_container(here: World) -> None:
    await service(here)
    found = await pod(here, "a", 9090)
    await leads_to(here, found["status"]["podIP"])
    endpoints = await here.get("endpoints", "web")
    assert endpoints is not None
    assert endpoints["subsets"][0]["ports"] == [{"name": "http", "port": 9090, "protocol": "TCP"}]
    (part,) = await here.list("endpointslices", "kubernetes.io/service-name=web")
    assert part["ports"] == [{"name": "http", "port": 9090, "protocol": "TCP"}]


async def test_endpoints_go_with_their_service_and_come_back_when_deleted(here: World) -> None:
    await service(here)
    found = await pod(here, "a")
    await leads_to(here, found["status"]["podIP"])
    await here.delete("endpoints", "web")
    await leads_to(here, found["status"]["podIP"])
    await here.delete("services", "web")
    await here.until_gone("endpoints", "web")

    async def gone() -> bool:
        return not await here.names("endpointslices", "kubernetes.io/service-name=web")

    await here.until(gone)


async def test_what_has_no_selector_is_left_to_its_owner(here: World) -> None:
    await here.create("services", "web", spec={"ports": PORTS})
    await here.create("endpoints", "web", subsets=[{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 1}]}])
    await here.rest()
    await here.delete("services", "web")
    await here.rest()
    assert await here.get("endpoints", "web") is not None


async def test_a_budget_allows_what_is_more_than_enough(here: World) -> None:
    selector = {"matchLabels": {"app": "web"}}
    await here.create("poddisruptionbudgets", "web", spec={"minAvailable": 1, "selector": selector})
    for name in ("a", "b"):
        await pod(here, name)

    async def allows(number: int) -> bool:
        found = await here.get("poddisruptionbudgets", "web") or {}
        return found["status"]["disruptionsAllowed"] == number

    await here.until(lambda: allows(1))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a", "namespace": "default"}}
    await here.client.create(here.resource("pods"), eviction, subresource="eviction")
    await here.until(lambda: allows(0))

"""A namespace holds no more than its quotas allow."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.kinds.quantity import parse
from poblano.cluster.plugins.quota.usage import added, taken
from tests.cluster.rest.asking import CONFIG_MAPS, MERGE, Asking, asking

QUOTAS = "/api/v1/namespaces/default/resourcequotas"
PODS = "/api/v1/namespaces/default/pods"


async def limit(ask: Asking, hard: dict[str, str], **spec: Any) -> None:
    """A quota whose status is there already, as a controller would have written it."""
    await ask.create(QUOTAS, "q", spec={"hard": hard, **spec})
    await ask("PATCH", f"{QUOTAS}/q/status", {"status": {"hard": hard}}, content_type=MERGE)


def pod(name: str = "p", cpu: str = "", **spec: Any) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "c", "image": "i"}
    if cpu:
        container["resources"] = {"requests": {"cpu": cpu}}
    return {"metadata": {"name": name}, "spec": {"containers": [container], **spec}}


async def test_one_object_too_many_is_refused_with_the_numbers() -> None:
    async with asking() as ask:
        await limit(ask, {"configmaps": "1", "count/secrets": "0"})
        await ask.create(CONFIG_MAPS, "one")
        answer = await ask("POST", CONFIG_MAPS, {"metadata": {"name": "two"}})
        assert answer.status == 403
        told = "exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1"
        assert answer.document["message"] == f'configmaps "two" is forbidden: {told}'
        assert (await ask("POST", "/api/v1/namespaces/default/secrets", {"metadata": {"name": "s"}})).status == 403
        await ask("DELETE", f"{CONFIG_MAPS}/one")
        await ask.create(CONFIG_MAPS, "two")


async def test_a_pod_must_say_what_it_takes_of_what_is_limited() -> None:
    async with asking() as ask:
        await ask.create("/api/v1/namespaces/default/serviceaccounts", "default")
        await limit(ask, {"requests.cpu": "1", "limits.memory": "1Gi"})
        answer = await ask("POST", PODS, pod())
        told = "failed quota: q: must specify limits.memory for: c; requests.cpu for: c"
        assert (answer.status, answer.document["message"]) == (403, f'pods "p" is forbidden: {told}')


async def test_pods_share_what_there_is() -> None:
    async with asking() as ask:
        await ask.create("/api/v1/namespaces/default/serviceaccounts", "default")
        await limit(ask, {"cpu": "1"})
        assert (await ask("POST", PODS, pod("a", "600m"))).status == 201
        answer = await ask("POST", PODS, pod("b", "500m"))
        assert answer.document["message"].endswith(
            "exceeded quota: q, requested: cpu=500m, used: cpu=600m, limited: cpu=1"
        )
        assert (await ask("POST", PODS, pod("b", "400m"))).status == 201


@pytest.mark.parametrize(("deadline", "code"), [(None, 201), (60, 403)])
async def test_a_scope_says_which_pods_are_meant(deadline: int | None, code: int) -> None:
    async with asking() as ask:
        await ask.create("/api/v1/namespaces/default/serviceaccounts", "default")
        await limit(ask, {"pods": "0"}, scopes=["Terminating"])
        asked = pod()
        asked["spec"] |= {"activeDeadlineSeconds": deadline} if deadline else {}
        assert (await ask("POST", PODS, asked)).status == code


async def test_an_update_counts_for_what_it_adds() -> None:
    async with asking() as ask:
        await limit(ask, {"services.nodeports": "1"})
        services = "/api/v1/namespaces/default/services"
        await ask.create(services, "s", spec={"type": "NodePort", "ports": [{"name": "a", "port": 1}]})
        path = f"{services}/s"
        labels = {"metadata": {"labels": {"a": "b"}}}
        assert (await ask("PATCH", path, labels, content_type=MERGE)).status == 200
        more = {"spec": {"ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}]}}
        assert (await ask("PATCH", path, more, content_type=MERGE)).status == 403


async def test_without_a_status_a_quota_does_not_count_yet_and_the_controller_writes_it() -> None:
    async with asking() as ask:
        await ask.create(QUOTAS, "q", spec={"hard": {"configmaps": "0"}})
        await ask.create(CONFIG_MAPS, "one")
    async with asking(controllers=True) as ask, ask.watching(QUOTAS) as watch:
        await ask.create(QUOTAS, "q", spec={"hard": {"secrets": "2"}})
        await ask.create("/api/v1/namespaces/default/secrets", "one")
        async with asyncio.timeout(30):
            event = await watch.next()
            while event is not None and event["object"].get("status") != {
                "hard": {"secrets": "2"},
                "used": {"secrets": "1"},
            }:
                event = await watch.next()
        assert event is not None


AMOUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 9).map(lambda number: parse(f"{number}Gi")))


@given(AMOUNTS, AMOUNTS)
def test_what_is_added_can_be_taken_away(one: dict[str, Any], other: dict[str, Any]) -> None:
    back = added(added(one, other), other, -1)
    assert {name: amount.value for name, amount in back.items() if amount.value} == {
        name: amount.value for name, amount in one.items() if amount.value
    }


@given(st.lists(st.integers(0, 5)), st.lists(st.tuples(st.integers(0, 5), st.booleans())))
def test_a_pod_takes_what_it_takes_at_its_worst_moment(running: list[int], before: list[tuple[int, bool]]) -> None:
    def asks(cpu: int) -> dict[str, Any]:
        return {"resources": {"requests": {"cpu": str(cpu)}}}

    inits = [asks(cpu) | ({"restartPolicy": "Always"} if stays else {}) for cpu, stays in before]
    spec = {"containers": [asks(cpu) for cpu in running], "initContainers": inits}
    stays = 0
    worst = 0
    for cpu, remains in before:
        worst = max(worst, stays + cpu)
        stays += cpu if remains else 0
    worst = max(worst, stays + sum(running))
    found = taken(["requests.cpu"], ("", "pods"), {"spec": spec})
    assert int(found["requests.cpu"].value if found else 0) == worst

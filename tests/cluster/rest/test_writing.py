"""Writes: conflicts, dry runs, names, finalizers, preconditions, and the parts of an object."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.cluster.rest.asking import APPLY, CONFIG_MAPS, JSON_PATCH, MERGE, STRATEGIC, Asking, asking

PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
POD: dict[str, Any] = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, **POD}
DEPLOYMENT: dict[str, Any] = {"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE}}


def everything(ask: Asking) -> Any:
    """All that is stored."""
    storage = ask.cluster.storage
    return storage.revision, {bucket: storage.records(bucket) for bucket in storage.buckets() if storage.count(bucket)}


async def test_of_two_writers_who_read_the_same_one_wins() -> None:
    async with asking() as ask:
        made = await ask.create(CONFIG_MAPS, "x")
        bodies = [{**made, "data": {"by": str(number)}} for number in range(5)]
        answers = await asyncio.gather(*(ask("PUT", f"{CONFIG_MAPS}/x", body) for body in bodies))
        assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]
        (winner,) = (answer for answer in answers if answer.status == 200)
        assert (await ask("GET", f"{CONFIG_MAPS}/x")).document == winner.document


async def test_patches_of_different_fields_all_arrive() -> None:
    async with asking() as ask:
        await ask.create(CONFIG_MAPS, "x")
        patches = ({"data": {f"k{number}": "v"}} for number in range(10))
        kinds = (MERGE, STRATEGIC) * 5
        answers = await asyncio.gather(
            *(
                ask("PATCH", f"{CONFIG_MAPS}/x", body, content_type=kind)
                for body, kind in zip(patches, kinds, strict=True)
            )
        )
        assert {answer.status for answer in answers} == {200}
        assert len((await ask("GET", f"{CONFIG_MAPS}/x")).document["data"]) == 10


async def test_a_write_that_changes_nothing_is_no_write() -> None:
    async with asking() as ask:
        made = await ask.create(CONFIG_MAPS, "x", data={"a": "1"})
        for method, body, kind in (("PUT", made, "application/json"), ("PATCH", {"data": {"a": "1"}}, MERGE)):
            answer = await ask(method, f"{CONFIG_MAPS}/x", body, content_type=kind)
            assert answer.resource_version == made["metadata"]["resourceVersion"]


DRY: list[tuple[str, str, Any, str]] = [
    ("POST", CONFIG_MAPS, {"metadata": {"name": "new"}}, "application/json"),
    ("POST", CONFIG_MAPS, {"metadata": {"generateName": "new-"}}, "application/json"),
    ("PUT", f"{CONFIG_MAPS}/x", {"metadata": {"name": "x"}, "data": {"z": "1"}}, "application/json"),
    ("PATCH", f"{CONFIG_MAPS}/x", {"data": {"z": "1"}}, MERGE),
    ("PATCH", f"{CONFIG_MAPS}/x", {"data": {"z": "1"}}, STRATEGIC),
    ("PATCH", f"{CONFIG_MAPS}/x", [{"op": "add", "path": "/data", "value": {"z": "1"}}], JSON_PATCH),
    ("PATCH", f"{CONFIG_MAPS}/y", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "y"}}, APPLY),
    ("DELETE", f"{CONFIG_MAPS}/x", None, "application/json"),
    ("DELETE", CONFIG_MAPS, None, "application/json"),
    ("DELETE", f"{PODS}/p", None, "application/json"),
    ("POST", f"{PODS}/p/binding", {"metadata": {"name": "p"}, "target": {"name": "n"}}, "application/json"),
    ("POST", f"{PODS}/p/eviction", {"metadata": {"name": "p"}}, "application/json"),
    ("PATCH", f"{PODS}/p/status", {"status": {"phase": "Running"}}, MERGE),
    ("PATCH", f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": 7}}, MERGE),
]


@pytest.mark.parametrize(("method", "path", "body", "kind"), DRY)
async def test_a_dry_run_is_answered_and_changes_nothing(method: str, path: str, body: Any, kind: str) -> None:
    async with asking() as ask:
        await ask.create(CONFIG_MAPS, "x", data={"a": "1"})
        await ask.create(PODS, "p", **POD)
        await ask.create(DEPLOYMENTS, "d", **DEPLOYMENT)
        before = everything(ask)
        query = {"dryRun": "All"} | ({"fieldManager": "m"} if kind == APPLY else {})
        answer = await ask(method, path, body, query=query, content_type=kind)
        assert answer.status in (200, 201), answer.body
        assert everything(ask) == before


async def test_names_are_generated() -> None:
    async with asking() as ask:
        made = [await ask.create(CONFIG_MAPS, metadata={"generateName": "x-"}) for _ in range(20)]
        names = {one["metadata"]["name"] for one in made}
        assert len(names) == 20
        assert all(len(name) == 7 and name.startswith("x-") for name in names)
        long = await ask.create(CONFIG_MAPS, metadata={"generateName": "y" * 70})
        assert len(long["metadata"]["name"]) == 63


async def test_what_is_held_goes_when_it_is_let_go() -> None:
    async with asking() as ask:
        at = f"{CONFIG_MAPS}/x"
        await ask.create(CONFIG_MAPS, "x", metadata={"finalizers": ["a.io/b"]})
        answer = await ask("DELETE", at)
        assert answer.status == 200
        assert answer.document["metadata"]["deletionTimestamp"]
        refused = await ask("PATCH", at, {"metadata": {"finalizers": ["a.io/b", "a.io/c"]}}, content_type=MERGE)
        assert refused.status == 422
        kept = await ask("PATCH", at, {"metadata": {"deletionTimestamp": None}, "data": {"a": "1"}}, content_type=MERGE)
        assert kept.document["metadata"]["deletionTimestamp"] == answer.document["metadata"]["deletionTimestamp"]
        assert (await ask("PATCH", at, {"metadata": {"finalizers": None}}, content_type=MERGE)).status == 200
        assert (await ask("GET", at)).status == 404


async def test_preconditions_are_kept() -> None:
    async with asking() as ask:
        at = f"{CONFIG_MAPS}/x"
        made = (await ask.create(CONFIG_MAPS, "x"))["metadata"]
        for wrong in ({"uid": "other"}, {"resourceVersion": "1"}, {"uid": made["uid"], "resourceVersion": "1"}):
            assert (await ask("DELETE", at, {"preconditions": wrong})).status == 409
        right = {"uid": made["uid"], "resourceVersion": made["resourceVersion"]}
        assert (await ask("DELETE", at, {"preconditions": right})).document["status"] == "Success"


@pytest.mark.parametrize(
    ("field", "value"),
    [("uid", "x"), ("deletionTimestamp", "2020-01-01T00:00:00Z"), ("deletionGracePeriodSeconds", 5)],
)
async def test_what_never_changes_is_refused_in_a_patch(field: str, value: Any) -> None:
    async with asking() as ask:
        await ask.create(CONFIG_MAPS, "x")
        answer = await ask("PATCH", f"{CONFIG_MAPS}/x", {"metadata": {field: value}}, content_type=MERGE)
        assert answer.status == 422
        assert {cause["field"] for cause in answer.document["details"]["causes"]} == {f"metadata.{field}"}


async def test_a_put_of_another_uid_is_a_conflict() -> None:
    async with asking() as ask:
        await ask.create(CONFIG_MAPS, "x")
        for name in ("x", "gone"):
            answer = await ask("PUT", f"{CONFIG_MAPS}/{name}", {"metadata": {"name": name, "uid": "other"}})
            assert (answer.status, answer.document["reason"]) == (409, "Conflict")
            assert "Precondition failed: UID in precondition: other" in answer.document["message"]


async def test_a_collection_goes_by_selector_and_limit() -> None:
    async with asking() as ask:
        for number in range(6):
            await ask.create(CONFIG_MAPS, f"c{number}", metadata={"labels": {"odd": str(number % 2)}})
        assert (await ask("DELETE", CONFIG_MAPS, query={"labelSelector": "odd=1", "limit": 2})).names == ["c1", "c3"]
        names = (await ask("GET", CONFIG_MAPS, query={"labelSelector": "odd"})).names
        assert names == ["c0", "c2", "c4", "c5"]


async def test_a_status_and_the_rest_do_not_touch_each_other() -> None:
    async with asking() as ask:
        made = await ask.create(DEPLOYMENTS, "d", **DEPLOYMENT)
        at = f"{DEPLOYMENTS}/d"
        both = {"spec": {"replicas": 9}, "status": {"replicas": 3}}
        by_status = (await ask("PATCH", f"{at}/status", both, content_type=MERGE)).document
        assert (by_status["spec"]["replicas"], by_status["status"]["replicas"]) == (1, 3)
        assert by_status["metadata"]["generation"] == made["metadata"]["generation"]
        rest = (
            await ask("PATCH", at, {"spec": {"replicas": 9}, "status": {"replicas": 5}}, content_type=MERGE)
        ).document
        assert (rest["spec"]["replicas"], rest["status"]["replicas"]) == (9, 3)
        assert rest["metadata"]["generation"] == made["metadata"]["generation"] + 1


async def test_a_scale_reads_and_writes_the_replicas() -> None:
    async with asking() as ask:
        await ask.create(DEPLOYMENTS, "d", **DEPLOYMENT)
        at = f"{DEPLOYMENTS}/d/scale"
        scale = (await ask("GET", at)).document
        assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == ("Scale", {"replicas": 1}, "a=b")
        stale = {**scale, "spec": {"replicas": 4}}
        assert (await ask("PUT", at, stale)).document["spec"] == {"replicas": 4}
        assert (await ask("PUT", at, stale)).status == 409
        for wrong in ({"replicas": "x"}, [], {"replicas": -1}):
            assert (await ask("PATCH", at, {"spec": wrong}, content_type=MERGE)).status == 422
        assert (await ask("GET", f"{DEPLOYMENTS}/d")).document["spec"]["replicas"] == 4


async def test_a_binding_puts_a_pod_on_a_node_once() -> None:
    async with asking() as ask:
        await ask.create(PODS, "p", **POD)
        binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
        assert (await ask("POST", f"{PODS}/p/binding", binding)).status == 201
        assert (await ask("GET", f"{PODS}/p")).document["spec"]["nodeName"] == "n"
        assert (await ask("POST", f"{PODS}/p/binding", binding)).status == 409


async def test_a_disruption_budget_protects_from_eviction() -> None:
    budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    async with asking() as ask:
        for name in ("guarded", "free"):
            await ask.create(PODS, name, metadata={"labels": {"app": name}}, **POD)
            await ask("PATCH", f"{PODS}/{name}/status", {"status": {"phase": "Running"}}, content_type=MERGE)
        await ask.create(budgets, "b", spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "guarded"}}})
        refused = await ask("POST", f"{PODS}/guarded/eviction", {"metadata": {"name": "guarded"}})
        assert (refused.status, refused.document["reason"]) == (429, "TooManyRequests")
        assert (await ask("POST", f"{PODS}/free/eviction", {"metadata": {"name": "free"}})).status == 201
        assert (await ask("GET", PODS)).names == ["guarded"]


async def test_a_patch_may_not_change_the_kind() -> None:
    async with asking() as ask:
        await ask.create(CONFIG_MAPS, "x")
        for body, kind, status in (
            ({"kind": "Secret"}, MERGE, 422),
            ({"apiVersion": "v2"}, MERGE, 422),
            ([{"op": "replace", "path": "/kind", "value": "Nope"}], JSON_PATCH, 422),
            ({"kind": None}, MERGE, 200),
            ({"apiVersion": None}, MERGE, 400),
            ({"kind": "Secret"}, STRATEGIC, 200),
        ):
            assert (await ask("PATCH", f"{CONFIG_MAPS}/x", body, content_type=kind)).status == status, body
        assert (await ask("GET", f"{CONFIG_MAPS}/x")).document["kind"] == "ConfigMap"


async def test_an_apply_of_an_unknown_field_is_refused() -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "default"}, "zzz": 1}
    async with asking() as ask:
        answer = await ask("PATCH", f"{CONFIG_MAPS}/x", config, query={"fieldManager": "m"}, content_type=APPLY)
        assert answer.status == 500
        assert answer.document["message"].endswith(
            "(default/x; /v1, Kind=ConfigMap): .zzz: field not declared in schema"
        )


async def test_who_is_impersonated_is_who_writes() -> None:
    async with asking(rbac=True) as ask:
        headers = {"impersonate-user": "zoe"}
        answer = await ask("POST", CONFIG_MAPS, {"metadata": {"name": "x"}}, headers=headers)
        assert (answer.status, answer.document["reason"]) == (403, "Forbidden")
        assert 'User "zoe"' in answer.document["message"]
        masters = headers | {"impersonate-group": "system:masters"}
        assert (await ask("POST", CONFIG_MAPS, {"metadata": {"name": "x"}}, headers=masters)).status == 201


RESIZED: Any = [
    ({"requests": {"cpu": "2"}, "limits": {"cpu": "4"}}, None),
    ({"requests": {"cpu": "5"}, "limits": {"cpu": "4"}}, "must be less than or equal to cpu limit"),
    (
        {"requests": {"cpu": "4", "memory": "1Gi"}, "limits": {"cpu": "4", "memory": "1Gi"}},
        "Pod QOS Class may not change",
    ),
    ({"requests": {"cpu": "1", "ephemeral-storage": "1Gi"}, "limits": {"cpu": "4"}}, "only cpu and memory resources"),
]


@pytest.mark.parametrize(("wanted", "refusal"), RESIZED)
async def test_a_pod_is_resized_within_its_quality_of_service(wanted: Any, refusal: str | None) -> None:
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "4"}}}
    async with asking() as ask:
        await ask.create(PODS, "x", spec={"containers": [container]})
        change = {"spec": {"containers": [{"name": "c", "resources": wanted}]}}
        answer = await ask("PATCH", f"{PODS}/x/resize", change, content_type=STRATEGIC)
        assert answer.status == (422 if refusal else 200), answer.document
        assert (refusal or "") in answer.document.get("message", "")
        left = (await ask("GET", f"{PODS}/x")).document["spec"]["containers"][0]["resources"]
        assert left == (container["resources"] if refusal else wanted)


@pytest.mark.parametrize(
    ("name", "status"),
    [("web", 501), ("web:80", 501), ("https:web:443", 501), ("none:80", 404), ("a:b:c:d", 400), ("ftp:web:80", 400)],
)
async def test_what_is_proxied_to_may_be_named_with_its_scheme_and_port(name: str, status: int) -> None:
    async with asking() as ask:
        await ask.create("/api/v1/namespaces/default/services", "web", spec={"ports": [{"port": 80}]})
        answer = await ask("GET", f"/api/v1/namespaces/default/services/{name}/proxy/")
        assert answer.status == status, answer.document

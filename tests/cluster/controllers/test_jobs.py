from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.controllers.jobs import intervals
from tests.cluster.controllers.world import Document, World


def job(outcome: str = "", **spec: Any) -> Document:
    annotations = {"poblano.dev/outcome": outcome} if outcome else {}
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]}
    return {"template": {"metadata": {"annotations": annotations}, "spec": pod}, **spec}


async def ended(here: World, name: str = "work") -> Document:
    found: Document = {}

    async def done() -> bool:
        nonlocal found
        found = await here.get("jobs", name) or {}
        conditions = found.get("status", {}).get("conditions", ())
        return any(one["type"] in ("Complete", "Failed") and one["status"] == "True" for one in conditions)

    await here.until(done)
    return found


@pytest.mark.parametrize("parallelism", [1, 2, 5])
async def test_a_job_completes_after_as_many_pods_as_it_wants(here: World, parallelism: int) -> None:
    await here.create("jobs", "work", spec=job(completions=3, parallelism=parallelism))
    status = (await ended(here))["status"]
    assert status["succeeded"] == 3
    assert [one["type"] for one in status["conditions"]] == ["SuccessCriteriaMet", "Complete"]
    assert status["completionTime"] >= status["startTime"]
    assert "active" not in status
    assert len(await here.names("pods", "job-name=work")) == 3


async def test_a_job_of_no_fixed_number_completes_when_all_its_pods_have_ended(here: World) -> None:
    await here.create("jobs", "work", spec=job(parallelism=3))
    assert (await ended(here))["status"]["succeeded"] == 3


async def test_each_index_completes_once(here: World) -> None:
    await here.create("jobs", "work", spec=job(completions=4, parallelism=2, completionMode="Indexed"))
    assert (await ended(here))["status"]["completedIndexes"] == "0-3"
    pods = await here.list("pods", "job-name=work")
    key = "batch.kubernetes.io/job-completion-index"
    assert sorted(pod["metadata"]["annotations"][key] for pod in pods) == ["0", "1", "2", "3"]
    assert {pod["spec"]["hostname"] for pod in pods} == {f"work-{index}" for index in range(4)}


async def test_a_job_fails_when_more_pods_fail_than_it_allows(here: World) -> None:
    await here.create("jobs", "work", spec=job("failed", backoffLimit=2))
    status = (await ended(here))["status"]
    assert status["failed"] == 3
    assert [(one["type"], one["reason"]) for one in status["conditions"]] == [
        ("FailureTarget", "BackoffLimitExceeded"),
        ("Failed", "BackoffLimitExceeded"),
    ]


async def test_a_job_that_takes_too_long_fails_and_its_pods_are_deleted(here: World) -> None:
    await here.create("jobs", "work", spec=job("running", activeDeadlineSeconds=1))
    status = (await ended(here))["status"]
    assert status["conditions"][-1]["reason"] == "DeadlineExceeded"
    assert not await here.names("pods", "job-name=work")


async def test_a_suspended_job_has_no_pods_until_it_goes_on(here: World) -> None:
    await here.create("jobs", "work", spec=job(suspend=True))
    await here.rest()
    assert not await here.names("pods")
    await here.patch("jobs", "work", {"spec": {"suspend": False}})
    status = (await ended(here))["status"]
    first = status["conditions"][0]
    assert (first["type"], first["status"]) == ("Suspended", "False")


async def test_a_job_is_deleted_some_time_after_its_end_if_it_says_so(here: World) -> None:
    await here.create("jobs", "work", spec=job(ttlSecondsAfterFinished=0))
    await here.until_gone("jobs", "work")

    async def gone() -> bool:
        return not await here.names("pods")

    await here.until(gone)


@given(numbers=st.sets(st.integers(0, 40)))
def test_intervals_name_every_number_once(numbers: set[int]) -> None:
    found: list[int] = []
    for part in filter(None, intervals(sorted(numbers)).split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    assert found == sorted(numbers)

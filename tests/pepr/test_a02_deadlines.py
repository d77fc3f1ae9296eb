"""A2: Pepr compares milliseconds with seconds, so that all requests over 10 ms count as timeouts; and enforces no deadline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.core.driving import POD, review
from tests.pepr.pods import running

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
    import asyncio
    from poblano import Capability, Module, a

    shop = Capability("shop")

    @shop.when(a.Pod).is_created().with_name("slow").validate
    async def slow(pod):
        await asyncio.sleep(0.05)
        return pod.approve()

    @shop.when(a.Pod).is_created().with_name("too-slow").validate
    async def too_slow(pod):
        await asyncio.sleep(2.5)
        return pod.approve()

    @shop.when(a.Pod).is_created().with_name("too-slow").mutate(on_error="ignore")
    async def too_slow_and_forgiven(pod):
        pod.set_label("half", "made")
        await asyncio.sleep(2.5)

    module = Module(shop)
"""


def named(name: str) -> bytes:
    return review({**POD, "metadata": {"name": name, "namespace": "shop"}})


async def test_a2_a_review_that_is_slow_and_in_time_is_no_timeout(tmp_path: Path):
    async with running(tmp_path, CODE) as pod:
        answers = [await pod.ask(named("slow"), "/validate/fail/10?timeout=10s") for _ in range(3)]
        found = await pod.metrics()

    assert [json.loads(answer.body)["response"]["allowed"] for answer in answers] == [True] * 3
    seconds = "poblano_admission_review_seconds"
    assert found[f"{seconds}_count", "true", "Pod", "CREATE", "validate"] == 3
    assert found[f"{seconds}_bucket", "true", "Pod", "0.025", "CREATE", "validate"] == 0
    assert not [key for key in found if key[0] == "poblano_admission_timeouts_total"]


async def test_a2_a_review_past_its_deadline_is_answered_and_counted(tmp_path: Path):
    async with running(tmp_path, CODE) as pod:
        answer = await pod.ask(named("too-slow"), "/validate/fail/10?timeout=1s")
        found = await pod.metrics()

    status = json.loads(answer.body)["response"]["status"]
    assert (answer.status, status["code"]) == (200, 500)
    assert status["message"].startswith("shop/too-slow failed: Late: it was not done after")
    assert found["poblano_admission_timeouts_total", "shop", "validate", "too-slow"] == 1


async def test_a2_what_is_cut_off_follows_its_own_policy_and_changes_nothing(tmp_path: Path):
    async with running(tmp_path, CODE) as pod:
        answer = await pod.ask(named("too-slow"), "/mutate/ignore/10?timeout=1s")
        found = await pod.metrics()

    assert json.loads(answer.body)["response"] == {"uid": "u-1", "allowed": True}
    assert found["poblano_admission_timeouts_total", "shop", "mutate", "too-slow-and-forgiven"] == 1

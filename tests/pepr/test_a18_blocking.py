"""A18: in Pepr one slow synchronous action holds up every other review, and no action has a time limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from poblano import a
from poblano.core.entries import entries
from tests.admission.serving import Answer, connected, post
from tests.core.driving import POD, review, shop
from tests.pepr.pods import Pod, running

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
    import threading
    import time
    from poblano import Capability, Module, a

    shop = Capability("shop")
    released = threading.Event()

    @shop.when(a.Pod).is_created().with_name("slow").validate
    def slow(pod):
        if pod.has_label("first"):
            time.sleep(0.3)
        elif not released.wait(8):
            return pod.deny("nobody was answered meanwhile")
        return pod.approve()

    @shop.when(a.Pod).is_created().with_name("quick").validate
    def quick(pod):
        released.set()
        return pod.approve()

    @shop.when(a.Pod).is_created().with_name("slow").validate(name="neighbour", on_error="audit", timeout=1)
    def neighbour(pod):
        return pod.deny("the neighbour's own")

    @shop.when(a.Pod).is_created().with_name("slow").validate(name="beside", on_error="audit", timeout=1)
    def beside(pod):
        if pod.has_label("first"):
            time.sleep(0.3)
        else:
            released.wait(3)
        return pod.approve()

    module = Module(shop)
"""


def named(name: str, **labels: str) -> bytes:
    return review({**POD, "metadata": {"name": name, "namespace": "shop", "labels": labels}})


async def known_to_be_slow(pod: Pod, path: str) -> None:
    """Let an action hold the loop until that is noticed."""
    while not pod.lines(
        "a rule blocked the event loop and runs in a thread from now on; make it async def, or quicker"
    ):
        assert (await pod.ask(named("slow", first="yes"), path)).status == 200


def response(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200
    found: dict[str, Any] = json.loads(answer.body)["response"]
    return found


async def test_a18_others_are_answered_while_a_slow_action_runs(tmp_path: Path):
    path = "/validate/fail/10"
    async with running(tmp_path, CODE) as pod:
        await known_to_be_slow(pod, path)
        async with connected(pod) as client:
            await client.send(post(named("slow"), path))
            assert response(await pod.ask(named("quick"), path))["allowed"]
            assert response(await client.answer())["allowed"]


async def test_a18_a_slow_action_is_cut_off_and_its_neighbour_is_heard(tmp_path: Path):
    path = "/validate/ignore/1"
    async with running(tmp_path, CODE) as pod:
        await known_to_be_slow(pod, path)
        answer = response(await pod.ask(named("slow"), f"{path}?timeout=1s"))
        found = await pod.metrics()

    assert answer["status"]["message"] == "shop/neighbour: the neighbour's own"
    assert answer["warnings"][0].startswith("shop/beside failed: Late: it was not done after")
    assert found["poblano_admission_timeouts_total", "shop", "validate", "beside"] == 1


def test_a18_an_action_has_a_time_limit_of_its_own():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    rules.when(a.Pod).is_created().mutate(timeout=2)(lambda pod: None)

    assert [entry.timeout for entry in entries(rules.bindings)] == [10, 2]

"""Large reviews are worked on apart from the loop: others are answered meanwhile, and the answers are the same."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from poblano import Capability, Module, a, document
from poblano.admission import reviewer as reviewing
from poblano.admission.apart import LARGE, Apart
from poblano.admission.replies import Reply
from poblano.admission.reviewer import ModuleReviewer
from poblano.core import pipeline as pipelines
from poblano.core.errors import PoblanoError
from tests.admission.hostile import BODIES, rules
from tests.admission.reviewing import MUTATE, VALIDATE
from tests.core.driving import POD, review

LARGE_POD = POD | {"spec": {"containers": [], "nodeName": "x" * LARGE}}


async def answer(asked: ModuleReviewer, path: str, body: bytes, timeout: float = 300) -> Reply:
    found = asked.review(path, body, timeout)
    return found if isinstance(found, Reply) else await found


def response(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reply.body)["response"]
    return found


@pytest.fixture
def reviewer() -> Iterator[Callable[[Capability], ModuleReviewer]]:
    made: list[ModuleReviewer] = []

    def make(capability: Capability) -> ModuleReviewer:
        made.append(ModuleReviewer(Module(capability)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("name", ["19 100 000 labels", "19 100 000 items", "16 a name of 1 MB", "9 7 MiB of blanks"])
async def test_the_answer_is_the_one_that_it_would_be_on_the_loop(
    name: str, reviewer: Any, monkeypatch: pytest.MonkeyPatch
):
    asked, body = reviewer(rules()), BODIES[name]()
    apart = [await answer(asked, path, body) for path in (MUTATE, VALIDATE)]
    monkeypatch.setattr(reviewing, "LARGE", 1 << 40)
    assert [await answer(asked, path, body) for path in (MUTATE, VALIDATE)] == apart


async def test_our_work_is_done_in_a_thread_and_the_actions_on_the_loop(reviewer: Any, monkeypatch: pytest.MonkeyPatch):
    where: dict[str, set[str]] = {}

    def noted(name: str, function: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            where.setdefault(name, set()).add(threading.current_thread().name)
            return function(*arguments, **options)

        return call

    shop = Capability("shop")

    def mark(pod: Any) -> None:
        document(pod.raw)["seen"] = True
        asyncio.get_running_loop()

    shop.when(a.Pod).is_created().mutate(noted("action", mark), name="mark")
    monkeypatch.setattr(reviewing, "read", noted("read", reviewing.read))
    monkeypatch.setattr(pipelines, "patch_of", noted("patch", pipelines.patch_of))

    reply = await answer(reviewer(shop), MUTATE, review(LARGE_POD))
    assert response(reply)["allowed"]
    assert where["action"] == {threading.current_thread().name}
    assert where["read"] == where["patch"] != where["action"]


async def test_others_are_answered_while_a_large_review_is_worked_on(reviewer: Any, monkeypatch: pytest.MonkeyPatch):
    shop = Capability("shop")
    shop.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("a", "b"), name="mark")
    asked, goes_on, real = reviewer(shop), threading.Event(), reviewing.read

    def read(body: bytes) -> Any:
        if len(body) >= LARGE:
            goes_on.wait()
        return real(body)

    monkeypatch.setattr(reviewing, "read", read)
    large = asyncio.ensure_future(answer(asked, MUTATE, review(LARGE_POD)))
    await asyncio.sleep(0)
    assert response(await answer(asked, MUTATE, review()))["allowed"]
    assert not large.done()
    goes_on.set()
    assert response(await large)["allowed"]


async def test_what_an_action_leaves_behind_changes_nothing_of_what_it_made(reviewer: Any):
    shop, goes_on, later = Capability("shop"), asyncio.Event(), set[asyncio.Task[None]]()

    @shop.when(a.Pod).is_created().mutate
    def mark(pod: Any) -> None:
        held = document(pod.raw)
        held["seen"] = True

        async def go_on() -> None:
            held["late"] = True
            goes_on.set()

        later.add(asyncio.get_running_loop().create_task(go_on()))

    reply = await answer(reviewer(shop), MUTATE, review(LARGE_POD))
    await goes_on.wait()

    assert json.loads(base64.b64decode(response(reply)["patch"])) == [{"op": "add", "path": "/seen", "value": True}]


async def test_an_action_that_makes_no_json_of_a_large_object_has_failed(reviewer: Any):
    shop = Capability("shop")

    @shop.when(a.Pod).is_created().mutate
    def spoil(pod: Any) -> None:
        document(pod.raw)["seen"] = object()

    found = response(await answer(reviewer(shop), MUTATE, review(LARGE_POD)))
    assert not found["allowed"]
    assert "shop/spoil failed: MalformedObject" in found["status"]["message"]


async def test_work_that_is_not_done_in_time_is_a_refusal_that_says_so(reviewer: Any, monkeypatch: pytest.MonkeyPatch):
    shop, goes_on, real = Capability("shop"), threading.Event(), reviewing.read
    shop.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("a", "b"), name="mark")
    asked = reviewer(shop)
    monkeypatch.setattr(reviewing, "read", lambda body: (goes_on.wait(), real(body))[1])

    found = response(await answer(asked, MUTATE, review(LARGE_POD, uid="large"), timeout=0.1))
    goes_on.set()
    assert (found["uid"], found["allowed"], found["status"]["code"]) == ("large", False, 500)
    assert "the object is large: it was not done" in found["status"]["message"]


async def test_a_review_for_which_there_is_no_time_left_is_refused_unread(
    reviewer: Any, monkeypatch: pytest.MonkeyPatch
):
    shop = Capability("shop")
    shop.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("a", "b"), name="mark")
    asked, read = reviewer(shop), list[bytes]()
    monkeypatch.setattr(reviewing, "read", read.append)
    found = response(await answer(asked, MUTATE, review(LARGE_POD, uid="large"), timeout=1e-9))
    assert (found["uid"], found["allowed"], found["status"]["code"], read) == ("large", False, 500, [])
    assert "the object is large: it was not done" in found["status"]["message"]


async def test_where_there_are_no_more_threads_a_large_review_is_answered_nevertheless(
    reviewer: Any, monkeypatch: pytest.MonkeyPatch
):
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    shop = Capability("shop")
    shop.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("a", "b"), name="mark")
    monkeypatch.setattr(threading.Thread, "start", refused)
    found = response(await answer(reviewer(shop), MUTATE, review(LARGE_POD)))
    assert (found["allowed"], "patch" in found) == (True, True)


async def test_it_is_known_whether_something_was_worked_on_since_a_time():
    apart, goes_on = Apart(), threading.Event()
    began = time.monotonic()
    assert not apart.worked_since(began)
    working = asyncio.ensure_future(apart.done(goes_on.wait))
    while not apart.worked_since(time.monotonic()):
        await asyncio.sleep(0)
    goes_on.set()
    assert await working
    assert apart.worked_since(began)
    assert not apart.worked_since(time.monotonic())
    apart.close()


async def test_a_fault_of_ours_is_raised_where_it_is_awaited(reviewer: Any, monkeypatch: pytest.MonkeyPatch):
    def read(body: bytes) -> Any:
        raise PoblanoError("no")

    monkeypatch.setattr(reviewing, "read", read)
    shop = Capability("shop")
    shop.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("a", "b"), name="mark")
    found = response(await answer(reviewer(shop), MUTATE, review(LARGE_POD, uid="large")))
    assert (found["uid"], found["status"]["message"]) == ("large", "no")

"""What an action has left behind writes into the object when the action has long returned: none of that is sent."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from poblano import Capability, MutateRequest, a
from tests.admission.reviewing import asked, reviewing

Write = Callable[[MutateRequest[a.Pod], str], object]


def by_helper(pod: MutateRequest[a.Pod], key: str) -> None:
    pod.set_label(key, "1")


def by_view(pod: MutateRequest[a.Pod], key: str) -> None:
    pod.raw.metadata.labels[key] = "1"


@pytest.mark.parametrize("write", [by_helper, by_view])
@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize("how", ["async def", "awaitable"])
async def test_what_a_task_writes_after_its_action_is_not_sent(write: Write, others: int, how: str):
    rules, left = Capability("shop"), list[asyncio.Task[Any]]()

    async def leave(pod: MutateRequest[a.Pod]) -> None:
        async def later() -> None:
            for _ in range(20):
                await asyncio.sleep(0)
                write(pod, "late")

        write(pod, "early")
        left.append(asyncio.create_task(later()))

    def awaitable(pod: MutateRequest[a.Pod]) -> Any:
        return leave(pod)

    rules.when(a.Pod).is_created().mutate(name="leave")(leave if how == "async def" else awaitable)
    for number in range(others):
        rules.when(a.Pod).is_created().mutate(name=f"other-{number}")(lambda pod: pod.set_label("other", "1"))
    with reviewing(rules) as reviewer:
        patch = json.loads(base64.b64decode((await asked(reviewer))["patch"]))
    await asyncio.gather(*left)

    paths = {operation["path"] for operation in patch}
    assert paths == {"/metadata/labels/early"} | ({"/metadata/labels/other"} if others else set())

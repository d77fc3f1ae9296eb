"""Predicates of `where` are the user's functions as any action: watched, awaited, and known by name while they run."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from poblano import Capability, a
from poblano.core.context import running
from tests.admission.reviewing import FOREVER, action_threads, asked, leaping, reviewing, waste
from tests.eventually import eventually


def test_a_predicate_that_holds_the_loop_is_named_and_runs_in_a_thread_from_then_on():
    rules, named, where = Capability("shop"), list[str](), list[bool]()

    def slow(pod: a.Pod) -> bool:
        where.append(threading.current_thread() is threading.main_thread())
        if len(where) == 1:
            waste(0.3)
        return True

    rules.when(a.Pod).is_created().where(slow).mutate(name="tier")(lambda pod: pod.set_label("x", "1"))
    with leaping() as run, reviewing(rules, blocked=lambda name, seconds: named.append(name)) as reviewer:
        for _ in range(2):
            assert run(asked(reviewer, timeout=FOREVER))["allowed"]
    assert named == ["shop/tier"]
    assert where == [True, False]
    eventually(lambda: not action_threads(), "the threads have ended")


async def test_a_predicate_knows_which_rule_it_belongs_to_and_whether_it_may_write():
    rules, seen = Capability("shop"), list[Any]()
    rules.when(a.Pod).is_created().where(lambda pod: seen.append(running.get()) or True).mutate(name="tier")(
        lambda pod: None
    )
    with reviewing(rules) as reviewer:
        await asked(reviewer)
    assert [(one.capability, one.rule, one.name, one.dry_run) for one in seen] == [("shop", "tier", "db", False)]
    assert running.get() is None


async def test_a_predicate_may_be_async():
    rules = Capability("shop")

    async def no(pod: a.Pod) -> bool:
        await asyncio.sleep(0)
        return False

    rules.when(a.Pod).is_created().where(no).mutate(lambda pod: pod.set_label("x", "1"))
    with reviewing(rules) as reviewer:
        assert "patch" not in await asked(reviewer)


async def test_a_predicate_whose_answer_cannot_be_read_has_failed():
    rules = Capability("shop")

    class Neither:
        def __bool__(self) -> bool:
            raise SystemExit

    rules.when(a.Pod).is_created().where(lambda pod: Neither()).mutate(name="tier")(lambda pod: None)
    with reviewing(rules) as reviewer:
        assert "shop/tier failed: SystemExit" in (await asked(reviewer))["status"]["message"]

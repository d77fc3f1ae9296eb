"""How actions are called: engines' C3, demand 25."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from poblano import Capability, a
from poblano.core.cache import Key
from poblano.core.context import running
from poblano.watch.calling import Caller, TimedOut
from poblano.watch.stepping import Panicked
from tests.watch.clusters import until

KEY = Key("shop", "web")


@pytest.fixture
def caller():
    made = Caller(4)
    yield made
    made.close()


def rule(action, **options):
    shop = Capability("shop")
    shop.when(a.Pod).reconcile(action, **options)
    (binding,) = shop.bindings
    return binding


async def call(caller, action, **options):
    return await caller.call(rule(action, **options), KEY, "1", a.Pod(), None)


async def test_c3_an_async_action_runs_on_the_loop_and_a_def_in_a_thread(caller):
    async def on_the_loop(pod, ctx):
        await asyncio.sleep(0)
        return threading.current_thread(), running.get().rule

    def beside(pod, ctx):
        return threading.current_thread(), running.get().rule

    assert await call(caller, on_the_loop) == (threading.main_thread(), "on-the-loop")
    thread, name = await call(caller, beside)
    assert thread is not threading.main_thread()
    assert name == "beside"


class Ending(BaseException):
    pass


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, Ending])
async def test_c3_what_is_no_error_fails_the_run_and_ends_nothing_else(caller, error):
    async def on_the_loop(pod, ctx):
        await asyncio.sleep(0)
        raise error

    def beside(pod, ctx):
        raise error

    for action in (on_the_loop, beside):
        with pytest.raises(Panicked, match=error.__name__):
            await call(caller, action)


async def test_c3_an_action_that_ends_by_somebody_elses_cancellation_has_failed(caller):
    async def awaits_what_is_cancelled(pod, ctx):
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task

    with pytest.raises(Panicked, match="cancelled"):
        await call(caller, awaits_what_is_cancelled)


async def test_c3_whoever_cancels_the_run_cancels_the_action(caller):
    begun, ended = asyncio.Event(), []

    async def lasts(pod, ctx):
        begun.set()
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    task = asyncio.create_task(call(caller, lasts))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cancelled"]


async def test_c3_an_async_action_is_cancelled_at_its_limit(caller):
    ended = []

    async def lasts(pod, ctx):
        try:
            await asyncio.sleep(600)
        finally:
            ended.append(True)

    with pytest.raises(TimedOut, match=r"longer than its 0\.05 s"):
        await call(caller, lasts, timeout=0.05)
    assert ended == [True]


async def test_a_time_out_of_the_action_itself_is_its_own(caller):
    async def fails(pod, ctx):
        raise TimeoutError("of the database")

    with pytest.raises(TimeoutError, match="of the database") as caught:
        await call(caller, fails, timeout=60)
    assert not isinstance(caught.value, TimedOut)


async def test_c3_a_def_beyond_its_limit_is_reported_and_waited_for(caller, capfd):
    go_on = threading.Event()

    def lasts(pod, ctx):
        assert go_on.wait(60)
        return "done"

    task = asyncio.create_task(call(caller, lasts, timeout=0.05))
    said = ""

    def reported():
        nonlocal said
        said += capfd.readouterr().out
        return "takes longer than its limit" in said

    await until(reported, "it is reported")
    assert not task.done()
    assert caller.busy == 1
    go_on.set()
    assert await task == "done"


async def test_c3_an_async_action_that_holds_the_loop_is_named(caller, capfd):
    async def holds(pod, ctx):
        await asyncio.sleep(0)
        time.sleep(0.4)  # noqa: ASYNC251 -- that is the fault

    async def does_not(pod, ctx):
        await asyncio.sleep(0.4)

    await asyncio.gather(call(caller, holds), call(caller, does_not))
    said = ""

    def named():
        nonlocal said
        said += capfd.readouterr().out
        return '"rule":"shop/holds"' in said

    await until(named, "it is named")
    assert "shop/does-not" not in said


async def test_what_is_awaited_gets_what_is_sent_and_raised(caller):
    async def nested(pod, ctx):
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_exception, ValueError("sent"))
        try:
            await future
        except ValueError as error:
            found = str(error)
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            task = group.create_task(asyncio.sleep(0, "value"))
        return found, task.result(), await asyncio.to_thread(lambda: 5)

    assert await call(caller, nested) == ("sent", "value", 5)


async def test_a_def_that_returns_something_to_await_has_it_awaited_on_the_loop(caller):
    async def inner():
        return threading.current_thread()

    assert await call(caller, lambda pod, ctx: inner()) is threading.main_thread()

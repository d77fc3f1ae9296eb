"""The runner: what is quick runs at once, what waits is waited for, and the answer leaves in time whatever an action does."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import types
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest

from poblano.admission.actions import ActionRunner, Late, Unfinished
from poblano.core.calls import Failed
from poblano.core.context import running
from tests.admission.reviewing import (
    FOREVER,
    action_threads,
    call,
    carried_out,
    leaping,
    outcomes_at_once,
    steps,
    waste,
)
from tests.admission.serving import until
from tests.eventually import eventually

BOTH_LOOPS = True


@pytest.fixture
async def runner() -> AsyncIterator[ActionRunner]:
    made = ActionRunner(pool_size=2)
    yield made
    made.close()
    await until(lambda: not action_threads())


@pytest.fixture
def bare() -> Iterator[ActionRunner]:
    """A runner for what needs no loop, or brings its own."""
    made = ActionRunner(pool_size=2)
    yield made
    made.close()


def slow(made: ActionRunner, rule: str = "rule") -> None:
    """Have a rule known for holding the loop."""
    made._watchdog.slow.add(("shop", rule))


def error_of(outcome: Any) -> BaseException:
    assert isinstance(outcome, Failed)
    return outcome.error


# ------------------------------------------------------------------------------------------------ at once and later


def test_quick_actions_are_run_at_once_and_need_no_loop(bare: ActionRunner):
    assert outcomes_at_once(bare, call(lambda x: x + 1, 1), call(lambda: None), call(list)) == [2, None, []]


def test_no_calls_are_a_verdict(bare: ActionRunner):
    assert outcomes_at_once(bare) == []


class Awaitable:
    """Neither coroutine nor future."""

    def __await__(self) -> Generator[Any, None, int]:
        yield from asyncio.sleep(0).__await__()
        return 7


class CallableObject:
    async def __call__(self) -> int:
        await asyncio.sleep(0)
        return 7


async def seven() -> int:
    await asyncio.sleep(0)
    return 7


def future_of_seven() -> asyncio.Future[int]:
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, 7)
    return future


@pytest.mark.parametrize(
    "function",
    (
        pytest.param(seven, id="async def"),
        pytest.param(lambda: seven(), id="lambda"),  # noqa: PLW0108
        pytest.param(CallableObject(), id="object"),
        pytest.param(lambda: asyncio.ensure_future(seven()), id="task"),
        pytest.param(future_of_seven, id="future"),
        pytest.param(Awaitable, id="awaitable"),
    ),
)
async def test_whatever_can_be_awaited_is(runner: ActionRunner, function: Any):
    assert await carried_out(runner, call(function)) == [7]


async def test_a_coroutine_function_known_as_such_is_called_in_its_task(runner: ActionRunner):
    async def who() -> Any:
        return asyncio.current_task()

    (task,) = await carried_out(runner, call(who, is_async=True))
    assert task is not asyncio.current_task()


async def test_a_function_falsely_known_as_async_fails_as_any(runner: ActionRunner):
    (outcome,) = await carried_out(runner, call(lambda: 1, is_async=True))
    assert isinstance(error_of(outcome), TypeError)


class Odd:
    """Says yes to whatever attribute it is asked for, or raises."""

    def __getattr__(self, name: str) -> Any:
        raise SystemExit(name)


def generator() -> Generator[int]:
    yield 1


@pytest.mark.parametrize(
    "make", (lambda: asyncio.Future, lambda: types.SimpleNamespace(__await__=1), Odd, generator, lambda: NotImplemented)
)
def test_what_only_looks_awaitable_is_a_result(bare: ActionRunner, make: Any):
    value = make()
    found = outcomes_at_once(bare, call(lambda: value), call(lambda: 1))
    assert found[0] is value
    assert found[1] == 1


async def test_quick_and_waiting_actions_keep_their_order(runner: ActionRunner):
    ran: list[int] = []

    async def later(number: int) -> int:
        await asyncio.sleep(0)
        ran.append(number)
        return number

    def now(number: int) -> int:
        ran.append(number)
        return number

    slow(runner, "slow")
    calls = [
        call(now, 0),
        call(later, 1, is_async=True),
        call(now, 2),
        call(later, 3),
        call(now, 4, rule="slow"),
        call(now, 5),
        call(later, 6, rule="slow"),
    ]
    assert await carried_out(runner, *calls) == ran == list(range(7))
    assert [each.left_the_loop for each in calls] == [False, True, False, True, True, False, True]


async def test_reviews_that_wait_do_not_wait_for_each_other(runner: ActionRunner):
    first, second = asyncio.Event(), asyncio.Event()

    async def give_and_take(given: asyncio.Event, taken: asyncio.Event) -> None:
        given.set()
        await taken.wait()

    await asyncio.gather(
        carried_out(runner, call(give_and_take, first, second)), carried_out(runner, call(give_and_take, second, first))
    )


# ------------------------------------------------------------------------------------------------ errors


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError


ERRORS = (
    ValueError("x"),
    SystemExit(1),
    KeyboardInterrupt(),
    GeneratorExit(),
    StopIteration(1),
    StopAsyncIteration(),
    asyncio.CancelledError(),
    RecursionError(),
    MemoryError(),
    Unspeakable(),
    BaseExceptionGroup("several", [SystemExit(), ValueError()]),
    asyncio.InvalidStateError(),
)


@pytest.mark.parametrize("how", ("def", "async def", "awaited", "thread", "awaited in thread"))
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_whatever_an_action_raises_is_its_failure(runner: ActionRunner, error: BaseException, how: str):
    def raises() -> None:
        raise error

    async def raises_later() -> None:
        await asyncio.sleep(0)
        raise error

    if "thread" in how:
        slow(runner)
    function = raises if how in {"def", "thread"} else raises_later
    outcomes = await carried_out(runner, call(function, is_async=how == "async def"), call(lambda: 1, rule="next"))
    found = error_of(outcomes[0])
    is_stop = isinstance(error, StopIteration | StopAsyncIteration) and function is raises_later
    # Python itself makes a RuntimeError of a StopIteration in a coroutine.
    assert isinstance(found, RuntimeError if is_stop and isinstance(error, StopIteration) else type(error))
    assert outcomes[1] == 1


async def test_an_action_that_recurses_without_end_is_a_failure(runner: ActionRunner):
    def endless() -> Any:
        return endless()

    async def endless_too() -> Any:
        return await endless_too()

    outcomes = await carried_out(runner, call(endless), call(endless_too), call(lambda: 1))
    assert [type(error_of(outcome)) for outcome in outcomes[:2]] == [RecursionError, RecursionError]
    assert outcomes[2] == 1


async def test_an_action_that_cancels_itself_has_failed(runner: ActionRunner):
    async def cancel() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    outcomes = await carried_out(runner, call(cancel), call(lambda: 1))
    assert isinstance(error_of(outcomes[0]), asyncio.CancelledError)
    assert outcomes[1] == 1


async def test_a_cancelled_future_is_a_failure(runner: ActionRunner):
    def cancelled() -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        return future

    (outcome,) = await carried_out(runner, call(cancelled))
    assert isinstance(error_of(outcome), asyncio.CancelledError)


# ------------------------------------------------------------------------------------------------ deadline


def test_a_late_action_is_cancelled_and_nothing_runs_after_it(bare: ActionRunner):
    ran: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ran.append("cancelled")

    async def also() -> None:
        ran.append("async")

    async def main() -> list[Any]:
        start = asyncio.get_running_loop().time()
        calls = (call(endless), call(lambda: ran.append("def")), call(also, is_async=True), call(also))
        found = await carried_out(bare, *calls, seconds=9.9)
        assert asyncio.get_running_loop().time() - start == pytest.approx(9.9)
        await asyncio.sleep(0)
        return found

    with leaping() as run:
        outcomes = run(main())
    assert [str(error_of(outcome)) for outcome in outcomes] == [
        "it was not done after the 9.9 s there were to answer"
    ] * 4
    assert ran == ["cancelled"]


def test_an_action_in_time_is_not_late(bare: ActionRunner):
    async def long() -> int:
        await asyncio.sleep(9.8)
        return 1

    with leaping() as run:
        assert run(carried_out(bare, call(long), call(lambda: 2), seconds=9.9)) == [1, 2]


def test_who_does_not_heed_its_cancellation_holds_up_nobody(bare: ActionRunner):
    ended: list[float] = []

    async def stubborn() -> None:
        for _ in range(3):
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                continue
        ended.append(asyncio.get_running_loop().time())
        raise SystemExit

    async def main() -> None:
        start = asyncio.get_running_loop().time()
        (outcome,) = await carried_out(bare, call(stubborn), seconds=1)
        assert isinstance(error_of(outcome), Late)
        assert asyncio.get_running_loop().time() - start == pytest.approx(1)
        await asyncio.sleep(1000)
        assert ended
        assert not bare._strays

    with leaping() as run:
        run(main())


def test_after_the_deadline_what_was_to_be_awaited_is_ended(bare: ActionRunner):
    futures: list[asyncio.Future[None]] = []

    def future() -> asyncio.Future[None]:
        waste(2)
        futures.append(asyncio.get_running_loop().create_future())
        return futures[0]

    def coroutine() -> Any:
        waste(2)
        return seven()

    def awaitable() -> Any:
        waste(2)
        return Awaitable()

    with leaping() as run:
        for function in (future, coroutine, awaitable):
            (outcome,) = run(carried_out(bare, call(function, rule=function.__name__), seconds=1))
            assert isinstance(error_of(outcome), Late)
    assert futures[0].cancelled()


def test_a_quick_action_that_was_late_itself_counts_and_the_next_is_not_run(bare: ActionRunner):
    ran: list[int] = []

    async def main() -> list[Any]:
        return await carried_out(bare, call(waste, 2), call(ran.append, 1), seconds=1)

    with leaping() as run:
        outcomes = run(main())
    assert outcomes[0] is None
    assert isinstance(error_of(outcomes[1]), Late)
    assert not ran


async def test_when_nobody_waits_any_more_the_action_is_cancelled(runner: ActionRunner):
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    ran: list[int] = []
    review = asyncio.ensure_future(carried_out(runner, call(endless), call(ran.append, 1)))
    await begun.wait()
    review.cancel()
    with pytest.raises(asyncio.CancelledError):
        await review
    await cancelled.wait()
    await until(lambda: not runner._strays)
    assert not ran
    assert asyncio.all_tasks() == {asyncio.current_task()}


# ------------------------------------------------------------------------------------------------ threads


async def test_an_action_that_held_the_loop_runs_in_a_thread_from_then_on():
    named: list[str] = []
    runner = ActionRunner(lambda name, seconds: named.append(name), pool_size=2)
    where: list[str] = []

    def who() -> int:
        where.append(threading.current_thread().name)
        return len(where)

    assert await carried_out(runner, call(who)) == [1]
    runner._watchdog.begin(call(who).running, 0)
    runner._watchdog.end(call(who).running)
    assert named == ["shop/rule"]
    assert await carried_out(runner, call(who), call(who, rule="other")) == [2, 3]
    assert where[0] == where[2] == threading.main_thread().name
    assert where[1].startswith("poblano-action")
    assert named == ["shop/rule"]
    runner.close()
    await until(lambda: not action_threads())


async def test_what_a_thread_returned_to_be_awaited_is_awaited_on_the_loop(runner: ActionRunner):
    slow(runner)
    loop = asyncio.get_running_loop()

    async def on_the_loop() -> bool:
        return asyncio.get_running_loop() is loop

    assert await carried_out(runner, call(on_the_loop)) == [True]


async def test_no_more_run_at_once_than_there_are_threads(runner: ActionRunner):
    slow(runner)
    lock, together, most = threading.Lock(), 0, 0
    go = threading.Event()

    def count() -> None:
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        go.wait(20)
        with lock:
            together -= 1

    reviews = [asyncio.ensure_future(carried_out(runner, call(count))) for _ in range(9)]
    await until(lambda: together == 2)
    assert await carried_out(runner, call(lambda: 1, rule="quick"), call(seven, rule="async")) == [1, 7]
    go.set()
    assert await asyncio.gather(*reviews) == [[None]] * 9
    assert most == 2
    assert sum(thread.name.startswith("poblano-action") for thread in action_threads()) == 2


def test_when_every_thread_hangs_the_answers_leave_in_time_and_nothing_piles_up(bare: ActionRunner):
    go = threading.Event()
    ran: list[int] = []

    def hang(number: int) -> None:
        ran.append(number)
        go.wait(20)

    async def main() -> None:
        slow(bare)
        start = asyncio.get_running_loop().time()
        for number in range(10):
            (outcome,) = await carried_out(bare, call(hang, number), seconds=1)
            assert isinstance(error_of(outcome), Late)
        assert asyncio.get_running_loop().time() - start == pytest.approx(10)
        eventually(lambda: len(ran) == 2, "both threads are at it", pause=0.01)
        assert bare._threads._jobs.empty()
        go.set()
        assert await carried_out(bare, call(lambda: 1)) == [1]

    with leaping() as run:
        run(main())
    assert ran == [0, 1]


def test_what_a_late_thread_returns_to_be_awaited_is_ended(bare: ActionRunner):
    go, made = threading.Event(), []

    def late() -> Any:
        go.wait(20)
        made.append(seven())
        return made[0]

    async def main() -> None:
        slow(bare)
        (outcome,) = await carried_out(bare, call(late), seconds=1)
        assert isinstance(error_of(outcome), Late)
        go.set()
        while not made or made[0].cr_frame is not None:
            await asyncio.sleep(0.01)

    with leaping() as run:
        run(main())


async def test_a_review_given_up_while_it_waits_for_a_thread_is_not_run(runner: ActionRunner):
    slow(runner)
    go = threading.Event()
    ran: list[int] = []
    busy = [asyncio.ensure_future(carried_out(runner, call(go.wait, 20))) for _ in range(2)]
    await until(lambda: runner._threads._taken == 2)
    waiting = asyncio.ensure_future(carried_out(runner, call(ran.append, 1)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    go.set()
    await asyncio.gather(*busy)
    assert await carried_out(runner, call(lambda: 1)) == [1]
    assert not ran


# ------------------------------------------------------------------------------------------------ context

SET_BEFORE: contextvars.ContextVar[int] = contextvars.ContextVar("SET_BEFORE", default=0)


@pytest.mark.parametrize("how", ("def", "async def", "awaited", "thread", "task", "awaited in thread", "to_thread"))
async def test_what_runs_knows_who_it_is(runner: ActionRunner, how: str):
    SET_BEFORE.set(5)

    def who() -> Any:
        return running.get(), SET_BEFORE.get()

    async def who_later() -> Any:
        await asyncio.sleep(0)
        if how == "task":
            return await asyncio.create_task(who_later_in_a_task())
        return await asyncio.to_thread(who) if how == "to_thread" else who()

    async def who_later_in_a_task() -> Any:
        return who()

    if "thread" in how.split():
        slow(runner)
    made = call(who if how in {"def", "thread"} else who_later, is_async=how == "async def")
    nobody = call(running.get, rule="next")
    assert await carried_out(runner, made, nobody) == [(made.running, 5), nobody.running]
    assert running.get() is None


def test_who_runs_is_forgotten_when_it_raises(bare: ActionRunner):
    outcomes_at_once(bare, call(lambda: 1 / 0))
    assert running.get() is None


async def test_a_task_that_outlives_its_action_still_knows_whose_it_is(runner: ActionRunner):
    told: list[Any] = []

    async def later() -> None:
        await asyncio.sleep(0.01)
        told.append(running.get())

    made = call(lambda: told.append(asyncio.ensure_future(later())))
    await carried_out(runner, made, call(seven, rule="next"))
    await told[0]
    assert told[1] == made.running


# ------------------------------------------------------------------------------------------------ ends


async def test_a_closed_runner_leaves_no_thread_behind_and_may_be_closed_again(runner: ActionRunner):
    slow(runner)
    await carried_out(runner, call(lambda: 1, rule="quick"), call(lambda: 1))
    assert len(action_threads()) == 2
    runner.close()
    runner.close()
    await until(lambda: not action_threads())


async def test_a_thread_that_hangs_goes_once_it_is_done(runner: ActionRunner):
    slow(runner)
    go = threading.Event()
    begun = threading.Event()

    def hang() -> None:
        begun.set()
        go.wait(20)

    review = asyncio.ensure_future(carried_out(runner, call(hang)))
    await until(begun.is_set)
    runner.close()
    assert len(action_threads()) == 1
    go.set()
    assert await review == [None]
    await until(lambda: not action_threads())


async def test_closing_cancels_what_was_let_go_of_once_more(runner: ActionRunner):
    cancelled: list[int] = []

    async def stubborn() -> None:
        for number in range(2):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                cancelled.append(number)

    await carried_out(runner, call(stubborn), seconds=0.02)
    await until(lambda: cancelled == [0])
    runner.close()
    await until(lambda: cancelled == [0, 1])
    await until(lambda: not runner._strays)


def test_what_is_unfinished_says_what_it_waits_for(bare: ActionRunner):
    made = call(seven, is_async=True)
    reached = bare.advance(steps(made), FOREVER, FOREVER)
    assert isinstance(reached, Unfinished)
    assert (reached.call, reached.awaitable) == (made, None)

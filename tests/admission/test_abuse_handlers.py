"""Actions that do their worst, behind the real server: the answer is well formed and in time, and the others hear nothing of it."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from poblano import Capability, Module, a, document
from poblano.admission.limits import Limits
from poblano.admission.reviewer import ModuleReviewer
from poblano.admission.server import AdmissionServer
from poblano.cli.observing import Production
from poblano.core.jsonvalue import copied, same
from poblano.core.patch import apply
from tests.admission.reviewing import MUTATE, VALIDATE, action_threads
from tests.admission.serving import Client, at_any_pace, connected, post, serving, until
from tests.core.driving import POD, review
from tests.core.punishing import punished

BOTH_LOOPS = True
SECRET = review({"kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}}, uid="other")


@dataclass
class Served:
    """A server with a hostile rule for Pods, and a good one for Secrets."""

    server: AdmissionServer
    client: Client
    other: Client

    async def ask(self, path: str = MUTATE, body: bytes | None = None, timeout: str = "10s") -> dict[str, Any]:
        """The response to a new Pod; it must have a shape that no API server punishes."""
        body = review() if body is None else body
        answer = await self.client.ask(post(body, f"{path}?timeout={timeout}"))
        assert punished(answer.body, body, path.split("/")[1], answer.status) is None
        return json.loads(answer.body)["response"]  # type: ignore[no-any-return]

    async def others_are_answered(self) -> None:
        """Another client asks for what it always gets."""
        async with asyncio.timeout(90):
            answer = await self.other.ask(post(SECRET, MUTATE))
        found = json.loads(answer.body)["response"]
        assert (answer.status, found["uid"], found["allowed"]) == (200, "other", True)
        assert json.loads(base64.b64decode(found["patch"]))[0]["path"].startswith("/metadata/labels")


@asynccontextmanager
async def behind(rules: Capability, limits: Limits | None = None, **options: Any) -> AsyncIterator[Served]:
    """Serve rules as `poblano run` does: with its log and its metrics."""
    good = rules.when(a.Secret).is_created().mutate(name="good", on_error="reject")
    good(lambda secret: secret.set_label("good", "yes"))
    module = Module(rules)
    production = Production(module)
    reviewer = ModuleReviewer(module, observers=[production.reviewed], traffic=production.metrics, **options)
    try:
        async with serving(reviewer, limits) as server, connected(server) as client, connected(server) as other:  # type: ignore[arg-type]
            served = Served(server, client, other)
            yield served
            await served.others_are_answered()
            assert not server.app.pending
    finally:
        reviewer.close()
    await until(lambda: not action_threads())


def mutating(action: Callable[[Any], Any]) -> Capability:
    rules = Capability("shop")
    rules.when(a.Pod).is_created().mutate(name="hostile")(action)
    return rules


def validating(action: Callable[[Any], Any]) -> Capability:
    rules = Capability("shop")
    rules.when(a.Pod).is_created().validate(name="hostile")(action)
    return rules


# ------------------------------------------------------------------------------------------------ raises


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("no")

    __repr__ = __str__


class Unending(Exception):
    def __str__(self) -> str:
        raise SystemExit("no")

    __repr__ = __str__


class Endless(Exception):
    def __str__(self) -> str:
        return "x" * 10_000_000


class Group(ExceptionGroup[Exception]):
    pass


RAISED: dict[str, Callable[[], BaseException]] = {
    "Exception": lambda: Exception("plain"),
    "SystemExit": lambda: SystemExit(3),
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "StopIteration": lambda: StopIteration("x"),
    "StopAsyncIteration": StopAsyncIteration,
    "CancelledError": asyncio.CancelledError,
    "TimeoutError": TimeoutError,
    "MemoryError": MemoryError,
    "RecursionError": RecursionError,
    "a BaseException of its own": lambda: type("Mine", (BaseException,), {})("mine"),
    "a group": lambda: Group("several", [ValueError("a"), KeyError("b")]),
    "no text": Unspeakable,
    "a text that ends the process": Unending,
    "10 MB of text": Endless,
    "control characters": lambda: ValueError("a\nb\x00c\ud800\u2028d"),
    "bytes": lambda: ValueError(b"\xff\xfe"),
    "no arguments": ValueError,
    "undecodable": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
}


@pytest.mark.parametrize("how", ("def", "async def", "thread"))
async def test_whatever_is_raised_is_an_answer(how: str, capfd: pytest.CaptureFixture[str]):
    def hostile(pod: Any) -> None:
        pod.warn("half said")
        error = RAISED[pod.name]()
        raise error

    async def hostile_later(pod: Any) -> None:
        await asyncio.sleep(0)
        hostile(pod)

    action = hostile_later if how == "async def" else hostile
    rules = mutating(action)
    rules.when(a.Pod).is_created().validate(name="hostile")(action)
    async with behind(rules) as served:
        if how == "thread":
            served.server.app.reviewer._runner._watchdog.slow.add(("shop", "hostile"))  # type: ignore[attr-defined]
        for name in RAISED:
            for path in (MUTATE, VALIDATE):
                found = await served.ask(path, review({"kind": "Pod", "metadata": {"name": name}}))
                message = found["status"]["message"]
                assert (found["allowed"], found["status"]["code"]) == (False, 500), name
                assert message.startswith("shop/hostile failed: "), name
                assert len(message) < 400, name
                assert "warnings" not in found
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(line["verdict"], line["rules"]) for line in lines if line["kind"] == "Pod"] == [
        ("denied", ["shop/hostile: error"])
    ] * (2 * len(RAISED))


async def test_endless_recursion_is_an_answer():
    def deeper(pod: Any) -> Any:
        return deeper(pod)

    async def deeper_later(pod: Any) -> Any:
        return await deeper_later(pod)

    for action in (deeper, deeper_later):
        async with behind(mutating(action)) as served:
            assert "RecursionError" in (await served.ask())["status"]["message"]


# ------------------------------------------------------------------------------------------------ returns


def generator(pod: Any) -> Any:
    yield pod.approve()


async def async_generator(pod: Any) -> Any:
    yield pod.approve()


RETURNED: dict[str, Callable[[Any], Any]] = {
    "None": lambda pod: None,
    "True": lambda pod: True,
    "text": lambda pod: "approved",
    "a class": lambda pod: type(pod.approve()),
    "the method": lambda pod: pod.approve,
    "the request": lambda pod: pod,
    "a generator": lambda pod: generator(pod),  # noqa: PLW0108
    "an async generator": lambda pod: async_generator(pod),  # noqa: PLW0108
    "a decision in a tuple": lambda pod: (pod.approve(),),
    "a function": lambda pod: lambda: pod.approve(),  # noqa: PLW0108
    "a coroutine in a list": lambda pod: [asyncio.ensure_future(asyncio.sleep(0))],
}


@pytest.mark.parametrize("name", RETURNED)
async def test_what_is_no_decision_is_an_error_that_says_what_to_return(name: str):
    async with behind(validating(RETURNED[name])) as served:
        message = (await served.ask(VALIDATE))["status"]["message"]
    assert message.startswith("shop/hostile failed: MalformedObject: it returned ")
    assert message.endswith("return request.approve() or request.deny(...)")


@pytest.mark.parametrize("name", RETURNED)
async def test_what_a_mutate_action_returns_does_not_matter(name: str):
    class Judged:
        """What the functions above expect to be given."""

        @staticmethod
        def approve() -> int:
            return 7

    def action(pod: Any) -> Any:
        pod.set_label("x", "1")
        return RETURNED[name](Judged)

    async with behind(mutating(action)) as served:
        found = await served.ask()
    assert found["allowed"]
    assert "patch" in found


async def test_a_coroutine_that_was_never_awaited_fails_nobody():
    async def helper() -> None:
        return None

    def forgetful(pod: Any) -> Any:
        pod.set_label("x", "1")
        helper()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        async with behind(mutating(forgetful)) as served:
            assert (await served.ask())["allowed"]


# ------------------------------------------------------------------------------------------------ leaves behind


def cyclic(raw: Any) -> None:
    raw["spec"]["self"] = raw["spec"]


def cyclic_list(raw: Any) -> None:
    items: list[Any] = []
    items.append(items)
    raw["spec"]["containers"] = items


def deep(raw: Any) -> None:
    made: Any = {}
    for _ in range(100_000):
        made = {"a": made}
    raw["spec"] = made


VALUES: dict[str, Callable[[Any], None]] = {
    "a set": lambda raw: raw["spec"].update(x={1}),
    "an object": lambda raw: raw["spec"].update(x=object()),
    "bytes": lambda raw: raw["spec"].update(x=b"x"),
    "NaN": lambda raw: raw["spec"].update(x=float("nan")),
    "infinity": lambda raw: raw["spec"].update(x=[float("-inf")]),
    "a lone surrogate": lambda raw: raw["spec"].update(x="\ud800"),
    "a key with a lone surrogate": lambda raw: raw["spec"].update({"\udfff": 1}),
    "a number for a key": lambda raw: raw["spec"].update({1: 2}),
    "a lambda": lambda raw: raw["spec"].update(x=lambda: 1),
    "an exception": lambda raw: raw["spec"].update(x=ValueError("x")),
    "a cycle": cyclic,
    "a list in itself": cyclic_list,
    "depth": deep,
    "a coroutine": lambda raw: raw["spec"].update(x=asyncio.sleep),
}


@pytest.mark.parametrize("several", (False, True), ids=["alone", "among others"])
@pytest.mark.parametrize("name", VALUES)
async def test_what_is_not_json_is_an_error_and_the_others_work_stays(name: str, several: bool):
    rules = Capability("shop", on_error="audit") if several else Capability("shop")
    if several:
        rules.when(a.Pod).is_created().mutate(name="first")(lambda pod: pod.set_label("first", "1"))
    rules.when(a.Pod).is_created().mutate(name="hostile")(lambda pod: VALUES[name](document(pod.raw)))
    if several:
        rules.when(a.Pod).is_created().mutate(name="last")(lambda pod: pod.set_label("last", "1"))
    async with behind(rules) as served:
        if not several:
            assert "shop/hostile failed: " in (await served.ask())["status"]["message"]
            return
        found = await served.ask("/mutate/ignore/10")
        assert "shop/hostile failed: " in found["warnings"][0]
        expected = copied(POD)
        expected["metadata"]["labels"] |= {"first": "1", "last": "1"}
        assert same(apply(copied(POD), json.loads(base64.b64decode(found["patch"]))), expected)


async def test_ten_thousand_warnings_and_invalid_audit_keys_are_an_answer():
    def loud(pod: Any) -> None:
        for number in range(10_000):
            pod.warn(f"warning\n{number}\x07")
        for key in ("", "a/b", " ", "ü", "x" * 300, "a\x00b", "..", "ok"):
            pod.audit(key, "line\nbreak")

    rules = mutating(loud)
    rules.when(a.Pod).is_created().validate(name="loud")(
        lambda pod: pod.deny("no\n" * 100_000, 200, warnings=["x" * 5000] * 10_000)
    )
    async with behind(rules) as served:
        found = await served.ask()
        assert found["allowed"]
        assert sum(map(len, found["warnings"])) <= 4096
        assert "left out" in found["warnings"][-1]
        refused = await served.ask(VALIDATE)
        assert refused["status"]["code"] == 403
        assert len(refused["status"]["message"]) < 20_000


# ------------------------------------------------------------------------------------------------ takes its time


def short(seconds: float) -> Limits:
    return Limits(review_seconds=seconds, margin_seconds=seconds / 4)


@pytest.mark.parametrize("stubborn", (False, True))
@at_any_pace
async def test_an_action_that_sleeps_past_the_deadline_is_an_answer(stubborn: bool, seconds: float):
    cancelled: list[int] = []

    async def sleeper(pod: Any) -> None:
        pod.set_label("x", "1")
        for number in range(3):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                cancelled.append(number)
                if not stubborn:
                    raise

    async with behind(mutating(sleeper), short(seconds)) as served:
        asking = asyncio.ensure_future(served.ask())
        await served.others_are_answered()
        assert "Late" in (await asking)["status"]["message"]
        await until(lambda: bool(cancelled))
    # Closing the reviewer cancels once more what it let go of; the third time is ours.
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        if "_awaited" in repr(task) or "_called" in repr(task):
            task.cancel()
    await until(lambda: len(cancelled) == (3 if stubborn else 1))


async def test_an_action_that_holds_the_loop_holds_it_once():
    named: list[str] = []
    where: list[threading.Thread] = []

    def blocking(pod: Any) -> None:
        where.append(threading.current_thread())
        time.sleep(0.3)
        pod.set_label("x", "1")

    async with behind(mutating(blocking), blocked=lambda name, seconds: named.append(name)) as served:
        assert (await served.ask())["allowed"]
        assert named.count("shop/hostile") == 1
        asking = asyncio.ensure_future(served.ask())
        await until(lambda: len(where) == 2)
        for _ in range(5):
            await served.others_are_answered()
        assert (await asking)["allowed"]
    assert named.count("shop/hostile") == 1
    assert [thread is threading.main_thread() for thread in where] == [True, False]


@at_any_pace
async def test_threads_that_never_come_back_stop_nobody_else(seconds: float):
    go = threading.Event()

    def hang(pod: Any) -> None:
        go.wait(150)

    try:
        async with behind(mutating(hang), short(seconds), pool_size=2) as served:
            served.server.app.reviewer._runner._watchdog.slow.add(("shop", "hostile"))  # type: ignore[attr-defined]
            for _ in range(4):
                asking = asyncio.ensure_future(served.ask())
                await served.others_are_answered()
                assert "Late" in (await asking)["status"]["message"]
            assert len([thread for thread in action_threads() if "action" in thread.name]) == 2
            go.set()
    finally:
        go.set()


# ------------------------------------------------------------------------------------------------ after its time


async def test_an_action_that_goes_on_changing_its_input_changes_no_answer():
    tasks: list[asyncio.Task[None]] = []

    async def spoil(raw: Any) -> None:
        while True:
            await asyncio.sleep(0)
            raw.clear()

    def hostile(pod: Any) -> None:
        pod.set_label("x", "1")
        tasks.append(asyncio.ensure_future(spoil(document(pod.raw))))

    async with behind(mutating(hostile)) as served:
        for _ in range(20):
            found = await served.ask()
            expected = copied(POD)
            expected["metadata"]["labels"]["x"] = "1"
            assert same(apply(copied(POD), json.loads(base64.b64decode(found["patch"]))), expected)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_thread_that_goes_on_changing_its_input_makes_no_malformed_answer():
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def spoil(raw: Any) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            raw["spec"][f"k{number % 7}"] = {"n": number}
            raw["spec"].pop(f"k{(number + 3) % 7}", None)

    def hostile(pod: Any) -> None:
        pod.set_label("x", "1")
        threads.append(threading.Thread(target=spoil, args=(document(pod.raw),)))
        threads[-1].start()

    try:
        async with behind(mutating(hostile)) as served:
            for _ in range(3):
                await served.ask()
    finally:
        stop.set()
        for thread in threads:
            thread.join()


async def test_leaked_tasks_are_their_authors_and_stop_nobody():
    leaked: list[asyncio.Task[None]] = []

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("leaked")

    async def leak(pod: Any) -> None:
        leaked.extend(asyncio.ensure_future(fail()) for _ in range(100))
        leaked.extend(asyncio.ensure_future(asyncio.sleep(3600)) for _ in range(100))

    async with behind(mutating(leak)) as served:
        for _ in range(3):
            assert (await served.ask())["allowed"]
    for task in leaked:
        task.cancel()
    await asyncio.gather(*leaked, return_exceptions=True)


async def test_a_client_that_goes_away_stops_its_action():
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def endless(pod: Any) -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    async with behind(mutating(endless)) as served:
        async with connected(served.server) as leaving:
            await leaving.send(post(review(), MUTATE))
            await begun.wait()
        await cancelled.wait()
        await until(lambda: not served.server.app.pending)


async def test_a_predicate_that_raises_is_an_answer():
    def hostile(pod: Any) -> Any:
        raise SystemExit("no")

    rules = Capability("shop")
    rules.when(a.Pod).is_created().where(hostile).mutate(name="hostile")(lambda pod: None)
    async with behind(rules) as served:
        assert "shop/hostile failed: SystemExit" in (await served.ask())["status"]["message"]

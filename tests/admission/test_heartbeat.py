"""Whether the loop turns, and who holds it."""

from __future__ import annotations

import asyncio
import functools
import http.client
import threading
import time
from contextlib import closing

from poblano import Capability, a
from poblano.admission.health import Checks, HealthServer
from poblano.admission.heartbeat import Heartbeat, named
from tests.eventually import eventually

BOTH_LOOPS = True


def asleep(seconds: float) -> None:
    time.sleep(seconds)


async def holds(one: object, ctx: object) -> None:
    asleep(1.5)


def test_healthz_turns_500_and_names_the_action_while_it_holds_the_loop() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).reconcile(holds)
    said: list[tuple[str, float]] = []
    pages: list[tuple[int, str]] = []

    def ask(port: int) -> tuple[int, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request("GET", "/healthz?verbose")
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    async def main() -> None:
        heartbeat = Heartbeat(shop.bindings, lambda who, age: said.append((who, age)), noticed=0.5, dead=0.6)
        liveness = Checks("healthz")
        liveness.add("loop", heartbeat.problem)
        async with HealthServer(Checks("readyz"), liveness=liveness, host="127.0.0.1", port=0) as health:
            heartbeat.start()
            port, stop = health.port, threading.Event()

            def watch() -> None:
                while not stop.is_set():
                    pages.append(ask(port))
                    time.sleep(0.02)

            watching = threading.Thread(target=watch)
            watching.start()
            try:
                deadline = time.monotonic() + 60
                while not any(named_in(text) for _, text in pages) and time.monotonic() < deadline:
                    await holds(None, None)
                    await asyncio.sleep(0.3)
            finally:
                stop.set()
                await asyncio.to_thread(watching.join)
                heartbeat.close()

    asyncio.run(main())
    status, failed = next(page for page in pages if named_in(page[1]))
    assert status == 500
    assert failed.startswith("[-]loop failed: the event loop has been held for ")
    assert failed.endswith("healthz check failed\n")
    assert any(who.startswith(f"shop/holds ({__file__}:") for who, _ in said)


def named_in(page: str) -> bool:
    """A machine that is busy may have held the loop before, with nobody's doing."""
    return f"by shop/holds ({__file__}:" in page


def test_an_action_is_named_however_it_is_wrapped() -> None:
    class Called:
        def __call__(self, one: object, ctx: object) -> None:
            time.sleep(0.01)

        def bound(self, one: object, ctx: object) -> None:
            asleep(0.01)

    shop = Capability("shop")
    stop = threading.Event()

    def waits(one: object, ctx: object) -> None:
        stop.wait(60)

    for number, action in enumerate((Called(), Called().bound, functools.partial(waits), waits)):
        shop.when(a.Pod).reconcile(action, name=f"rule-{number}")
    heartbeat = Heartbeat(shop.bindings)
    assert set(heartbeat._actions.values()) >= {"shop/rule-0", "shop/rule-1", "shop/rule-3"}
    thread = threading.Thread(target=functools.partial(waits, None, None))
    thread.start()
    heartbeat._ident = thread.ident or 0
    try:
        eventually(lambda: "shop/rule-3" in heartbeat.holder(), "it is named", pause=0.01)
    finally:
        stop.set()
        thread.join()
    assert heartbeat.holder() == "a thread that has ended"
    assert named(None, {}) == "a thread that has ended"


async def test_a_loop_that_turns_has_no_problem_and_one_that_is_closed_has_none_either() -> None:
    heartbeat = Heartbeat(dead=1e9)
    heartbeat.start()
    await asyncio.sleep(0)
    assert heartbeat.problem() is None
    heartbeat.close()
    heartbeat.close()
    assert Heartbeat(dead=0).problem() is not None

"""Who holds the loop is named, once, and not for the machine's being busy."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from poblano.admission import watchdog
from poblano.admission.watchdog import EXCUSED_SECONDS, HELD_SECONDS, SURELY_HELD_SECONDS, Watchdog
from poblano.core.context import Running
from tests.admission.reviewing import action_threads
from tests.eventually import eventually

SLOW, OTHER = Running("shop", "slow"), Running("shop", "other")


class Held:
    """A watchdog whose actions take as long as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.named: list[tuple[str, float]] = []
        self.now = 0.0
        self.watchdog = Watchdog(lambda name, seconds: self.named.append((name, round(seconds, 3))))
        self.watchdog._thread = threading.current_thread()  # none of its own: it has another clock
        monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: self.now))

    def run(self, who: Running, seconds: float) -> None:
        self.watchdog.begin(who, self.now)
        self.now += seconds
        self.watchdog.end(who)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(monkeypatch)


def test_an_action_that_held_the_loop_for_long_is_named_once(held: Held):
    held.run(SLOW, SURELY_HELD_SECONDS + 0.1)
    held.run(SLOW, 5)
    assert held.named == [("shop/slow", 0.35)]
    assert held.watchdog.is_slow(SLOW)
    assert not held.watchdog.is_slow(OTHER)


def test_what_may_have_been_the_machine_is_believed_the_second_time(held: Held):
    held.run(SLOW, HELD_SECONDS * 2)
    assert not held.watchdog.is_slow(SLOW)
    held.run(OTHER, HELD_SECONDS * 2)
    assert not held.named
    held.run(SLOW, HELD_SECONDS * 3)
    assert held.named == [("shop/slow", 0.15)]


def test_no_action_is_blamed_for_what_our_own_work_may_have_taken_from_it(held: Held):
    since: list[float] = []
    held.watchdog._excused = lambda began: (since.append(began), True)[1]
    for _ in range(3):
        held.run(SLOW, EXCUSED_SECONDS - 0.1)
    assert (held.named, since) == ([], pytest.approx([0, 1.9, 3.8]))
    held.run(SLOW, EXCUSED_SECONDS)
    assert held.named == [("shop/slow", EXCUSED_SECONDS)]


def test_a_quick_action_is_never_named(held: Held):
    for _ in range(1000):
        held.run(SLOW, HELD_SECONDS * 0.9)
    assert not held.named
    assert not held.watchdog.slow


def test_an_action_that_never_returns_is_named_while_it_hangs():
    named: list[str] = []
    dog = Watchdog(lambda name, seconds: named.append(name))
    try:
        dog.begin(SLOW, time.monotonic() - 10)
        eventually(lambda: named, "it is named", pause=0.01)
        assert dog.is_slow(SLOW)
        dog.end(SLOW)
        assert named == ["shop/slow"]
    finally:
        dog.close()


def test_it_is_named_once_though_both_threads_see_it():
    named: list[Any] = []
    inside = threading.Barrier(2)

    def blocked(name: str, seconds: float) -> None:
        named.append(threading.current_thread())

    dog = Watchdog(blocked)

    def mark() -> None:
        inside.wait()
        dog._mark(SLOW, 0, 10)

    threads = [threading.Thread(target=mark) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(named) == 1


def test_nobody_needs_to_be_told():
    dog = Watchdog()
    dog.begin(SLOW, time.monotonic() - 10)
    dog.end(SLOW)
    assert dog.is_slow(SLOW)
    dog.close()


def test_its_thread_begins_with_the_first_action_and_ends_when_it_is_closed():
    before = set(action_threads())
    dog = Watchdog()
    assert set(action_threads()) == before
    for _ in range(3):
        dog.begin(SLOW, time.monotonic())
        dog.end(SLOW)
    (thread,) = set(action_threads()) - before
    assert thread.daemon
    dog.close()
    dog.close()
    thread.join(20)
    assert not thread.is_alive()
    dog.begin(SLOW, time.monotonic())
    dog.end(SLOW)
    assert set(action_threads()) <= before


def test_one_that_got_no_thread_asks_for_it_again(monkeypatch: pytest.MonkeyPatch):
    def refused(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    named: list[str] = []
    dog = Watchdog(lambda name, seconds: named.append(name))
    try:
        with monkeypatch.context() as refusing:
            refusing.setattr(threading.Thread, "start", refused)
            dog.begin(SLOW, time.monotonic())
            dog.end(SLOW)
        dog.begin(SLOW, time.monotonic() - 10)
        eventually(lambda: named == ["shop/slow"], "it is named")
    finally:
        dog.close()

"""A command that is told to stop: it is cancelled and may say what it leaves, be it told by a terminal or by a pipeline."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from types import SimpleNamespace

import click
import pytest

from poblano.cli import stopping
from poblano.cli.asking import sure
from poblano.cli.stopping import run_until_told

STOPS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", STOPS)
def test_what_runs_is_cancelled_and_may_take_its_time_to_end(number: signal.Signals) -> None:
    left: list[str] = []
    before = signal.getsignal(signal.SIGTERM)

    async def work() -> None:
        try:
            signal.raise_signal(number)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            left.append("said")
            raise

    with pytest.raises(KeyboardInterrupt):
        run_until_told(work())
    assert left == ["said"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_not_told_to_stop_returns() -> None:
    async def work() -> str:
        return "done"

    assert run_until_told(work()) == "done"


def test_sigterm_is_heard_where_ctrl_c_is_ignored() -> None:
    """As in what a script starts with &."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_until_told(_told(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGINT, before)


def test_sigterm_ends_also_what_holds_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the user's code may, while it is imported. Who presses Ctrl-C does it again."""
    monkeypatch.setattr(stopping, "HELD_SECONDS", 0.05)

    async def held() -> None:
        signal.raise_signal(signal.SIGTERM)
        threading.Event().wait(60)

    with pytest.raises(KeyboardInterrupt):
        run_until_told(held())


async def _told(number: signal.Signals) -> None:
    signal.raise_signal(number)
    await asyncio.Event().wait()


@pytest.mark.parametrize("number", STOPS)
def test_a_question_ends_at_once_also_on_an_event_loop(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """There the signal would wait for the loop, and the loop for the answer."""

    def told_before_it_answers(_: str) -> str:
        signal.raise_signal(number)
        return "y"

    monkeypatch.setattr("click.termui.visible_prompt_func", told_before_it_answers)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))

    async def asked() -> None:
        sure("Put it there?")

    with pytest.raises(click.Abort):
        run_until_told(asked())

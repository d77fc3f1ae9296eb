"""What is to go on is begun again whatever ends it, and it is said while it is not under way."""

from __future__ import annotations

import asyncio
import json

import pytest

from poblano.admission.certifying.tended import Tended
from poblano.core.backoff import Backoff
from poblano.core.verdict import described
from tests.watch.clusters import until


class Work:
    """Ends as told, the first time; afterwards it goes on."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error
        self.begun = 0
        self.cancelled = False

    async def run(self) -> None:
        self.begun += 1
        if self.begun > 1:
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled = True
        if self.error is not None:
            raise self.error


class Panic(BaseException):
    """As a library written in Rust raises it."""


def pauses(seconds: float) -> Backoff:
    return Backoff(clock=lambda: 0.0, chance=lambda: seconds)


@pytest.mark.parametrize(
    "error", [ValueError("odd"), None, asyncio.CancelledError(), Panic("called `Option::unwrap()`")], ids=repr
)
async def test_whatever_ends_it_it_is_begun_again_and_said_meanwhile(error, capsys):
    work = Work(error)
    async with Tended("what looks after the certificates", work.run, backoff=pauses(0.0)) as tended:
        await until(lambda: tended.problem() is not None, "it is said")
        why = "without an error" if error is None else described(error)
        assert tended.problem() == f"what looks after the certificates has ended ({why}) and is begun again"
        await until(lambda: work.begun == 2, "it goes on")
        assert tended.problem() is None
    assert work.cancelled
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert line["message"] == "what looks after the certificates has ended and is begun again"
    assert line["level"] == "error"


async def test_one_that_ends_again_and_again_is_let_be_for_longer_each_time(monkeypatch):
    work, slept = Work(None), []
    sleep = asyncio.sleep

    async def sleeping(seconds):
        slept.append(seconds)
        work.begun = 0
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", sleeping)
    async with Tended("it", work.run, backoff=pauses(0.0)):
        while len(slept) < 4:
            await sleep(0)
    assert slept[:4] == [0.8, 1.6, 3.2, 6.4]


async def test_its_end_is_the_end_of_it_also_while_it_is_let_be():
    work = Work(ValueError("odd"))
    async with Tended("it", work.run, backoff=pauses(1e6)) as tended:
        await until(lambda: tended.problem() is not None, "it has ended")
    assert work.begun == 1

"""Who stands for the Lease stands again after a loss, and no more once the process goes."""

from __future__ import annotations

import asyncio

import pytest

from poblano.admission.certifying import running
from poblano.admission.certifying.running import Certifying


class Candidacy:
    """One whose end is known."""

    name = "poblano-hello-certificates"

    def __init__(self, fails=False) -> None:
        self.lost = asyncio.Event()
        self.leads = True
        self.fails = fails
        self.released = False

    async def acquired(self) -> None:
        if self.fails:
            self.lost.set()
            await asyncio.Event().wait()

    def failure(self) -> Exception:
        return RuntimeError("there is no API server of that name")

    async def release(self) -> None:
        self.released = True


class Work:
    """What a leader does: it says when."""

    trouble = ""

    def __init__(self) -> None:
        self.began: asyncio.Queue[int] = asyncio.Queue()
        self.ended = 0

    async def run(self) -> None:
        self.began.put_nowait(1)
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    for name in ("STANDS_EVERY", "LEADS_EVERY"):
        monkeypatch.setattr(running, name, 0.001)


async def test_after_a_loss_and_after_an_error_one_stands_again_and_stops_when_the_process_goes():
    stood, work, gone = [], Work(), asyncio.Event()

    def elect():
        stood.append(Candidacy(fails=len(stood) == 1))
        return stood[-1]

    certifying = Certifying(None, None, work, elect=elect, going=gone.is_set)
    task = asyncio.create_task(certifying._stand())
    await work.began.get()
    stood[0].leads = False  # lost
    await work.began.get()
    assert [one.fails for one in stood] == [False, True, False]
    gone.set()
    await task
    assert work.ended == 2
    assert all(one.released for one in stood)


async def test_whoever_cancels_it_waits_for_the_lease_to_be_given_back():
    work, stood = Work(), Candidacy()
    task = asyncio.create_task(Certifying(None, None, work, elect=lambda: stood, going=lambda: False)._stand())
    await work.began.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (work.ended, stood.released) == (1, True)

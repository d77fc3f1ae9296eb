"""Who stands for the Lease stands again after a loss, and no more once the process goes."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from poblano.admission.certifying import running
from poblano.admission.certifying.running import Certifying
from poblano.core.kinds import Kind


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


class Watching:
    """Stands for an informer: the first one ends as told, the others go on."""

    made: ClassVar[list[Watching]] = []
    trouble = None

    def __init__(self, _client: object, kind: Kind, *_: object, **__: object) -> None:
        self.kind = kind
        self.made.append(self)
        self.subscribed = 0

    def subscribe(self, _tell: object) -> None:
        self.subscribed += 1

    async def run(self) -> None:
        if len(self.made) == 1:
            raise LookupError("what nobody has thought of")
        await asyncio.Event().wait()


async def test_a_part_that_ends_ends_all_of_it_and_it_can_be_run_again(monkeypatch):
    monkeypatch.setattr(running, "Informer", Watching)
    monkeypatch.setattr(Watching, "made", [])
    work, stood = Work(), []

    def elect():
        stood.append(Candidacy())
        return stood[-1]

    certifying = Certifying(None, None, work, elect=elect, going=lambda: False)
    certifying.follow_secret("poblano-hello-certificates", "shop", frozenset())
    with pytest.raises(RuntimeError, match=r"the watch of secrets has ended \(LookupError: what nobody has thought of"):
        await certifying.run()
    assert [one.released for one in stood] == [True] * len(stood)
    again = asyncio.create_task(certifying.run())
    await work.began.get()
    assert [one.subscribed for one in Watching.made] == [1, 1]
    again.cancel()
    with pytest.raises(asyncio.CancelledError):
        await again
    assert stood[-1].released


async def test_a_candidacy_that_cannot_begin_is_an_end_that_is_named():
    class Threadless(Candidacy):
        async def acquired(self) -> None:
            raise RuntimeError("can't start new thread")

    stood = Threadless()
    certifying = Certifying(None, None, Work(), elect=lambda: stood, going=lambda: False)
    with pytest.raises(RuntimeError, match=r"standing for the Lease has ended \(RuntimeError: can't start new thread"):
        await certifying.run()
    assert stood.released


async def test_whoever_leaves_stands_no_more_and_still_follows():
    gone = asyncio.Event()
    certifying = Certifying(None, None, Work(), elect=Candidacy, going=gone.is_set)
    task = asyncio.create_task(certifying.run())
    await asyncio.sleep(0)
    gone.set()
    done, _ = await asyncio.wait([task], timeout=0.2)
    assert not done
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()

"""Who stands for the Lease stands again after a loss, and no more once the process goes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import ClassVar

import pytest

from poblano.admission.certifying import running
from poblano.admission.certifying.replica import Replica
from poblano.admission.certifying.running import Certifying
from poblano.admission.webhooks import KINDS
from poblano.cli.certificates import interim
from poblano.core.deployed import MAKER
from poblano.core.kinds import Kind
from tests.watch.clusters import until


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


def configuration(maker: str) -> dict:
    annotations = {MAKER: maker} if maker else {}
    return {"metadata": {"name": "poblano-hello", "annotations": annotations}, "webhooks": []}


async def test_who_is_told_of_another_maker_than_is_applied_leaves_it_to_the_others():
    stood, work = [], Work()

    def elect():
        stood.append(Candidacy())
        return stood[-1]

    replica = Replica(interim(), frozenset())
    certifying = Certifying(None, replica, work, elect=elect, going=lambda: False, maker="self")
    certifying._learned(KINDS["mutate"], configuration(""))  # as an older version has built it
    task = asyncio.create_task(certifying._stand())
    await work.began.get()
    certifying._learned(KINDS["mutate"], configuration("provided"))
    await until(lambda: stood[0].released, "it leads no more")
    assert work.ended == 1
    begun = len(stood)
    await asyncio.sleep(0.05)
    assert len(stood) == begun
    certifying._learned(KINDS["mutate"], configuration("self"))
    await work.began.get()
    task.cancel()
    await asyncio.wait([task])


async def test_nobody_is_ready_before_it_is_heard_whom_the_webhooks_trust_unless_nobody_can_be_asked(monkeypatch):
    class Asking(Watching):
        reflector = SimpleNamespace(has_synced=True)
        has_told = False  # though it is known: the thread that asks may come between the two
        is_failing = False
        trouble = "it has not begun"

        async def run(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(running, "Informer", Asking)
    monkeypatch.setattr(Watching, "made", [])
    certifying = Certifying(None, None, Work(), elect=Candidacy, going=lambda: False)
    certifying.follow_webhooks(KINDS.values(), "poblano-hello")
    certifying.follow_secret("poblano-hello-certificates", "shop", frozenset())
    assert certifying.unheard() == "whom the webhooks trust is not known yet"
    task = asyncio.create_task(certifying.run())
    await until(lambda: len(Watching.made) == 3, "they are followed")
    first, second, _ = Watching.made
    first.has_told = True
    assert certifying.unheard() is not None
    second.is_failing = True
    assert certifying.unheard() is None
    second.is_failing = False
    assert certifying.unheard() is not None, "somebody can be asked again, and is to be heard first"
    second.has_told = True
    assert certifying.unheard() is None
    second.has_told, second.is_failing = False, True
    assert certifying.unheard() is None, "it was heard before"
    task.cancel()
    await asyncio.wait([task])

"""Runs what looks after the certificates in one process: it follows, serves, stands for the Lease, and works while it holds it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from poblano.admission.certifying.configurations import Configuration
from poblano.admission.certifying.leader import Leader
from poblano.admission.certifying.replica import Replica
from poblano.admission.certifying.secret import Contents
from poblano.admission.tls import UnusableCertificate
from poblano.client import ApiClient
from poblano.core.cache import Change
from poblano.core.filters import NameIs
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.selectors import Selector
from poblano.core.store.layout import SECRETS
from poblano.core.verdict import described
from poblano.log import Log
from poblano.watch.election import Election
from poblano.watch.informer import Informer

CONSIDERED_EVERY = 60.0
"""Seconds after which it is asked again whether what is offered is served: it may be believed for long enough by now, and what is
served may have run out.
"""

STANDS_EVERY: Final = 1.0
"""Seconds from the loss of the Lease until one stands for it again."""

LEADS_EVERY: Final = 0.5
"""Seconds after which it is asked whether this process is still to lead."""


class Certifying:
    """Looks after the certificates, as long as it is run.

    Args:
        client: an open client.
        replica: what this process serves.
        leader: does the work while this process leads.
        elect: makes a candidacy; a new one after each loss.
        going: whether this process is on its way out: it leads no more.
        maker: who makes the certificates, as this process was told. It leaves them alone while what is applied names another: in a
            rollout it would keep those from becoming ready that are to take its place.
    """

    def __init__(
        self,
        client: ApiClient,
        replica: Replica,
        leader: Leader,
        *,
        elect: Callable[[], Election],
        going: Callable[[], bool],
        maker: str = "",
    ) -> None:
        self._client = client
        self._replica = replica
        self._leader = leader
        self._elect = elect
        self._going = going
        self._maker = maker
        self._makers: dict[Kind, str] = {}
        self._followed: list[tuple[Kind, str, str, Callable[[Kind, Document | None], None]]] = []
        self._informers: list[Informer] = []
        self._has_heard = False

    def follow_webhooks(self, kinds: Iterable[Kind], name: str) -> None:
        """Follow the webhook configurations of that name."""
        for kind in kinds:
            self._followed.append((kind, name, "", self._learned))

    def follow_secret(self, name: str, namespace: str, names: frozenset[str]) -> None:
        """Serve what a Secret has.

        Args:
            name: of the Secret.
            namespace: where it is.
            names: what API servers call the server.
        """
        self._followed.append((SECRETS, name, namespace, lambda _, document: self._offered(document, names)))

    def missing(self) -> str | None:
        """Why there is no certificate that could be believed, and why not, as far as that is known; None when there is one."""
        problem = self._replica.expired()
        causes = [self._leader.trouble, *(one.trouble or "" for one in self._informers)]
        cause = next(filter(None, causes), "") if problem else ""
        return f"{problem}: {cause}" if cause else problem

    def unheard(self) -> str | None:
        """Whether it is yet to be heard whom the webhooks trust; None once it is, or while nobody can be asked. From any thread."""
        if not self._has_heard:
            followed = {kind for kind, *_ in self._followed if kind != SECRETS}
            heard = {one.kind for one in self._informers if one.has_told}
            unanswered = {one.kind for one in self._informers if one.is_failing}
            self._has_heard = followed <= heard
            if not followed <= heard | unanswered:
                return "whom the webhooks trust is not known yet"
        return None

    async def run(self) -> None:
        """Until cancelled. It may be run again when it has ended.

        Raises:
            RuntimeError: a part of it has ended though it never should; named.
        """
        self._informers = [self._follow(*followed) for followed in self._followed]
        parts = [asyncio.create_task(one.run(), name=f"the watch of {one.kind.plural}") for one in self._informers]
        parts.append(asyncio.create_task(self._consider(), name="looking at what is offered"))
        standing = asyncio.create_task(self._stand(), name="standing for the Lease")
        try:
            await _one_ended({*parts, standing}, standing, self._going)
        finally:
            for task in (*parts, standing):
                task.cancel()
            await asyncio.gather(*parts, standing, return_exceptions=True)

    def _follow(self, kind: Kind, name: str, namespace: str, tell: Callable[[Kind, Document | None], None]) -> Informer:
        informer = Informer(self._client, kind, namespace, selector=Selector.of(NameIs(frozenset({name}))))

        def changed(change: Change) -> None:
            gone = change.type == "DELETED"
            tell(kind, None if gone else msgspec.json.decode(change.item.raw))
            self._leader.changed()

        informer.subscribe(changed)
        return informer

    def _learned(self, kind: Kind, document: Document | None) -> None:
        configuration = None if document is None else Configuration.of(kind, document)
        was_meant = self._is_meant
        self._makers[kind] = "" if configuration is None else configuration.maker
        if self._is_meant is not was_meant:
            Log.info("who makes the certificates is another now", makers=sorted({*self._makers.values()} - {""}))
        self._replica.learn(kind, configuration)

    @property
    def _is_meant(self) -> bool:
        """Whether it is to lead, as far as was applied."""
        return all(one in {"", self._maker} for one in self._makers.values())

    def _offered(self, document: Document | None, names: frozenset[str]) -> None:
        if document is None:
            return
        contents = Contents.of(document, names)
        self._replica.trust(contents.authorities)
        if contents.pair is not None:
            with contextlib.suppress(UnusableCertificate):  # it was looked at already
                self._replica.swap(contents.pair)

    async def _consider(self) -> None:
        while True:
            await asyncio.sleep(CONSIDERED_EVERY)
            self._replica.consider()

    async def _stand(self) -> None:
        """Stand for the Lease, and again after a loss: all that is written names what was read, so nothing has to end."""
        while not self._going():
            if self._is_meant:
                await self._stand_once()
            await asyncio.sleep(STANDS_EVERY)

    async def _stand_once(self) -> None:
        election = self._elect()
        try:
            if await _acquired(election):
                await self._lead(election)
            else:
                Log.error("who leads cannot be found out", lease=election.name, reason=str(election.failure()))
        finally:
            await election.release()

    async def _lead(self, election: Election) -> None:
        working = asyncio.create_task(self._leader.run(), name="certificates")
        try:
            while self._is_meant and not self._going() and election.leads and not working.done():  # noqa: ASYNC110 -- by the clock
                await asyncio.sleep(LEADS_EVERY)
        finally:
            working.cancel()
            await asyncio.wait([working])
        if not working.cancelled():
            working.result()


async def _one_ended(parts: set[asyncio.Task[None]], standing: asyncio.Task[None], going: Callable[[], bool]) -> None:
    """Wait until one of them ends that should not have: who leaves stands no more.

    Raises:
        RuntimeError: which, and why.
    """
    while True:
        done, parts = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            if error is not None or task is not standing or not going():
                why = "without an error" if error is None else described(error)
                raise RuntimeError(f"{task.get_name()} has ended ({why})") from error


async def _acquired(election: Election) -> bool:
    """Wait until it leads; False when it never will."""
    winning, losing = asyncio.create_task(election.acquired()), asyncio.create_task(election.lost.wait())
    try:
        await asyncio.wait((winning, losing), return_when=asyncio.FIRST_COMPLETED)
        if winning.done():
            winning.result()
        return winning.done()
    finally:
        for task in (winning, losing):
            task.cancel()
        await asyncio.gather(winning, losing, return_exceptions=True)

"""A module in a cluster over years: leaders that may act, and one pod. The days go by as a test says. Not a test."""

from __future__ import annotations

import itertools

from poblano.admission.certificates import issue, now
from poblano.admission.certifying.configurations import Configuration
from poblano.admission.certifying.leader import Leader
from poblano.admission.certifying.replica import Replica
from poblano.admission.certifying.secret import Contents
from poblano.admission.certifying.sources import Own
from poblano.admission.tls import LiveCertificate
from poblano.admission.webhooks import KINDS
from poblano.client import Resources
from poblano.core.certificates import DAY, LOOK_AGAIN, Rotation
from poblano.core.deployed import Names
from poblano.core.store.layout import SECRETS
from tests.watch.clusters import space_of

IDLE = 2
"""So many long pauses, one after the other, are no wait for an authority to be trusted by all: after that something is done."""

_numbers = itertools.count()


class World:
    """One module, two leaders that may act, and a pod; `days` and `seconds` go by when the test says so."""

    def __init__(self, client) -> None:
        self.names = Names(f"years-{next(_numbers)}")
        self.space = self.names.base
        self.days = self.seconds = 0.0
        self.is_ready = True
        self.client = client
        self.api = Resources(client, field_manager="git")
        self.service = self.names.service_names(self.space)
        self.replica = Replica(LiveCertificate(issue(["x"]).pair), frozenset(self.service), wall=self.wall)
        self.leaders = [self.leader() for _ in range(2)]

    def wall(self) -> float:
        return now().timestamp() + self.days * DAY

    def leader(self) -> Leader:
        manager = self.names.certificates
        return Leader(
            Resources(self.client, field_manager=manager),
            manager=manager,
            name=self.names.base,
            policies={kind: {f"{phase}.example.com": "Fail"} for phase, kind in KINDS.items()},
            source=Own(
                namespace=self.space,
                name=manager,
                base=self.names.base,
                names=self.service,
                rotation=Rotation(wall=self.wall, clock=lambda: self.seconds),
            ),
            replica=self.replica,
            ready=lambda: self.is_ready,
        )

    async def install(self) -> None:
        await space_of(self.api, self.space)
        await self.api.create(SECRETS, {"metadata": {"name": self.names.certificates, "namespace": self.space}})
        await self.apply()

    async def apply(self, **changes) -> None:
        for phase, kind in KINDS.items():
            webhook = {
                "name": f"{phase}.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Ignore",
                "clientConfig": {"service": {"name": self.names.base, "namespace": self.space}, **changes},
            }
            document = {"metadata": {"name": self.names.base}, "webhooks": [webhook]}
            await self.api.apply(kind, document, force=True)

    async def contents(self) -> Contents:
        document = await self.api.get(SECRETS, self.names.certificates, self.space)
        return Contents.of(document, frozenset(self.service))

    async def webhooks(self) -> list:
        found = [Configuration.of(kind, await self.api.get(kind, self.names.base)) for kind in KINDS.values()]
        return [webhook for one in found for webhook in one.webhooks]

    async def settle(self, leader: Leader, looks: int = 10) -> None:
        """It looks as often as it wants to, and the pod hears of it all; it ends once there is nothing to do or to wait for."""
        idle = 0
        for _ in range(looks):
            pause = await leader.look()
            await self.hear()
            self.seconds += min(pause, LOOK_AGAIN)
            idle = idle + 1 if pause >= LOOK_AGAIN else 0
            if idle == IDLE:
                break
        assert self.replica.doubted() is None

    async def hear(self) -> None:
        """The pod hears of what there is."""
        for kind in KINDS.values():
            self.replica.learn(kind, Configuration.of(kind, await self.api.get(kind, self.names.base)))
        contents = await self.contents()
        self.replica.trust(contents.authorities)
        if contents.pair is not None:
            self.replica.swap(contents.pair)

    async def policies(self) -> set:
        return {one.policy for one in await self.webhooks()}

"""The replicas share the objects: each has a Lease of its own, and the thinking is `poblano.core.membership`'s.

::

    sharing = Sharing(lambda: connect(), namespace="shop", group="poblano-hello", identity=own_identity())
    await sharing.acquired()
    if sharing.may(key): ...
    await sharing.release()
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Hashable
from contextlib import suppress

from poblano.client import ApiClient, Preconditions, Resources
from poblano.core.errors import ApiError
from poblano.core.jsonvalue import Document
from poblano.core.lease import LeaseTimes, Record
from poblano.core.membership import Look, Member, Publish, Seat
from poblano.core.sharding import NOTHING, Share
from poblano.watch.leadership import Mine
from poblano.watch.leases import LEASE, Held, part, record_of, wall
from poblano.watch.metrics import NOBODY, Observer
from poblano.watch.standing import Standing, clock

GROUP = "poblano.dev/group"
"""The label by which the Leases of those that share are found."""

MEMBERS = "poblano.dev/members"
"""The annotation in which a member says by which members it reckons."""


class Sharing(Standing):
    """One member of a group, which has a part of the keys. Other arguments as of `Standing`.

    Args:
        group: what the names of the members' Leases begin with; of one module, ``poblano-<uuid>``.
    """

    def __init__(
        self,
        connect: Callable[[], ApiClient],
        *,
        namespace: str,
        group: str,
        identity: str,
        times: LeaseTimes | None = None,
        observer: Observer = NOBODY,
        abandon: Callable[[], None] | None = None,
    ) -> None:
        times, name = times or LeaseTimes(), f"{group}-{secrets.token_hex(5)}"
        self.group = group
        self._member = Member(name, clock=clock, times=times, busy=self._busy_keys)
        self._share: Share = NOTHING
        self._changed: Callable[[Mine], None] | None = None
        self._busy: Callable[[], Collection[Hashable]] = tuple
        self._since = ""
        self._own = Held()
        super().__init__(
            connect,
            self._member,
            namespace=namespace,
            name=name,
            identity=identity,
            times=times,
            observer=observer,
            abandon=abandon,
        )

    def may(self, key: Hashable) -> bool:
        """Whether this replica may work on that key, now."""
        return self._member.may(str(key))

    def follow(self, changed: Callable[[Mine], None], busy: Callable[[], Collection[Hashable]]) -> None:
        """Have `changed` told which keys have become ours; see `Leadership`."""
        self._changed, self._busy = changed, busy

    # What follows runs in the thread.

    def _busy_keys(self) -> Collection[str]:
        return [str(key) for key in self._busy()]

    async def _carry_out(self, api: Resources, command: object) -> None:
        if isinstance(command, Look):
            listing = await api.list(LEASE, self.namespace, label_selector=f"{GROUP}={self.group}")
            self._own = next((Held(item) for item in listing.items if _name(item) == self.name), Held())
            self._member.looked(map(self._seat, listing.items))
            await self._clean_up(api)
        elif isinstance(command, Publish):
            self._own = await self._own.written(
                api,
                self.namespace,
                self.name,
                self._record(command),
                command.version,
                labels={GROUP: self.group},
                annotations={MEMBERS: " ".join(sorted(command.view))},
            )
            self._member.published(self._own.version)

    def _record(self, command: Publish) -> Record:
        now = wall()
        self._since = self._since or now
        if command.leaves:
            return Record("", 1, 0, self._since, now)
        return Record(self.identity, round(self._times.duration), 0, self._since, now)

    def _seat(self, document: Document) -> Seat:
        """A Lease as `Member` reads it: who holds one is called as it is, unless somebody else has taken ours."""
        name, record = _name(document), record_of(document)
        taken = name == self.name and record.holder != self.identity
        said = part(part(document, "metadata"), "annotations").get(MEMBERS, "")
        holder = record.holder if taken or not record.holder else name
        return Seat(name, holder, record.duration, frozenset(str(said).split()), Held(document).version)

    async def _clean_up(self, api: Resources) -> None:
        for seat in self._member.litter:
            with suppress(ApiError):  # another one does it, or may
                wanted = Preconditions(resource_version=seat.version)
                await api.delete(LEASE, seat.name, self.namespace, preconditions=wanted)

    def _tell(self) -> None:
        """Tell the other loop what has become ours."""
        share, before = self._member.share, self._share
        self._share = share
        if share is NOTHING:
            return
        super()._tell()
        if share != before and (changed := self._changed) is not None:

            def gained(key: Hashable) -> bool:
                return share.has(str(key)) and not before.has(str(key))

            self._thread.tell(lambda: changed(gained))


def _name(document: Document) -> str:
    return str(part(document, "metadata").get("name", ""))

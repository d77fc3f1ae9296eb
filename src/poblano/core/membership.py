"""Members that share keys: each with a Lease of its own, in which it says by which members it reckons. Without I/O.

A key moves in three steps, each seen by the others in the Leases: who has it begins no more on it and waits for what is under
way; then says so, in its Lease; and who gets it has claimed it before, in its own, and begins once nobody else claims it. So of
two that claim a key at once, the later one has seen the earlier claim in the same list as its own, and waits.

Who is gone is judged as in `poblano.core.lease`: each by its own clock, by how long ago a Lease was seen to change. `Member` says
what to do next (`command`); its driver does it and reports what came of it. `may` is asked before each thing that is done.

>>> member = Member("a", clock=lambda: 0.0)
>>> member.looked([]); member.command
Publish(view=frozenset({'a'}), version='', leaves=False)
>>> member.published("1"); member.looked([Seat("a", "a", 15, frozenset({"a"}), "1")]); member.may("shop/web")
True
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from poblano.core.lease import LeaseTimes, Over, Pause
from poblano.core.sharding import NOTHING, Claim, Share, View

LITTER_SECONDS = 600.0
"""After how long a Lease that nobody holds any more may be deleted."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A member's Lease, as it was read.

    Args:
        name: of the member.
        holder: the same as long as it takes part, "" once it has left.
        duration: for how many seconds after a change it counts.
        view: the members by which it reckons.
        version: of the Lease.
    """

    name: str
    holder: str
    duration: int
    view: View
    version: str


@dataclass(frozen=True, slots=True)
class Look:
    """Read all Leases of the group, as they are at one moment."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Replace one's own Lease that is at `version`, create it where that is ""; or say in it that one `leaves`."""

    view: View
    version: str
    leaves: bool = False


Command: TypeAlias = Look | Publish | Pause | Over


@dataclass(slots=True)
class _Known:
    """A Lease of another, when it was seen to change, and whether it had run out when last looked at."""

    seat: Seat
    at: float
    gone: bool


class Member:
    """One of those that share.

    Args:
        name: unlike any other's.
        clock: seconds that never go back, and go on while the machine sleeps.
        times: how long things take.
        busy: the keys that are worked on now.
        chance: draws from 0 to 1.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Callable[[], float],
        times: LeaseTimes | None = None,
        busy: Callable[[], Collection[str]] = tuple,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.share: Share = NOTHING
        self._clock = clock
        self._times = times or LeaseTimes()
        self._busy = busy
        self._chance = chance
        self._others: dict[str, _Known] = {}
        self._version = ""
        self._view: View | None = None  # what the Lease says, as far as is known
        self._shown: View | None = None  # what it said when the others' were seen, too
        self._target: View = frozenset({name})
        self._sent: dict[View, str] = {}  # what it may say yet: the outcome of writing is not known; at which version
        self._held_until: float | None = None
        self._asked = 0.0
        self._leaving = False
        self._sure = False  # whether the version of one's own Lease is known
        self._command: Command = Look()

    @property
    def leads(self) -> bool:
        """Whether it takes part, now. To be asked from any thread."""
        until = self._held_until
        return until is not None and not self._leaving and self._clock() < until

    def may(self, key: str) -> bool:
        """Whether it may work on a key, now. To be asked from any thread."""
        return self.leads and self.share.has(key)

    @property
    def left(self) -> float | None:
        """For how many seconds it takes part yet if nothing more is heard; None when it does not."""
        until = self._held_until
        return None if until is None else max(0.0, until - self._clock())

    @property
    def releasing(self) -> bool:
        """Whether it was told to leave."""
        return self._leaving

    @property
    def settled(self) -> bool:
        """Whether all is shared as it should be, as far as this one knows."""
        claims = {known.seat.view for known in self._others.values() if not known.gone}
        return self._shown == self._view == self._target and not self._sent and claims <= {self._target}

    @property
    def command(self) -> Command:
        """What to do now, until it is reported on."""
        if self._held_until is not None and self._clock() >= self._held_until:
            self._held_until = None
            self._command = Over(lost=not self._leaving)
        return self._command

    @property
    def litter(self) -> list[Seat]:
        """The Leases of those that are gone for long: nobody needs them."""
        since = self._clock() - LITTER_SECONDS
        return [known.seat for known in self._others.values() if known.gone and known.at < since]

    def begin(self) -> None:
        """The request is about to be sent."""
        self._asked = self._clock()
        if isinstance(self._command, Publish) and not self._leaving:
            self._sent[self._command.view] = self._command.version
            self._reckon()

    def looked(self, seats: Iterable[Seat]) -> None:
        """These are all Leases of the group."""
        if isinstance(self.command, Over):
            return
        found = {seat.name: seat for seat in seats}
        own = found.pop(self.name, None)
        if self._held_until is not None and (own is None or own.holder != self.name):
            self._held_until = None
            self._command = Over(lost=not self._leaving)
            return
        self._see(found)
        self._sure = True
        if own is not None:
            self._version, self._view, self._shown = own.version, own.view, own.view
            self._forget_sent()
        self._target = frozenset({self.name, *(name for name, known in self._others.items() if not known.gone)})
        self._reckon()
        self._command = self._publish() if self._held_until is None or self._leaving else self._pause()

    def published(self, version: str) -> None:
        """One's own Lease is as was asked."""
        done = self.command
        if not isinstance(done, Publish):
            return
        if done.leaves:
            self._held_until = None
            self._command = Over(lost=False)
            return
        self._version, self._view, self._sure = version, done.view, True
        self._forget_sent()
        until = self._asked + self._times.renew
        if self._held_until is not None or self._clock() < until:
            self._held_until = until
        self._reckon()
        self._command = Look()

    def failed(self) -> None:
        """The request was refused, for a conflict or otherwise, or not answered."""
        if not isinstance(self.command, Over):
            self._sure = False
            self._command = self._pause()

    def slept(self) -> None:
        """The pause is over."""
        if isinstance(self.command, Pause):
            self._command = self._publish() if self._knows_its_own else Look()

    def release(self) -> None:
        """Take part no more, once all work has stopped. Not to be said while a request is out."""
        leading, self._leaving = self._held_until is not None, True
        self._command = (self._publish() if self._knows_its_own else Look()) if leading else Over(lost=False)

    @property
    def _knows_its_own(self) -> bool:
        return self._held_until is not None and self._sure

    def _see(self, found: dict[str, Seat]) -> None:
        """A Lease that is not there any more counts until it would have run out: its holder may not know yet."""
        now = self._clock()
        for name, seat in found.items():
            known = self._others.get(name)
            if known is None or known.seat.version != seat.version:
                self._others[name] = _Known(seat, now, not seat.holder)
        for name, known in list(self._others.items()):
            lasts = max(float(known.seat.duration), self._times.duration)
            known.gone = not known.seat.holder or self._asked - known.at >= lasts
            if name not in found and known.gone:
                del self._others[name]

    def _forget_sent(self) -> None:
        """What was to replace an earlier version than the one that is there now will never arrive."""
        self._sent = {view: version for view, version in self._sent.items() if version == self._version}

    def _reckon(self) -> None:
        """What it may work on, by all that is known."""
        if self._shown is None or self._view is None:
            self.share = NOTHING
            return
        views = frozenset({self._shown, self._view, self._target, *self._sent})
        rivals = frozenset(
            Claim(name, known.seat.view) for name, known in self._others.items() if not known.gone and known.seat.view
        )
        self.share = Share(self.name, views, rivals)

    def _publish(self) -> Publish:
        if self._leaving:
            return Publish(frozenset(), self._version, leaves=True)
        view = self._view
        if view is None or (view != self._target and all(map(self.share.has, self._busy()))):
            view = self._target
        return Publish(view, self._version)

    def _pause(self) -> Pause:
        jittered = self._times.retry * (1 + self._times.jitter * self._chance())
        return Pause(jittered / 2 if self._sure and not self.settled else jittered)

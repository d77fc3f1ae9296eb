"""What to do next about the certificates of a module's webhooks: make an authority, publish it, issue from it, forget it.

A `Rotation` is told what the Secret holds and what the API server is told to trust, and says one step; its driver does it
and looks again. So it may be ended at any step, and another may go on. What always holds:

* An authority signs what is served only when every webhook has trusted it for a while, in one piece; or when it has signed
  what is served: whoever believes the one believes the other.
* One that has signed is trusted until it has run out: a pod that has not heard of the new certificate is still believed.
* What is unknown and is trusted stays so, until what the Secret has is served everywhere.

How long something has been so is measured by a clock that never jumps and that no two processes share: after a change of
leader the wait begins again. The time of day decides about nothing but what has run out, and what is about to.

>>> from poblano.core.believing import Leaf
>>> rotation = Rotation(wall=lambda: 0.0, clock=lambda: 0.0)
>>> rotation.step(Facts(published=((),)))
Make(until=31536000.0, keep=())
>>> made = Authority("a", ends=31536000.0, signs=True)
>>> rotation.step(Facts((made,), published=((),)))
Issue(authority='a', until=7776000.0, keys=('a',))
>>> rotation.step(Facts((made,), Leaf("l", "a", 7776000.0), published=((),)))
Publish(authorities=('a',))
>>> rotation.step(Facts((made,), Leaf("l", "a", 7776000.0), published=((made,),)))
Wait(seconds=600.0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from poblano.core.believing import Authority, Facts, everywhere

DAY: Final = 86400.0

LOOK_AGAIN: Final = 600.0
"""Seconds after which one looks again though nothing was told: the time of day may have been moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """Seconds; docs/decisions/0016-certificates.md has the reasons.

    Attributes:
        authority: how long a new one is valid.
        leaf: how long what is served is valid. Both are renewed when a third is left.
        settle: how long an authority is trusted everywhere before it signs: until each API server has heard of it.
        haste: the same, when nobody believes what is served now, or soon nobody will: a tenth of `leaf` is left.
        margin: how long one that has run out is trusted yet: clocks differ.

    Raises:
        ValueError: what is served would outlive its authority.
    """

    authority: float = 365 * DAY
    leaf: float = 90 * DAY
    settle: float = 600.0
    haste: float = 15.0
    margin: float = DAY

    def __post_init__(self) -> None:
        if not 0 < self.leaf <= self.authority / 3:
            raise ValueError(
                f"an authority of {self.authority:g} s must be valid for three times as long as what it signs ({self.leaf:g} s)"
            )


@dataclass(frozen=True, slots=True)
class Make:
    """Put a new authority into the Secret, valid `until` then, beside those to `keep`."""

    until: float
    keep: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """Have `authority` sign what is served, `until` then, and keep no other keys of authorities than `keys`."""

    authority: str
    until: float
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Publish:
    """Have every webhook trust these, and nobody else."""

    authorities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forget:
    """Keep none in the Secret but these."""

    keep: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """There is nothing to do for so many seconds, unless something changes."""

    seconds: float


Step: TypeAlias = Make | Issue | Publish | Forget | Wait


class Rotation:
    """Says what to do next, in one process, from its beginning on.

    Args:
        wall: the time of day, in seconds since 1970.
        clock: seconds that never jump.
        lifetimes: how long things take.
    """

    def __init__(
        self, *, wall: Callable[[], float], clock: Callable[[], float], lifetimes: Lifetimes | None = None
    ) -> None:
        self._wall = wall
        self._clock = clock
        self._times = lifetimes or Lifetimes()
        self._trusted_since: dict[str, float] = {}
        self._served: tuple[str, float] | None = None

    def step(self, facts: Facts) -> Step:
        """What to do now, for what there is now."""
        self._observe(facts)
        now = self._wall()
        signing = sorted((one for one in facts.authorities if one.signs), key=lambda one: one.ends, reverse=True)
        if not signing or signing[0].ends - now <= self._times.authority / 3:
            return Make(now + self._times.authority, tuple(one.id for one in self._kept(facts, now)))
        step = self._issue(facts, signing, now) or self._publish(facts, now) or self._forget(facts, now)
        return step or Wait(self._pause(facts, signing))

    def publish(self, facts: Facts) -> Publish | None:
        """Whom the webhooks are to trust, where others make what is served and say who has signed it; None when it is so."""
        self._observe(facts)
        return self._publish(facts, self._wall())

    def _observe(self, facts: Facts) -> None:
        """Note since when what is so has been so."""
        now, trusted = self._clock(), everywhere(facts)
        self._trusted_since = {one: self._trusted_since.get(one, now) for one in trusted}
        if facts.leaf is None or not self._believed(facts):
            self._served = None
        elif self._served is None or self._served[0] != facts.leaf.id:
            self._served = facts.leaf.id, now

    def _believed(self, facts: Facts) -> bool:
        """Whether every API server takes what is served."""
        leaf = facts.leaf
        return leaf is not None and leaf.fits and leaf.ends > self._wall() and leaf.issuer in self._trusted_since

    def _issue(self, facts: Facts, signing: Sequence[Authority], now: float) -> Issue | None:
        """What is served is to be renewed, and somebody may sign it."""
        able = [one for one in signing if one.ends > now and self._left_to_settle(one, facts) <= 0]
        if not able:
            return None
        best = able[0]
        until = min(now + self._times.leaf, best.ends)
        if not self._is_due(facts, best, until, now):
            return None
        return Issue(best.id, until, tuple(one.id for one in signing if one.ends >= best.ends))

    def _is_due(self, facts: Facts, best: Authority, until: float, now: float) -> bool:
        leaf = facts.leaf
        if leaf is None or not leaf.fits or leaf.ends <= now:
            return True
        known = {one.id: one.ends for one in facts.authorities}
        if leaf.issuer != best.id and known.get(leaf.issuer, 0.0) <= best.ends:
            return True
        # One signed by an authority that is about to end would be due again at once.
        return leaf.ends - now <= self._times.leaf / 3 and until - leaf.ends > self._times.leaf / 10

    def _left_to_settle(self, authority: Authority, facts: Facts) -> float:
        """For how many seconds an authority may not sign yet."""
        leaf = facts.leaf
        if leaf is None and not any(facts.published):
            return 0.0  # the first of all: nobody is believed, and nobody serves
        if leaf is not None and leaf.issuer == authority.id:
            return 0.0  # somebody may take it back every few minutes: what is served has to be renewed nevertheless
        since = self._trusted_since.get(authority.id)
        if since is None:
            return self._times.settle
        return since + (self._times.settle if self._may_wait(facts) else self._times.haste) - self._clock()

    def _may_wait(self, facts: Facts) -> bool:
        """Whether what is served is believed, and will be for a while."""
        leaf = facts.leaf
        return leaf is not None and self._believed(facts) and leaf.ends - self._wall() > self._times.leaf / 10

    def _publish(self, facts: Facts, now: float) -> Publish | None:
        wanted = tuple(one.id for one in (*facts.authorities, *self._strangers(facts, now)))
        if all({one.id for one in trusted} == {*wanted} for trusted in facts.published):
            return None
        return Publish(wanted)

    def _strangers(self, facts: Facts, now: float) -> Iterable[Authority]:
        """Those that are trusted and that the Secret does not have: some pod may serve what one of them has signed."""
        known = {one.id for one in facts.authorities}
        found = {one.id: one for trusted in facts.published for one in trusted if one.id not in known}
        issuer = facts.leaf.issuer if facts.leaf else ""
        return [
            one
            for one in found.values()
            if one.id == issuer or (not self._is_served_everywhere and one.ends > now - self._times.margin)
        ]

    @property
    def _is_served_everywhere(self) -> bool:
        """Whether each pod has had the time to serve what the Secret has."""
        return self._served is not None and self._clock() - self._served[1] >= self._times.settle

    def _forget(self, facts: Facts, now: float) -> Forget | None:
        kept = self._kept(facts, now)
        return Forget(tuple(one.id for one in kept)) if len(kept) < len(facts.authorities) else None

    def _kept(self, facts: Facts, now: float) -> list[Authority]:
        """The authorities that stay in the Secret."""
        issuer = facts.leaf.issuer if facts.leaf else ""
        gone = now - self._times.margin
        return [
            one for one in facts.authorities if one.ends > gone or one.id == issuer or not self._is_served_everywhere
        ]

    def _pause(self, facts: Facts, signing: Sequence[Authority]) -> float:
        """Seconds until something is due, as far as that is known."""
        waits = [LOOK_AGAIN, self._left_to_settle(signing[0], facts), *(at - self._wall() for at in self._due(facts))]
        if self._served is not None:
            waits.append(self._served[1] + self._times.settle - self._clock())
        return min(wait for wait in waits if wait > 0)

    def _due(self, facts: Facts) -> Iterable[float]:
        """When, by the time of day, what there is is to be renewed, or runs out, or is to be forgotten."""
        times = self._times
        for one in facts.authorities:
            yield from (one.ends - times.authority / 3, one.ends, one.ends + times.margin)
        if facts.leaf is not None:
            yield from (facts.leaf.ends - part for part in (times.leaf / 3, times.leaf / 10, 0.0))

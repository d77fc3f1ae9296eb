"""A cluster in which certificates are rotated, in steps that may be interleaved, lost and repeated. Not a test.

What is real is `poblano.core.certificates` and `poblano.core.believing`. The rest is as an API server has it: writes that name
the version they were made of, watchers that hear of them late, pods that serve what they have heard of. The invariant is asked
after each step.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from poblano.core.believing import Authority, Facts, Leaf, is_covered, takes
from poblano.core.certificates import Forget, Issue, Lifetimes, Make, Publish, Rotation, Wait

TIMES = Lifetimes(authority=900, leaf=300, settle=12, haste=6, margin=40)
"""A year is 900 ticks, and ten minutes are 12: everything happens often."""

LATE = 2
"""After so many ticks whoever watches has heard of a write; less than `haste`."""

Bundle = tuple[Authority, ...]


@dataclass(frozen=True)
class Secret:
    version: int = 0
    authorities: Bundle = ()
    leaf: Leaf | None = None


@dataclass(frozen=True)
class Configuration:
    """`tampered` until a leader has written it again."""

    version: int = 0
    bundles: tuple[Bundle, ...] = ((), ())
    tampered: bool = False


@dataclass
class Pod:
    """One that serves; it hears of nothing while it is `cut_off`."""

    serves: Leaf | None = None
    cut_off: bool = False


@dataclass
class World:
    now: float = 0.0
    secret: Secret = field(default_factory=Secret)
    configurations: list[Configuration] = field(default_factory=lambda: [Configuration(), Configuration()])
    pods: list[Pod] = field(default_factory=lambda: [Pod(), Pod()])
    issued: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)
    past: list[tuple[float, Secret, list[Configuration]]] = field(default_factory=list)

    def tick(self, seconds: float = 1.0) -> None:
        """Time goes by: it is heard of what was written, and the API server calls everybody."""
        self.now += seconds
        self.past.append((self.now, self.secret, [*self.configurations]))
        while len(self.past) > 1 and self.past[1][0] <= self.now - LATE:
            self.past.pop(0)
        for number, pod in enumerate(self.pods):
            if not pod.cut_off:
                self._hear(pod, self.past[-1 if number else 0])
        self.check()

    def _hear(self, pod: Pod, heard: tuple[float, Secret, list[Configuration]]) -> None:
        _, secret, configurations = heard
        if secret.leaf is not None and takes(secret.leaf, pod.serves, bundles(configurations), self.now):
            pod.serves = secret.leaf

    def check(self) -> None:
        """No pod serves what an API server does not believe, be it as late as it may; but for what somebody else broke."""
        for _, _, configurations in self.past:
            trusted = [bundle for one in configurations if not one.tampered for bundle in one.bundles]
            for pod in self.pods:
                assert pod.serves is None or is_covered(pod.serves, trusted), (self.now, pod, configurations)

    def in_time(self) -> None:
        """What is served, and who has signed it, is valid by the right time."""
        for pod in self.pods:
            assert pod.serves is not None
            assert pod.serves.ends > self.now, (self.now, pod)


def bundles(configurations: list[Configuration]) -> tuple[Bundle, ...]:
    """Whom each webhook trusts."""
    return tuple(itertools.chain(*(one.bundles for one in configurations)))


class Leader:
    """One that believes that it leads. Each `go` is one request, or the thinking between two."""

    def __init__(self, world: World, skew: float = 0.0) -> None:
        self.world = world
        self.skew = skew
        self.begin()

    def begin(self) -> None:
        """It was started anew: it knows nothing of before."""
        self.rotation = Rotation(wall=lambda: self.world.now + self.skew, clock=lambda: self.world.now, lifetimes=TIMES)
        self.work = self._pass()

    def go(self) -> None:
        """Do the next thing."""
        if next(self.work, None) is None:
            self.work = self._pass()

    def _pass(self) -> Iterator[int]:
        world = self.world
        configurations = [*world.configurations]
        yield 1
        secret = world.secret
        facts = Facts(secret.authorities, secret.leaf, bundles(configurations))
        step = self.rotation.step(facts)
        yield 2
        match step:
            case Publish(authorities=ids):
                yield from self._publish(ids, facts, configurations)
            case Wait():
                return
            case _ if secret.version == world.secret.version:
                world.secret = replace(self._written(step, secret), version=secret.version + 1)

    def _publish(self, ids: tuple[str, ...], facts: Facts, read: list[Configuration]) -> Iterator[int]:
        known = {one.id: one for one in (*facts.authorities, *itertools.chain(*facts.published))}
        bundle = tuple(known[one] for one in ids)
        for index, one in enumerate(read):
            if self.world.configurations[index].version == one.version:
                self.world.configurations[index] = Configuration(one.version + 1, tuple(bundle for _ in one.bundles))
            yield 3

    def _written(self, step: object, secret: Secret) -> Secret:
        world = self.world
        match step:
            case Make(until=until, keep=keep):
                made = Authority(f"authority {next(world.numbers)}", until, signs=True)
                return replace(secret, authorities=(made, *(one for one in secret.authorities if one.id in keep)))
            case Issue(authority=issuer, until=until, keys=keys):
                world.issued += 1
                leaf = Leaf(f"leaf {next(world.numbers)}", issuer, until)
                left = tuple(replace(one, signs=one.signs and one.id in keys) for one in secret.authorities)
                return replace(secret, authorities=left, leaf=leaf)
            case Forget(keep=keep):
                return replace(secret, authorities=tuple(one for one in secret.authorities if one.id in keep))
        raise AssertionError(step)

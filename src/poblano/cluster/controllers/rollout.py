"""The arithmetic of a rolling update: how many Pods of the old template may go, and how many of the new one may come.

Source: k8s.io/kubernetes/pkg/controller/deployment/rolling.go, sync.go, util/deployment_util.go
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from poblano.cluster.kinds.tree import struct
from poblano.core.jsonvalue import Document


@dataclass(frozen=True, slots=True)
class Size:
    """How many Pods of one ReplicaSet are wanted, and are available."""

    wanted: int
    available: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many Pods a Deployment wants, how many more there may be, and how many of them may be missing.

    >>> Bounds.of({"replicas": 10, "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}})
    Bounds(replicas=10, surge=3, unavailable=2)
    """

    replicas: int
    surge: int = 0
    unavailable: int = 0

    @staticmethod
    def of(spec: Document) -> Bounds:
        """From a Deployment's spec. One of the two is always more than nothing: else nothing could ever begin."""
        replicas: int = spec.get("replicas", 1)
        rolling = struct(spec, "strategy", "rollingUpdate")
        if not rolling:
            return Bounds(replicas)
        surge = share(rolling.get("maxSurge", "25%"), replicas, up=True)
        unavailable = share(rolling.get("maxUnavailable", "25%"), replicas, up=False)
        if not surge and not unavailable:
            unavailable = 1
        return Bounds(replicas, surge, min(unavailable, replicas))

    @property
    def most(self) -> int:
        """How many Pods there may be at once."""
        return self.replicas + self.surge

    @property
    def least(self) -> int:
        """How many Pods must be available."""
        return self.replicas - self.unavailable


def share(part: Any, whole: int, *, up: bool) -> int:
    """A number, or a percentage of a whole, rounded up or down.

    >>> share("25%", 10, up=True), share("25%", 10, up=False), share(3, 10, up=True)
    (3, 2, 3)
    """
    if isinstance(part, int):
        return part
    hundredths = int(str(part).removesuffix("%")) * whole
    return -(-hundredths // 100) if up else hundredths // 100


def new_size(bounds: Bounds, new: int, total: int) -> int:
    """What the ReplicaSet of the newest template is to have, when it wants `new` of the `total` that all of them want.

    >>> new_size(Bounds(4, surge=1), 0, 4)
    1
    """
    if new >= bounds.replicas:
        return bounds.replicas
    return min(bounds.replicas, new + max(0, bounds.most - total))


def old_sizes(bounds: Bounds, new: Size, old: Sequence[Size]) -> list[int]:
    """What the ReplicaSets of older templates are to have, oldest first: what is not available goes first, then what may.

    >>> old_sizes(Bounds(4, surge=1, unavailable=1), Size(1, 1), [Size(4, 4)])
    [2]
    """
    sizes = [one.wanted for one in old]
    total = sum(sizes) + new.wanted
    room = total - bounds.least - (new.wanted - new.available)
    for at, one in enumerate(old):
        broken = max(0, min(room, one.wanted - one.available))
        sizes[at] -= broken
        room -= broken
    # An old ReplicaSet that was just made smaller still counts as available what is to go.
    spare = sum(min(one.available, one.wanted) for one in old) + min(new.available, new.wanted) - bounds.least
    for at, size in enumerate(sizes):
        gone = max(0, min(spare, size))
        sizes[at] -= gone
        spare -= gone
    return sizes


def proportions(bounds: Bounds, sizes: Sequence[int]) -> list[int]:
    """The sizes of several ReplicaSets when their Deployment is scaled amid a rollout; the largest evens out the rest.

    >>> proportions(Bounds(20, surge=3), [8, 5])
    [14, 9]
    """
    total = sum(sizes)
    goal = bounds.most if bounds.replicas else 0
    if not total:
        return list(sizes)
    found = [round(size * goal / total) for size in sizes]
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    found[largest] = max(0, found[largest] + goal - sum(found))
    return found

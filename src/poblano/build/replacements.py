"""What an older API server lacks of what is built, and what is built instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from poblano.build.plan import Plan


@dataclass(frozen=True, slots=True)
class Novelty:
    """Something that API servers have had since a version.

    Args:
        since: the version in which it is on unless somebody turns it off.
        name: what it is.
        without: what is built for an older one, and what that means.
    """

    since: tuple[int, int]
    name: str
    without: str

    def is_there(self, plan: Plan) -> bool:
        """Whether every server that must take what is built has it."""
        return plan.options.kubernetes >= self.since

    def note(self) -> str:
        """What is built without it, in a sentence.

        >>> Novelty((1, 21), "policy/v1", "budgets are of policy/v1beta1").note()
        'no policy/v1 (since 1.21): budgets are of policy/v1beta1'
        """
        major, minor = self.since
        return f"no {self.name} (since {major}.{minor}): {self.without}"


POLICY_V1: Final = Novelty(
    (1, 21),
    "policy/v1",
    "PodDisruptionBudgets are of policy/v1beta1, which servers from 1.25 on do not have; build anew for those",
)
UNHEALTHY_EVICTION: Final = Novelty(
    (1, 27),  # KEP-3017: beta, and on, since 1.27; for good since 1.31
    "unhealthyPodEvictionPolicy",
    "a pod that is not ready may hold up who drains its node",
)
MATCH_LABEL_KEYS: Final = Novelty(
    (1, 27),  # KEP-3243: beta, and on, since 1.27
    "matchLabelKeys in topologySpreadConstraints",
    "while pods are replaced, old and new ones are spread together, and may end up less evenly",
)


NEEDED: Final = (1, 28)
"""The version from which on a server has all that is built for the newest one; matchConditions are the last that came."""


def oldest(plan: Plan) -> tuple[int, int]:
    """The version from which on a server takes what is built."""
    return min(plan.options.kubernetes, NEEDED)


def servers(plan: Plan) -> str:
    """The servers that take what is built, in words."""
    return f"Kubernetes {spelt(oldest(plan))} {'and newer' if POLICY_V1.is_there(plan) else 'to 1.24'}"


def spelt(version: tuple[int, int]) -> str:
    """A version in words.

    >>> spelt((1, 28))
    '1.28'
    """
    return ".".join(map(str, version))


def notes(plan: Plan) -> list[str]:
    """What is built otherwise for the sake of the oldest server that must take it, a line each."""
    if not (plan.admits or plan.watches):
        return []
    return [one.note() for one in (POLICY_V1, UNHEALTHY_EVICTION, MATCH_LABEL_KEYS) if not one.is_there(plan)]

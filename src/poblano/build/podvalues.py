"""What a chart's user may set of one kind of pod: ``admission.*`` and ``watcher.*``, each with a default and a sentence.

The paths are those of Pepr's chart where it has the value, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from poblano.build.metadata import Role
from poblano.build.plan import Plan
from poblano.build.schemas import BOOLEAN, MAYBE_COUNT, NAMESPACES, PORT
from poblano.build.tree import Merged, Slot
from poblano.core.deployed import ADMISSION_PORT, HEALTH_PORT
from poblano.core.jsonvalue import Document

_WHY: Final[Mapping[str, str]] = {
    "admission": "All of them answer webhooks: with fewer than two, the cluster goes without while a node does.",
    "elected": "One works, and the others are ready to take over.",
    "shared": "Each works on its share of the objects.",
    "alone": "It is the only one that works, and asks nobody: with two, each object is worked on twice.",
}


IGNORED: Final = Slot(
    "additionalIgnoredNamespaces",
    [],
    NAMESPACES,
    "More namespaces that no rule sees, by name, not even one that names them: no webhook is asked about them, and nothing in "
    "them is followed.",
)


@dataclass(frozen=True, slots=True)
class PodValues:
    """The values of one kind of pod.

    >>> PodValues("watcher").enabled.path
    'watcher.enabled'
    """

    role: Role

    def slot(self, key: str, default: Any, schema: Document, about: str) -> Slot:
        """The value `key` of these pods."""
        return Slot(f"{self.role}.{key}", default, schema, about)

    def more(self, items: Document, key: str, schema: Document, about: str) -> Merged:
        """A map, and what the chart's user has more for it."""
        return Merged(items, self.slot(key, {}, schema, about))

    @property
    def enabled(self) -> Slot:
        """Whether there are such pods, and what belongs to them."""
        others = "nor webhooks" if self.role == "admission" else "and nothing is followed or scheduled"
        about = f"Whether there are {self.role} pods; without them there is nothing else of theirs {others}."
        return self.slot("enabled", True, BOOLEAN, about)

    def replicas(self, plan: Plan) -> Slot:
        """How many there are."""
        about = f"How many {self.role} pods there are. {_WHY[self._kind(plan)]} null leaves it to a HorizontalPodAutoscaler."
        # Armed webhooks with nobody behind them stop the cluster: who wants no admission pods says so with `enabled`.
        allowed = MAYBE_COUNT | {"minimum": 1} if self.role == "admission" else MAYBE_COUNT
        return self.slot("replicas", 1 if self._kind(plan) == "alone" else 2, allowed, about)

    def _kind(self, plan: Plan) -> str:
        return self.role if self.role == "admission" else plan.options.work

    @property
    def port(self) -> Slot:
        """Where webhooks are served."""
        about = "Port of the pod that webhooks are served at. With hostNetwork it has to be free on the node."
        return self.slot("port", ADMISSION_PORT, PORT, about)

    @property
    def health_port(self) -> Slot:
        """Where probes and metrics are."""
        about = "Port of the pod for probes and metrics. With hostNetwork it has to be free on the node."
        return self.slot("healthPort", HEALTH_PORT, PORT, about)


def kinds_of_pods(plan: Plan) -> tuple[Role, ...]:
    """The kinds of pods that a module needs."""
    return (*(("admission",) if plan.admits else ()), *(("watcher",) if plan.watches else ()))

"""What keeps pods alive while nodes are drained: a PodDisruptionBudget for each kind of pod."""

from __future__ import annotations

from collections.abc import Iterator

from poblano.build.metadata import Role, metadata, name_of, selected
from poblano.build.plan import Plan
from poblano.build.podvalues import PodValues, kinds_of_pods
from poblano.build.replacements import POLICY_V1, UNHEALTHY_EVICTION
from poblano.build.schemas import BOOLEAN, MAYBE_SHARE
from poblano.build.tree import Part, Tree


def parts(plan: Plan) -> Iterator[Part]:
    """A budget for each kind of pod."""
    for role in kinds_of_pods(plan):
        values = PodValues(role)
        wanted = values.slot(
            "podDisruptionBudget.enabled", True, BOOLEAN, "Whether drained nodes wait for pods that are missed."
        )
        yield Part(f"{role}-disruption-budget", _budget(plan, values, role), when=(values.enabled, wanted))


def _budget(plan: Plan, values: PodValues, role: Role) -> Tree:
    # One may go, whatever the number: "one must stay" would never let the only pod of a small cluster go.
    most = values.slot(
        "podDisruptionBudget.maxUnavailable", 1, MAYBE_SHARE, "How many may be away at once, or what share."
    )
    least = values.slot(
        "podDisruptionBudget.minAvailable",
        None,
        MAYBE_SHARE,
        "How many must stay, or what share; set maxUnavailable to null then.",
    )
    # A pod that does not work serves nobody: it is not to hold up a drain as well.
    always = {"unhealthyPodEvictionPolicy": "AlwaysAllow"} if UNHEALTHY_EVICTION.is_there(plan) else {}
    return {
        "apiVersion": "policy/v1" if POLICY_V1.is_there(plan) else "policy/v1beta1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(plan, name_of(plan, role), role=role),
        "spec": {
            "selector": {"matchLabels": selected(plan, role)},
            "maxUnavailable": most,
            "minAvailable": least,
            **always,
        },
    }

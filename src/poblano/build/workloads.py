"""The Deployments: admission pods where the module admits, watcher pods where it follows objects or has schedules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from poblano.build.metadata import Role, labels, metadata, name_of, selected
from poblano.build.plan import Plan
from poblano.build.pods import template
from poblano.build.podvalues import PodValues, kinds_of_pods
from poblano.build.schemas import COUNT, MAP, MAYBE_COUNT, TEXTS
from poblano.build.tree import Part, Tree
from poblano.core.deployed import DESCRIPTION
from poblano.core.jsonvalue import Document

ROLLING: Final[Document] = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
"""A pod goes once another is ready in its place."""

ONE_AT_A_TIME: Final[Document] = {"type": "Recreate"}
"""For one that asks nobody whether it may work."""


def parts(plan: Plan) -> Iterator[Part]:
    """A Deployment for each kind of pod that the module needs."""
    for role in kinds_of_pods(plan):
        yield Part(f"{role}-deployment", _deployment(plan, role), when=(PodValues(role).enabled,))


def _deployment(plan: Plan, role: Role) -> Tree:
    values = PodValues(role)
    described: Document = {DESCRIPTION: plan.settings.description} if plan.settings.description else {}
    name = name_of(plan, role)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            **metadata(plan, name, role=role),
            "labels": values.more(labels(plan, role), "labels", TEXTS, "Further labels of the Deployment."),
            "annotations": _annotations(values, described),
        },
        "spec": {
            "replicas": values.replicas(plan),
            "revisionHistoryLimit": values.slot(
                "revisionHistoryLimit", 3, COUNT, "How many earlier versions of the Deployment are kept."
            ),
            "progressDeadlineSeconds": values.slot(
                "progressDeadlineSeconds",
                None,
                MAYBE_COUNT,
                "After how long a rollout that stands still has failed; null is 600.",
            ),
            "minReadySeconds": values.slot(
                "minReadySeconds", 5, COUNT, "How long a new pod must have been ready before the next old one goes."
            ),
            "strategy": values.slot(
                "strategy",
                ONE_AT_A_TIME if role == "watcher" and plan.options.work == "alone" else ROLLING,
                MAP,
                "How pods are replaced: first a new one comes, then an old one goes; with Recreate the other way round.",
            ),
            "selector": {"matchLabels": selected(plan, role)},
            "template": template(plan, values),
        },
    }


def _annotations(values: PodValues, described: Document) -> Tree:
    about = "Further annotations of the Deployment."
    if not described:
        return values.slot("annotations", {}, TEXTS, about)
    return values.more(described, "annotations", TEXTS, about)

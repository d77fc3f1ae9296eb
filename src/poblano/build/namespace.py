"""The namespace that the module lives in, which it may share with others: it says nothing of any one of them.

A chart has none unless it is asked to: Helm makes the namespace of a release (``--create-namespace``) before it reads the chart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from poblano.build.plan import Plan
from poblano.build.schemas import BOOLEAN, TEXTS
from poblano.build.tree import Merged, Namespace, Part, Slot
from poblano.core.entries import LABEL_NAMESPACE

OF_EVERY_CLUSTER: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""An API server makes these itself. Who deletes what was applied should not take them away."""

CREATE: Final = Slot(
    "namespace.create",
    False,
    BOOLEAN,
    "Whether the chart has the namespace of its release: for those who apply what `helm template` prints. "
    "`helm install` makes it itself, with --create-namespace.",
)


def parts(plan: Plan) -> Iterator[Part]:
    """The namespace, unless every cluster has it."""
    if plan.settings.namespace in OF_EVERY_CLUSTER:
        return
    labels = Slot(
        "namespace.labels",
        dict(plan.settings.custom_labels.namespace),
        TEXTS,
        "Labels of the namespace, if it is made.",
    )
    # Since 1.21 the API server says what it is called; webhooks leave the module's own namespace alone by that.
    named = Merged({LABEL_NAMESPACE: Namespace()}, labels) if not plan.abilities.namespace_labels else labels
    annotations = Slot("namespace.annotations", {}, TEXTS, "Annotations of the namespace, if it is made.")
    tree = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": Namespace(), "labels": named, "annotations": annotations},
    }
    yield Part("namespace", tree, when=(CREATE,), in_every_manifest=True)

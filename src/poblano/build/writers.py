"""Everything that one build writes: the same objects for kubectl, for Kustomize, for Helm and for Zarf, and a word for Argo CD."""

from __future__ import annotations

from collections.abc import Sequence

from poblano.build.argocd import argo_cd
from poblano.build.helm.chart import chart
from poblano.build.kustomize import kustomize
from poblano.build.manifests import manifests
from poblano.build.plan import Plan
from poblano.build.tree import Part
from poblano.build.zarf import COMPONENT, Deploying, zarf


def files(
    plan: Plan, parts: Sequence[Part], *, deploying: Deploying = "manifest", component: str = COMPONENT
) -> dict[str, str]:
    """The files, by their paths.

    Args:
        plan: what is deployed.
        parts: of it, in the order in which they are applied.
        deploying: what the Zarf package applies.
        component: what the component of the Zarf package is called.
    """
    return {
        **manifests(plan, parts),
        **kustomize(plan, parts),
        **chart(plan, parts),
        **zarf(plan, deploying=deploying, component=component),
        **argo_cd(plan),
    }

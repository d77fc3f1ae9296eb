"""The definition of a Zarf package: the manifests or the chart, with the image, for clusters without a network.

Source: https://docs.zarf.dev/ref/package-config-files/ and zarf.schema.json of zarf-dev/zarf.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from poblano.build.helm.chart import chart_folder, chart_version
from poblano.build.manifests import manifest_name, title
from poblano.build.plan import Plan
from poblano.build.readable import as_yaml
from poblano.core.jsonvalue import Document

Deploying: TypeAlias = Literal["manifest", "chart"]
"""What Zarf applies."""

COMPONENT: Final = "module"
"""The component's name, unless another is asked for."""

_HEAD: Final = "# This is {title}, as a Zarf package: run `zarf package create` in this folder.\n"


def zarf(plan: Plan, *, deploying: Deploying = "manifest", component: str = COMPONENT) -> dict[str, str]:
    """``zarf.yaml``, by its name.

    Args:
        plan: what is deployed.
        deploying: the manifests or the chart.
        component: the name of the one component.
    """
    names, namespace = plan.names, plan.settings.namespace
    what: Document
    if deploying == "manifest":
        files = [manifest_name(names.uuid)]
        what = {"manifests": [{"name": component, "namespace": namespace, "files": files}]}
    else:
        # Zarf calls the release as the chart, and two modules may share a namespace.
        chart = {"name": names.uuid, "namespace": namespace, "version": chart_version(plan.version)}
        what = {"charts": [chart | {"localPath": chart_folder(names.uuid)}]}
    package: Document = {
        "apiVersion": "zarf.dev/v1alpha1",
        "kind": "ZarfPackageConfig",
        "metadata": {
            "name": names.base,
            "description": plan.settings.description or title(plan),
            "version": plan.version,
        },
        "components": [{"name": component, "required": True, **what, "images": [plan.image]}],
    }
    return {"zarf.yaml": _HEAD.format(title=title(plan)) + as_yaml(package)}

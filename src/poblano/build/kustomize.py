"""The parts as a base for Kustomize: a folder with a file for each, and the list of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poblano.build.manifests import apply_command, document, title
from poblano.build.plan import Plan
from poblano.build.readable import as_yaml
from poblano.build.tree import Part

FOLDER: Final = "kustomize"

_HEAD: Final = """\
# This is {title}, as a base: name this folder under `resources` of your own kustomization.yaml, or
#
#   {apply} -k {folder}
#
# Another namespace is a setting of the module ([tool.poblano] namespace) and not of an overlay: it is within texts, too,
# such as the names by which the module's own accounts are let pass.
"""


def kustomize(plan: Plan, parts: Iterable[Part]) -> dict[str, str]:
    """The files, by their paths.

    Args:
        plan: what is deployed.
        parts: of it, in the order in which they are applied.
    """
    files = {f"{part.name}.yaml": as_yaml(document(plan, part)) for part in parts if part.in_manifest}
    base = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": list(files)}
    files["kustomization.yaml"] = _HEAD.format(title=title(plan), apply=apply_command(plan), folder=FOLDER) + as_yaml(
        base
    )
    return {f"{FOLDER}/{name}": text for name, text in files.items()}

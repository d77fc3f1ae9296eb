"""The parts as one file of manifests, which ``kubectl apply`` takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poblano.build.plan import Plan
from poblano.build.readable import as_yaml, ordered
from poblano.build.replacements import servers
from poblano.build.tree import Part, resolved
from poblano.core.jsonvalue import Document

_HEAD: Final = """\
# This is {title}, for {servers}.
#
#   {apply} -f {file}
#
# To be applied again, as often as you like, also by GitOps: nothing in here is secret, nothing is random, and what the
# pods add in the cluster is not in here.{arming}
#
# To take it out again: `poblano uninstall {uuid}`. `kubectl delete` would take the namespace with it, whatever else is
# in there, and the definitions with all objects of their kinds.
#
# Made by `poblano build`. Do not edit: change the module or [tool.poblano] in its pyproject.toml, and build again.
"""

_ARMING: Final = """
#
# The webhooks are applied with failurePolicy Ignore, so that nothing waits for a pod that is not there yet. Once one is
# ready, it puts in the authority of its certificate and the policy that is meant; and again, whenever this file has put
# them back."""


_NOTED: Final = 185_000
"""Bytes of an archive of which kubectl can make a note: base64, in an annotation, of which an object has 256 KiB
(apimachinery: TotalAnnotationSizeLimitB)."""


def apply_command(plan: Plan) -> str:
    """How kubectl applies it, without the file. It notes in an annotation what it applied; of a large module there is no room
    for that, and the API server applies it. What the pods have put in is then put back, too, and they put it in again.
    """
    large = plan.archive is not None and len(plan.archive.data) > _NOTED
    return f"kubectl apply{' --server-side --force-conflicts' if large else ''}"


def manifest_name(uuid: str) -> str:
    """The file's name."""
    return f"poblano-module-{uuid}.yaml"


def manifests(plan: Plan, parts: Iterable[Part]) -> dict[str, str]:
    """The file, by its name.

    Args:
        plan: what is deployed.
        parts: of it, in the order in which they are applied.
    """
    file = manifest_name(plan.settings.uuid)
    bodies = "".join(f"---\n# {part.name}\n{as_yaml(document(plan, part))}" for part in parts if part.in_manifest)
    return {file: head(plan, file) + bodies}


def document(plan: Plan, part: Part) -> Document:
    """One object, as a manifest has it."""
    return ordered(resolved(part.tree, namespace=plan.settings.namespace))


def head(plan: Plan, file: str) -> str:
    """What the file says of itself."""
    return _HEAD.format(
        title=title(plan),
        servers=servers(plan),
        uuid=plan.settings.uuid,
        file=file,
        apply=apply_command(plan),
        arming=_ARMING if plan.admits else "",
    )


def title(plan: Plan) -> str:
    """What is deployed, in a few words."""
    return f"the module {plan.settings.uuid} {plan.version}"

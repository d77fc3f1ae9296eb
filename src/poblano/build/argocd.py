"""What an Application of Argo CD is told, so that it does not disarm webhooks: they ship as Ignore, and a pod puts in the policy.

Source: https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/ and normalizeTargetResources of argoproj/argo-cd: what is
ignored is taken out of what is applied, and then filled in from what is there. So of a webhook that is not there yet no policy
would be left, and an API server takes that for Fail. That is why those that fail closed are named, each for itself.
"""

from __future__ import annotations

import json
from typing import Final

from poblano.admission.webhooks import GROUP, KINDS
from poblano.build.manifests import title
from poblano.build.plan import Plan
from poblano.build.readable import as_yaml
from poblano.build.webhooks import webhooks_of
from poblano.core.jsonvalue import Document

FILE: Final = "argo-cd.yaml"

_HEAD: Final = """\
# For the Application of Argo CD that deploys {title}: merge this into it, so that its webhooks stay armed.
#
# They are applied with failurePolicy Ignore, and a pod writes the policy that is meant. Without this, Argo CD would take that
# back at each sync. A webhook that is new in a build is to be named only once it has been applied as it is shipped: for one
# that is named and not there yet, Argo CD leaves the policy out, and it fails closed before there is somebody to answer.
"""


def argo_cd(plan: Plan) -> dict[str, str]:
    """The file, by its name; none where no webhook fails closed.

    Args:
        plan: what is deployed.
    """
    ignored: list[Document] = []
    for phase, kind in KINDS.items():
        armed = [one for one in webhooks_of(plan) if one.entry.phase == phase and one.policy == "Fail"]
        names = [one.name(plan.names.uuid) for one in armed]
        if names:
            ignored.append(
                {
                    "group": GROUP,
                    "kind": kind.kind,
                    "name": plan.names.base,
                    "jqPathExpressions": list(map(_policy_of, names)),
                }
            )
    if not ignored:
        return {}
    spec = {"ignoreDifferences": ignored, "syncPolicy": {"syncOptions": ["RespectIgnoreDifferences=true"]}}
    return {FILE: _HEAD.format(title=title(plan)) + as_yaml({"spec": spec})}


def _policy_of(webhook: str) -> str:
    """Where the policy of one webhook is, in jq.

    >>> _policy_of("validate-fail-10.shop.poblano.dev")
    '.webhooks[]? | select(.name == "validate-fail-10.shop.poblano.dev") | .failurePolicy'
    """
    return f".webhooks[]? | select(.name == {json.dumps(webhook)}) | .failurePolicy"

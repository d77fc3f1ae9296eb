"""Webhooks that a pod has armed stay armed over an upgrade.

They ship with the policy Ignore, and a pod writes the one that is meant. An upgrade would write Ignore once more, which since
Helm 4 is a conflict and fails: both say what the field is. So the chart asks the cluster what it is by now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from poblano.admission.webhooks import GROUP, KINDS
from poblano.build.tree import Part

_CONFIGURATIONS: Final = frozenset(kind.kind for kind in KINDS.values())

HELPER: Final = f"""\
{{{{- /* The failure policy that a webhook has by now, given the kind and name of its configuration and its own name. */ -}}}}
{{{{- define "poblano.policy" -}}}}
{{{{- $policy := index . 3 -}}}}
{{{{- $name := index . 2 -}}}}
{{{{- range (lookup "{GROUP}/v1" (index . 0) "" (index . 1)).webhooks -}}}}
{{{{- if eq .name $name -}}}}{{{{- $policy = .failurePolicy -}}}}{{{{- end -}}}}
{{{{- end -}}}}
{{{{- $policy -}}}}
{{{{- end -}}}}
"""


@dataclass(frozen=True, slots=True)
class Armed:
    """The failure policy of a webhook: the one in the cluster, or else `unarmed`.

    Args:
        kind: of the configuration.
        configuration: its name.
        webhook: the name of the webhook in it.
        unarmed: what it ships with.
    """

    kind: str
    configuration: str
    webhook: str
    unarmed: str


def keeping_armed(part: Part) -> Part:
    """`part`, where it is a configuration of webhooks, with the policies that are in the cluster."""
    tree = part.tree
    if tree["kind"] not in _CONFIGURATIONS:
        return part
    webhooks = [_keeping(tree["kind"], tree["metadata"]["name"], one) for one in tree["webhooks"]]
    return replace(part, tree={**tree, "webhooks": webhooks})


def _keeping(kind: str, name: str, webhook: dict[str, Any]) -> dict[str, Any]:
    return {**webhook, "failurePolicy": Armed(kind, name, webhook["name"], webhook["failurePolicy"])}

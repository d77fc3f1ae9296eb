"""The webhook configurations of a module: shipped unarmed, so that nothing waits for pods that are not there yet.

Each webhook ships with the policy ``Ignore`` and without a certificate. Once pods are ready, the one that leads writes both the
certificate and the real policy (`poblano.core.registered.policies`). So the policy is nothing for a chart's user to set.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from poblano.admission.webhooks import GROUP, KINDS, webhook
from poblano.build.metadata import labels
from poblano.build.plan import Plan
from poblano.build.podvalues import IGNORED, PodValues
from poblano.build.schemas import TEXTS, one_of
from poblano.build.tree import Joined, Merged, Namespace, Part, Slot, Text, Tree
from poblano.core.binding import Phase
from poblano.core.deployed import MAKER
from poblano.core.entries import ALWAYS_IGNORED, LABEL_NAMESPACE
from poblano.core.filters import UserIs
from poblano.core.jsonvalue import Document
from poblano.core.registered import Registered, accounts, asks_for, lets_in, registered

SERVICE_PORT: Final = 443

INJECTOR: Final = "cert-manager.io/inject-ca-from"
"""cert-manager writes the authority of the Certificate that it names into the configuration."""

VALUES: Final = PodValues("admission")
SECONDS: Final[Document] = {"type": "integer", "minimum": 1, "maximum": 30}

_ADJECTIVES: Final[dict[Phase, str]] = {"mutate": "mutating", "validate": "validating"}
_HERE: Final = "<namespace>"


def parts(plan: Plan) -> Iterator[Part]:
    """The configurations; none where there is nothing to ask. They come last: by then there is somebody to be asked."""
    found = webhooks_of(plan)
    for phase, kind in KINDS.items():
        made = [_webhook(plan, one) for one in found if one.entry.phase == phase]
        if made:
            tree = {
                "apiVersion": f"{GROUP}/v1",
                "kind": kind.kind,
                "metadata": _metadata(plan),
                "webhooks": made,
            }
            yield Part(f"{_ADJECTIVES[phase]}-webhooks", tree, when=(VALUES.enabled,))


def webhooks_of(plan: Plan) -> list[Registered]:
    """The webhooks of a module, with their real policies."""
    return registered(plan.entries, plan.settings.policies)


def notes(plan: Plan) -> list[str]:
    """What the oldest server that must take what is built cannot evaluate, and what that means, a line each."""
    if not plan.admits:
        return []
    found: list[str] = []
    if not plan.abilities.match_conditions:
        found.append("no matchConditions (since 1.28): such filters are left to Python, which is asked more often")
    if not plan.abilities.namespace_labels:
        found.append(
            f"no {LABEL_NAMESPACE} on namespaces (since 1.21): webhooks are asked about all of them but those that somebody "
            f"has given that label to: kubectl label namespace kube-system {LABEL_NAMESPACE}=kube-system"
        )
    return found


def _metadata(plan: Plan) -> Tree:
    about = "of the webhook configurations."
    annotations = VALUES.slot("webhookAnnotations", {}, TEXTS, f"Annotations {about}")
    maker: dict[str, Any] = {MAKER: plan.options.certificates}
    if plan.options.certificates == "cert-manager":
        maker[INJECTOR] = Text((Namespace(), f"/{plan.names.certificates}"))
    return {
        "name": plan.names.base,
        "labels": Merged(labels(plan), VALUES.slot("webhookLabels", {}, TEXTS, f"More labels {about}")),
        "annotations": Merged(maker, annotations),
    }


def _webhook(plan: Plan, one: Registered) -> Tree:
    made: dict[str, Any] = webhook(one.entry, plan.names.uuid, lambda path: _client(plan, path), plan.abilities)
    made |= {
        "name": one.name(plan.names.uuid),
        "rules": one.rules(),
        "failurePolicy": "Ignore",
        "timeoutSeconds": _timeout(plan, one),
        "namespaceSelector": _selector(plan, one),
    }
    if one.entry.phase == "mutate":
        made["reinvocationPolicy"] = VALUES.slot(
            "reinvocationPolicy",
            "Never",
            one_of("Never", "IfNeeded"),
            "Whether mutate actions run once more if the webhook of somebody else changed the object after them.",
        )
    if plan.abilities.match_conditions:
        made["matchConditions"] = [
            {"name": "not-of-its-own", "expression": _not_of_its_own(plan)},
            *made.get("matchConditions", []),
        ]
    return made


def _client(plan: Plan, path: str) -> Document:
    service = {"name": plan.names.base, "namespace": Namespace(), "path": path, "port": SERVICE_PORT}
    return {"service": service}


def _timeout(plan: Plan, one: Registered) -> int | Slot:
    """What an action or its capability says is the code's to say."""
    if one.entry.timeout != plan.settings.webhook_timeout:
        return one.entry.timeout
    about = "Seconds that an API server waits for a webhook, where no action or capability says how long."
    return VALUES.slot("webhookTimeout", plan.settings.webhook_timeout, SECONDS, about)


def _selector(plan: Plan, one: Registered) -> Tree:
    """Where it is asked. What says which namespaces not is right, if too wide, where these bear no label of their names."""
    expressions: list[Tree] = []
    if one.only is not None and (plan.abilities.namespace_labels or one.namespace):
        expressions.append({"key": LABEL_NAMESPACE, "operator": "In", "values": sorted(one.only)})
    never = [*sorted(never_about(plan, one)), *([] if asks_for_own(plan, one) else [Namespace()])]
    # A selector takes no empty list, and no namespace has an empty name.
    expressions.append({"key": LABEL_NAMESPACE, "operator": "NotIn", "values": Joined(tuple(never or [""]), IGNORED)})
    return {"matchExpressions": expressions}


def never_about(plan: Plan, one: Registered) -> frozenset[str]:
    """The namespaces that a webhook is not about, but for the module's own."""
    ignored = (*ALWAYS_IGNORED, *plan.settings.ignored_namespaces)
    bindings = one.entry.bindings
    unseen = {space for space in ignored if not any(lets_in(binding, space) for binding in bindings)}
    return (one.never | unseen) - {plan.settings.namespace}


def asks_for_own(plan: Plan, one: Registered) -> bool:
    """Whether a rule names the namespace that the module itself lives in, and this webhook is there for it."""
    return plan.settings.namespace not in one.apart and any(
        asks_for(binding, plan.settings.namespace) for binding in one.entry.bindings
    )


def _not_of_its_own(plan: Plan) -> Text:
    """That it is not the module itself that asks: it would wait for itself."""
    users = UserIs(frozenset(accounts(plan.names.uuid, _HERE)), negated=True)
    first, *others = (users.cel() or "").split(_HERE)
    return Text((first, *(piece for other in others for piece in (Namespace(), other))))

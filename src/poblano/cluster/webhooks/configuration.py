"""Webhooks as they are registered, compiled: what of their configurations each request is held against.

Sources: k8s.io/apiserver/pkg/admission/configuration (order), k8s.io/api/admissionregistration/v1 (fields and defaults)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from poblano.cluster.reading import Lookup
from poblano.cluster.selectors import LabelSelector
from poblano.cluster.webhooks.conditions import Conditions
from poblano.cluster.webhooks.endpoint import Endpoint
from poblano.cluster.webhooks.rules import Rule
from poblano.core.jsonvalue import Document

GROUP = "admissionregistration.k8s.io"
MUTATING = "mutatingwebhookconfigurations"
VALIDATING = "validatingwebhookconfigurations"


@dataclass(frozen=True, slots=True, eq=False)
class Hook:
    """One entry of a webhook configuration.

    Args:
        uid: tells it from all others, also from one of the same name: "configuration/name/0".
        configuration: the name of the object it stands in.
        name: its own name, "policy.example.com".
        rules: the requests it is registered for; one of them must match.
        namespace_selector: what the namespace must be.
        object_selector: what the object or the old object must be.
        equivalent: whether a request in another version of a resource in the rules is converted and sent, too.
        conditions: matchConditions.
        ignores_failure: whether a request goes on when the webhook cannot be asked.
        side_effects: "None", "NoneOnDryRun", "Some" or "Unknown"; empty where the configuration is silent.
        timeout: seconds.
        review_versions: the versions of AdmissionReview it understands, the preferred one first.
        reinvoked: whether it is called again after a later webhook changed the object.
        endpoint: where it listens, and whom it may be.
    """

    uid: str
    configuration: str
    name: str
    rules: tuple[Rule, ...]
    namespace_selector: LabelSelector
    object_selector: LabelSelector
    equivalent: bool
    conditions: Conditions
    ignores_failure: bool
    side_effects: str
    timeout: int
    review_versions: tuple[str, ...]
    reinvoked: bool
    endpoint: Endpoint


def hooks_of(configuration: Document) -> tuple[Hook, ...]:
    """The entries of a Mutating- or ValidatingWebhookConfiguration, in their order."""
    owner = configuration["metadata"]["name"]
    seen: dict[str, int] = {}
    found: list[Hook] = []
    for entry in configuration.get("webhooks") or ():
        name = entry.get("name", "")
        seen[name] = seen.get(name, -1) + 1
        found.append(_hook(entry, owner, f"{owner}/{name}/{seen[name]}"))
    return tuple(found)


def _hook(entry: Document, owner: str, uid: str) -> Hook:
    ignores = entry.get("failurePolicy") == "Ignore"
    return Hook(
        uid=uid,
        configuration=owner,
        name=entry.get("name", ""),
        rules=tuple(Rule.of(rule) for rule in entry.get("rules") or ()),
        namespace_selector=LabelSelector.of(entry.get("namespaceSelector")),
        object_selector=LabelSelector.of(entry.get("objectSelector")),
        equivalent=entry.get("matchPolicy") != "Exact",
        conditions=Conditions(
            tuple((one.get("name", ""), one.get("expression", "")) for one in entry.get("matchConditions") or ()),
            ignores_failure=ignores,
        ),
        ignores_failure=ignores,
        side_effects=entry.get("sideEffects") or "",
        timeout=entry.get("timeoutSeconds") or 10,
        review_versions=tuple(entry.get("admissionReviewVersions") or ()),
        reinvoked=entry.get("reinvocationPolicy") == "IfNeeded",
        endpoint=Endpoint.of(entry.get("clientConfig") or {}),
    )


class Configurations:
    """All webhooks of one type, compiled when one of their configurations changes and not before."""

    def __init__(self, lookup: Lookup, plural: str) -> None:
        self._lookup = lookup
        self._plural = plural
        self._revision: int | None = None
        self._compiled: dict[tuple[str, str], tuple[Hook, ...]] = {}
        self._hooks: Sequence[Hook] = ()

    def hooks(self) -> Sequence[Hook]:
        """Every webhook there is now, in the order of the configurations' names, then of their lists."""
        revision = self._lookup.revision(GROUP, self._plural)
        if revision != self._revision:
            self._compile()
            self._revision = revision
        return self._hooks

    def _compile(self) -> None:
        compiled: dict[tuple[str, str], tuple[Hook, ...]] = {}
        for configuration in sorted(self._lookup.list(GROUP, self._plural), key=lambda one: one["metadata"]["name"]):
            metadata = configuration["metadata"]
            key = (metadata.get("uid", ""), metadata.get("resourceVersion", ""))
            compiled[key] = self._compiled.get(key) or hooks_of(configuration)
        self._compiled = compiled
        self._hooks = tuple(hook for hooks in compiled.values() for hook in hooks)

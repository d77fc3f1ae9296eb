"""From entries to webhook configurations, as far as a given API server can evaluate them. Pure: nothing is sent here.

>>> Abilities.of((1, 20)).match_conditions, Abilities.of((1, 36)).match_conditions
(False, True)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from poblano.core.binding import Phase
from poblano.core.entries import Entry, Policy, match_condition, namespace_selector, object_selector, rules
from poblano.core.filters import Filter, GroupIs, NameIs, NameMatches, NamespaceIs, NamespaceMatches, UserIs, Where
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.marks import AnnotationIs, BeingDeleted, LabelIs

GROUP: Final = "admissionregistration.k8s.io"
KINDS: Final[Mapping[Phase, Kind]] = {
    "mutate": Kind(GROUP, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", namespaced=False),
    "validate": Kind(
        GROUP, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", namespaced=False
    ),
}

ClientConfig: TypeAlias = Callable[[str], Document]
"""From a path to a webhook's ``clientConfig``."""

_WORDS: Final[Mapping[type[Filter], str]] = {
    AnnotationIs: "annotation",
    BeingDeleted: "deletion timestamp",
    GroupIs: "group",
    LabelIs: "label",
    NameIs: "name",
    NameMatches: "name regex",
    NamespaceIs: "namespace",
    NamespaceMatches: "namespace regex",
    UserIs: "user",
    Where: "where",
}


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an API server can evaluate before it calls a webhook.

    Args:
        namespace_labels: each Namespace carries its name as a label, so that a selector can name it.
        match_conditions: webhooks may have conditions in CEL.
    """

    namespace_labels: bool = True
    match_conditions: bool = True

    @classmethod
    def of(cls, version: tuple[int, int]) -> Abilities:
        """Those of a Kubernetes version; (0, 0), an unknown one, has none."""
        return cls(
            namespace_labels=version >= (1, 21),  # KEP-2161: NamespaceDefaultLabelName, on by default since 1.21
            match_conditions=version >= (1, 28),  # KEP-3716: on by default since 1.28, for good since 1.30
        )

    def lacking(self) -> str:
        """What the API server lacks, in words; "" when nothing.

        >>> Abilities.of((1, 22)).lacking()
        'has no matchConditions (since 1.28)'
        """
        lacks = [
            *([] if self.match_conditions else ["has no matchConditions (since 1.28)"]),
            *([] if self.namespace_labels else ["does not label namespaces with their names (since 1.21)"]),
        ]
        return " and ".join(lacks)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Who evaluates which filters of an entry, each named once."""

    by_server: tuple[str, ...]
    in_python: tuple[str, ...]


def configurations(
    entries: Sequence[Entry],
    uuid: str,
    client: ClientConfig,
    abilities: Abilities,
    *,
    policy: Policy | None = None,
) -> dict[Phase, list[Document]]:
    """The webhooks of both configurations, in the order of `entries`.

    Args:
        entries: of the module.
        uuid: the module's.
        client: where an entry's path is served.
        abilities: of the API server.
        policy: the failure policy of all of them; None takes each entry's own.
    """
    return {
        phase: [webhook(entry, uuid, client, abilities, policy) for entry in entries if entry.phase == phase]
        for phase in KINDS
    }


def webhook(
    entry: Entry, uuid: str, client: ClientConfig, abilities: Abilities, policy: Policy | None = None
) -> Document:
    """One webhook, as narrow as the bindings' filters and the API server allow."""
    made: dict[str, Any] = {
        "name": entry.name(uuid),
        "admissionReviewVersions": ["v1", "v1beta1"],
        "clientConfig": client(entry.path),
        "rules": rules(entry),
        "failurePolicy": policy or entry.policy,
        "matchPolicy": "Equivalent",
        "sideEffects": "NoneOnDryRun",
        "timeoutSeconds": entry.timeout,
        "objectSelector": object_selector(entry),
        "namespaceSelector": namespace_selector(entry) if abilities.namespace_labels else {},
    }
    if abilities.match_conditions and (condition := match_condition(entry)) is not None:
        made["matchConditions"] = [{"name": "some-rule-applies", "expression": condition}]
    return made


def narrowing(entry: Entry, abilities: Abilities) -> Narrowing:
    """Who evaluates which filters: what the API server cannot, Python does when it is called."""
    in_selectors: set[type[Filter]] = set()
    if abilities.namespace_labels and namespace_selector(entry):
        in_selectors.add(NamespaceIs)
    if object_selector(entry):
        in_selectors.add(LabelIs)
    in_condition = abilities.match_conditions and match_condition(entry) is not None
    by_server: set[str] = set()
    in_python: set[str] = set()
    for part in (part for binding in entry.bindings for part in binding.filters):
        in_cel = in_condition and part.cel() is not None
        (by_server if in_cel or type(part) in in_selectors else in_python).add(_WORDS[type(part)])
    return Narrowing(tuple(sorted(by_server - in_python)), tuple(sorted(in_python)))

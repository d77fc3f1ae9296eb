"""Whether a webhook is asked about a request: rules, selectors and conditions, in the order of their cost.

Source: k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go and predicates/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from poblano.cluster import status
from poblano.cluster.attributes import Attributes
from poblano.cluster.reading import Lookup
from poblano.cluster.resources import Resource
from poblano.cluster.selectors import LabelSelector
from poblano.cluster.webhooks.configuration import GROUP, Hook
from poblano.cluster.webhooks.rules import Rule
from poblano.cluster.webhooks.versions import Asked, Equivalents, kind_of
from poblano.core.jsonvalue import Document, as_map

_EXEMPT: Final = frozenset(
    f"{mode}{part}"
    for mode in ("Mutating", "Validating")
    for part in ("WebhookConfiguration", "AdmissionPolicy", "AdmissionPolicyBinding")
)


class Selecting(Protocol):
    """What selects by labels: a webhook, a policy, a binding."""

    @property
    def namespace_selector(self) -> LabelSelector:
        """What the namespace must be."""
        ...

    @property
    def object_selector(self) -> LabelSelector:
        """What the object or the old object must be."""
        ...


def exempt(attributes: Attributes) -> bool:
    """Whether no webhook may see a request: what rules admission itself is out of its reach."""
    return attributes.kind.group == GROUP and attributes.kind.kind in _EXEMPT


def asked_of(
    hook: Hook, attributes: Attributes, current: Document | None, lookup: Lookup, equivalents: Equivalents
) -> Asked | None:
    """How a webhook is to see a request; None when it is none of its. Conditions are not looked at.

    Args:
        hook: the webhook.
        attributes: the request.
        current: the object by now.
        lookup: knows the labels of namespaces.
        equivalents: knows a resource's other versions.

    Raises:
        StatusError: the rules match, and the namespace is not there: 404.
    """
    asked = by_rules(hook.rules, attributes, equivalents if hook.equivalent else None)
    return asked if asked is not None and selected(hook, attributes, current, lookup) else None


def selected(by: Selecting, attributes: Attributes, current: Document | None, lookup: Lookup) -> bool:
    """Whether the selectors want the object and its namespace.

    Raises:
        StatusError: the namespace is not there: 404.
    """
    if not _object_selected(by.object_selector, current, attributes.old_object):
        return False
    return _namespace_selected(by.namespace_selector, attributes, current, lookup)


def by_rules(rules: Iterable[Rule], attributes: Attributes, equivalents: Equivalents | None) -> Asked | None:
    """What the rules name, or without them an equivalent resource in another version; None when they name neither."""
    resource, subresource = attributes.resource, attributes.subresource
    own = _key(resource)
    for rule in rules:
        if rule.matches(attributes.operation, own, subresource, attributes.namespace):
            return Asked(resource, attributes.kind)
    others = [one for one in equivalents(resource) if _key(one) != own] if equivalents else ()
    for rule in rules if others else ():
        for other in others:
            kind = kind_of(other, subresource)
            if kind and rule.matches(attributes.operation, _key(other), subresource, attributes.namespace):
                return Asked(other, kind)
    return None


def _key(resource: Resource) -> tuple[str, str, str]:
    return resource.group, resource.version, resource.plural


def _object_selected(selector: LabelSelector, new: Document | None, old: Document | None) -> bool:
    if not selector.requirements:
        return True
    return any(_has_labels(selector, one) for one in (new, old))


def _has_labels(selector: LabelSelector, document: Document | None) -> bool:
    metadata = as_map(document.get("metadata")) if document is not None else None
    # what has no metadata is no object (PodExecOptions) and never selected
    return metadata is not None and selector.matches(metadata.get("labels") or {})


def _namespace_selected(
    selector: LabelSelector, attributes: Attributes, current: Document | None, lookup: Lookup
) -> bool:
    plural = attributes.resource.plural
    if not selector.requirements or (not attributes.namespace and plural != "namespaces"):
        return True
    if plural == "namespaces" and not attributes.subresource and attributes.operation in ("CREATE", "UPDATE"):
        labels = (current or {}).get("metadata", {}).get("labels")
        return selector.matches(labels or {})
    namespace = lookup.get("", "namespaces", "", attributes.namespace)
    if namespace is None:
        raise status.not_found("namespaces", attributes.namespace)
    return selector.matches(namespace["metadata"].get("labels") or {})

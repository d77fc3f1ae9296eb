"""The objects that a binding gives its policy as parameters.

Source: k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go (CollectParams)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from poblano.cluster.plugins.policy import Binding, Policy
from poblano.cluster.reading import Lookup
from poblano.cluster.resources import Resource
from poblano.cluster.selectors import LabelSelector
from poblano.core.jsonvalue import Document

KindOf: TypeAlias = Callable[[str, str], Resource | None]
"""The resource of an apiVersion and kind."""


class Unconfigured(Exception):
    """Policy and binding do not go together, or what they refer to is not there."""


def parameters(
    policy: Policy, binding: Binding, namespace: str, lookup: Lookup, kind_of: KindOf
) -> list[Document | None]:
    """Each object that the policy is to be evaluated with; [None] for a policy that takes none, [] to let it be.

    Raises:
        Unconfigured: there are none, and there should be.
    """
    if policy.parameters is None or binding.reference is None:
        return [None]
    resource = kind_of(*policy.parameters)
    if resource is None:
        raise Unconfigured(f"failed to find resource referenced by paramKind: '{_described(policy.parameters)}'")
    found = list(_referenced(binding.reference, resource, namespace, lookup))
    if not found and binding.reference.get("parameterNotFoundAction") != "Allow":
        raise Unconfigured("no params found for policy binding with `Deny` parameterNotFoundAction")
    return [*found]


def _referenced(reference: Document, resource: Resource, namespace: str, lookup: Lookup) -> Iterator[Document]:
    where = reference.get("namespace") or ""
    if where and not resource.namespaced:
        raise Unconfigured("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
    if resource.namespaced:
        where = where or namespace
        if not where:
            raise Unconfigured("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
    name = reference.get("name")
    if name:
        one = lookup.get(resource.group, resource.plural, where, name)
        yield from () if one is None else (one,)
    elif reference.get("selector") is not None:
        selector = LabelSelector.of(reference["selector"])
        for one in lookup.list(resource.group, resource.plural, where or None):
            if selector.matches(one["metadata"].get("labels") or {}):
                yield one
    else:
        raise Unconfigured("one of name or selector must be provided")


def _described(parameters: tuple[str, str]) -> str:
    version, kind = parameters
    return f"{version}, Kind={kind}" if "/" in version else f"/{version}, Kind={kind}"

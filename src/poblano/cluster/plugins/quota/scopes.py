"""Which Pods a quota is about.

Source: kubernetes/pkg/quota/v1/evaluator/core/pods.go (podMatchesScopeFunc)
"""

from __future__ import annotations

from collections.abc import Iterator

from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document


def in_scope(quota: Document, pod: Document) -> bool:
    """Whether a Pod counts for a quota; what is no Pod counts only where there are no scopes."""
    return all(_fits(scope, pod) for scope in scopes(quota))


def scopes(quota: Document) -> Iterator[Document]:
    """The scopes of a quota, in the long form."""
    for name in many(quota, "spec", "scopes"):
        yield {"scopeName": name, "operator": "Exists"}
    yield from many(quota, "spec", "scopeSelector", "matchExpressions")


def _fits(scope: Document, pod: Document) -> bool:
    if pod.get("kind") != "Pod":
        return False
    spec = struct(pod, "spec")
    match scope["scopeName"]:
        case "Terminating":
            return spec.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            return spec.get("activeDeadlineSeconds") is None
        case "BestEffort":
            return not _asks_for_something(spec)
        case "NotBestEffort":
            return _asks_for_something(spec)
        case "PriorityClass":
            return _of_class(scope, spec.get("priorityClassName") or "")
        case "CrossNamespacePodAffinity":
            return any(one.get("namespaces") or one.get("namespaceSelector") is not None for one in _terms(spec))
        case _:
            return False


def _asks_for_something(spec: Document) -> bool:
    holders = [spec, *many(spec, "containers"), *many(spec, "initContainers")]
    return any(struct(one, "resources", key) for one in holders for key in ("requests", "limits"))


def _of_class(scope: Document, name: str) -> bool:
    values = scope.get("values") or ()
    match scope.get("operator"):
        case "In":
            return name in values
        case "NotIn":
            return name not in values
        case "DoesNotExist":
            return not name
        case _:
            return bool(name)


def _terms(spec: Document) -> Iterator[Document]:
    for kind in ("podAffinity", "podAntiAffinity"):
        part = struct(spec, "affinity", kind)
        yield from many(part, "requiredDuringSchedulingIgnoredDuringExecution")
        for one in many(part, "preferredDuringSchedulingIgnoredDuringExecution"):
            yield struct(one, "podAffinityTerm")

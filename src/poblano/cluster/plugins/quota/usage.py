"""What objects take of what a quota counts.

Source: kubernetes/pkg/quota/v1/evaluator/core
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Final, TypeAlias

from poblano.cluster.kinds.quantity import Quantity, parse
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.plugins.quota.scopes import in_scope, scopes
from poblano.core.jsonvalue import Document

Amounts: TypeAlias = dict[str, Quantity]
Bucket: TypeAlias = tuple[str, str]
Listing: TypeAlias = Callable[[str, str, str], Iterable[Document]]
"""The objects of a group and plural in a namespace."""

PODS: Final[Bucket] = ("", "pods")
_CLAIMS: Final[Bucket] = ("", "persistentvolumeclaims")
_SERVICES: Final[Bucket] = ("", "services")
_COUNTED: Final = frozenset(
    {"configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "secrets", "services"}
)
_OF_CLASS: Final = ".storageclass.storage.k8s.io/"
_ONE: Final = Quantity(Fraction(1), "decimal")
ZERO: Final = Quantity(Fraction(0), "decimal")


def bucket_of(name: str) -> Bucket:
    """Whose objects a name in a quota is about.

    >>> bucket_of("count/deployments.apps"), bucket_of("limits.cpu"), bucket_of("services.nodeports")
    (('apps', 'deployments'), ('', 'pods'), ('', 'services'))
    """
    if name.startswith("count/"):
        plural, _, group = name.removeprefix("count/").partition(".")
        return group, plural
    if name in _COUNTED:
        return "", name
    if name.startswith("services."):
        return _SERVICES
    return _CLAIMS if name == "requests.storage" or _OF_CLASS in name else PODS


def taken(names: Iterable[str], bucket: Bucket, document: Document) -> Amounts:
    """What one object takes of these."""
    found: Amounts = {}
    totals = _pod_totals(document) if bucket == PODS and not _is_over(document) else {}
    for name in names:
        if bucket_of(name) != bucket:
            continue
        if name.startswith("count/") or name in _COUNTED or (name == "pods" and not _is_over(document)):
            found[name] = _ONE
        elif bucket == PODS:
            amount = totals.get(name if _is_said(name) else f"requests.{name}")
            found |= {name: amount} if amount else {}
        elif bucket == _SERVICES:
            found[name] = Quantity(Fraction(_service(name, document)), "decimal")
        else:
            amount = _claim(name, document)
            found |= {name: amount} if amount else {}
    return found


def total(quota: Document, listing: Listing) -> Amounts:
    """What a namespace holds of everything that a quota limits."""
    names = list(struct(quota, "spec", "hard"))
    found = dict.fromkeys(names, ZERO)
    for bucket in {bucket_of(name) for name in names}:
        for document in listing(*bucket, quota["metadata"]["namespace"]):
            if counts(quota, bucket, document):
                found |= added(found, taken(names, bucket, document))
    return found


def counts(quota: Document, bucket: Bucket, document: Document) -> bool:
    """Whether an object counts for a quota."""
    if bucket == PODS:
        return in_scope(quota, {"kind": "Pod", **document})
    return not any(scopes(quota))


def added(one: Mapping[str, Quantity], other: Mapping[str, Quantity], sign: int = 1) -> Amounts:
    """The sums, or with `sign` -1 the differences, of what is in either."""
    found = dict(one)
    for name, amount in other.items():
        before = one.get(name, ZERO)
        form = before.form if before.value else amount.form
        found[name] = Quantity(before.value + sign * amount.value, form)
    return found


def amounts(given: Mapping[str, object]) -> Amounts:
    """A list of resources, parsed; what is no quantity is left out."""
    found: Amounts = {}
    for name, value in given.items():
        try:
            found[name] = parse(str(value))
        except ValueError:
            continue
    return found


def _is_said(name: str) -> bool:
    return name.startswith(("requests.", "limits."))


def _is_over(pod: Document) -> bool:
    return struct(pod, "status").get("phase") in ("Failed", "Succeeded")


def _pod_totals(pod: Document) -> Amounts:
    spec, found = struct(pod, "spec"), Amounts()
    for key in ("requests", "limits"):
        whole = _of_containers(spec, key) | amounts(struct(spec, "resources", key))
        found |= {f"{key}.{name}": amount for name, amount in added(whole, amounts(struct(spec, "overhead"))).items()}
    return found


def _of_containers(spec: Document, key: str) -> Amounts:
    """The larger of what all containers take together and what any that runs before them does."""
    together: Amounts = {}
    for one in many(spec, "containers"):
        together = added(together, amounts(struct(one, "resources", key)))
    beside, peak = Amounts(), Amounts()
    for one in many(spec, "initContainers"):
        own = amounts(struct(one, "resources", key))
        if one.get("restartPolicy") == "Always":
            beside = added(beside, own)
        peak = _larger(peak, beside if one.get("restartPolicy") == "Always" else added(beside, own))
    return _larger(added(together, beside), peak)


def _larger(one: Amounts, other: Amounts) -> Amounts:
    return one | {name: amount for name, amount in other.items() if amount.value > one.get(name, ZERO).value}


def _service(name: str, service: Document) -> int:
    kind = struct(service, "spec").get("type")
    if name == "services.loadbalancers":
        return int(kind == "LoadBalancer")
    ports = many(service, "spec", "ports")
    if kind == "LoadBalancer" and struct(service, "spec").get("allocateLoadBalancerNodePorts") is False:
        return sum(1 for port in ports if port.get("nodePort"))
    return len(ports) if kind in ("NodePort", "LoadBalancer") else 0


def _claim(name: str, claim: Document) -> Quantity | None:
    owner, _, what = name.rpartition(_OF_CLASS)
    if owner and struct(claim, "spec").get("storageClassName") != owner:
        return None
    if what == "persistentvolumeclaims":
        return _ONE
    return amounts(struct(claim, "spec", "resources", "requests")).get("storage")

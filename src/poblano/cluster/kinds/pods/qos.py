"""The quality-of-service class of a Pod.

Source: kubernetes/pkg/apis/core/helper/qos/qos.go
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from poblano.cluster.kinds import quantity
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_COUNTED = ("cpu", "memory")


def qos_class(spec: Document) -> str:
    """ "BestEffort", "Burstable" or "Guaranteed".

    >>> qos_class({"containers": [{"resources": {"requests": {"cpu": "1"}}}]})
    'Burstable'
    """
    own = struct(spec, "resources")
    if _positive(struct(own, "requests")) or _positive(struct(own, "limits")):
        holders: list[Document] = [own]
    else:
        containers: Iterable[Any] = (*many(spec, "containers"), *many(spec, "initContainers"))
        holders = [struct(container, "resources") for container in containers]
    requests, limits = _sum(holders, "requests"), _sum(holders, "limits")
    if not requests and not limits:
        return "BestEffort"
    everywhere = all(len(_positive(struct(holder, "limits"))) == len(_COUNTED) for holder in holders)
    return "Guaranteed" if everywhere and requests == limits else "Burstable"


def _positive(amounts: Document) -> dict[str, Fraction]:
    found = {name: quantity.number(amounts[name]) for name in _COUNTED if name in amounts}
    return {name: amount for name, amount in found.items() if amount > 0}


def _sum(holders: Iterable[Document], key: str) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for holder in holders:
        for name, amount in _positive(struct(holder, key)).items():
            total[name] = total.get(name, Fraction(0)) + amount
    return total

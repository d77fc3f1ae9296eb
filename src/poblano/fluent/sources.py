"""Whose logs are meant: the Pods that something selects, and the containers in them.

>>> selector_of({"kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}})
'app=web'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import Document, as_map


@dataclass(frozen=True, slots=True)
class Source:
    """One container, in the Pod of that uid."""

    pod: str
    namespace: str
    container: str
    uid: str = ""


def containers_of(pod: Document, container: str | None = None) -> list[Source]:
    """The containers of a Pod, without those that run before it starts; or the one that is named."""
    meta: Document = pod["metadata"]
    listed: list[Document] = pod["spec"].get("containers") or []
    names = [container] if container else [str(one["name"]) for one in listed]
    return [Source(meta["name"], meta["namespace"], name, str(meta.get("uid") or "")) for name in names]


def selector_of(owner: Document) -> str:
    """The ``labelSelector`` of the Pods that a Deployment, a Service or the like is about.

    Raises:
        MalformedObject: it selects none.
    """
    spec: Document = owner.get("spec") or {}
    selector = as_map(spec.get("selector"))
    if not selector:
        raise MalformedObject(f"{owner['kind']} {owner['metadata']['name']} selects no Pods, so it has no logs")
    return label_selector(selector)


def label_selector(selector: Mapping[str, Any]) -> str:
    """A ``LabelSelector``, or the plain map of a Service, as a list wants it.

    >>> label_selector({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "DoesNotExist"}]})
    'a=b,!c'
    """
    if not selector.keys() & {"matchLabels", "matchExpressions"}:
        return _equalities(selector)
    expressions = cast("list[Mapping[str, Any]]", selector.get("matchExpressions") or [])
    return ",".join(filter(None, [_equalities(selector.get("matchLabels") or {}), *map(_expression, expressions)]))


def _equalities(labels: Mapping[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _expression(one: Mapping[str, Any]) -> str:
    values = ",".join(one.get("values") or [])
    match str(one["operator"]):
        case "Exists":
            return str(one["key"])
        case "DoesNotExist":
            return f"!{one['key']}"
        case operator:
            return f"{one['key']} {operator.lower()} ({values})"

"""The fields that a field selector may name, kind by kind, and their values.

Source: the GetAttrs functions and field label conversions in kubernetes/pkg/registry and pkg/apis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from poblano.cluster.kinds.tree import value
from poblano.cluster.resources import Resource
from poblano.cluster.selectors import FieldTerm
from poblano.cluster.status import StatusError, bad_request
from poblano.core.jsonvalue import Document

_ALWAYS: Final = ("metadata.name", "metadata.namespace")

_INVOLVED: Final = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")

_KNOWN: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("", "pods"): (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ),
    ("", "events"): (
        *(f"involvedObject.{name}" for name in _INVOLVED), "reason", "reportingComponent", "source", "type",
    ),
    ("events.k8s.io", "events"): (
        *(f"regarding.{name}" for name in _INVOLVED), "reason", "reportingController", "type",
    ),
    ("", "secrets"): ("type",),
    ("", "namespaces"): ("status.phase",),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("", "replicationcontrollers"): ("status.replicas",),
    ("apps", "replicasets"): ("status.replicas",),
    ("batch", "jobs"): ("status.successful",),
    ("certificates.k8s.io", "certificatesigningrequests"): ("spec.signerName",),
    ("resource.k8s.io", "resourceslices"): ("spec.driver", "spec.nodeName"),
}  # fmt: skip

_SPECIAL: Final[dict[str, Callable[[Document], Any]]] = {
    "status.podIPs": lambda obj: ",".join(one.get("ip", "") for one in _at(obj, "status.podIPs") or ()),
    "status.successful": lambda obj: _at(obj, "status.succeeded") or 0,
    "source": lambda obj: _at(obj, "source.component") or obj.get("reportingComponent"),
    "status.replicas": lambda obj: _at(obj, "status.replicas") or 0,
    "spec.unschedulable": lambda obj: bool(_at(obj, "spec.unschedulable")),
    "spec.hostNetwork": lambda obj: bool(_at(obj, "spec.hostNetwork")),
}


def known_fields(resource: Resource) -> tuple[str, ...]:
    """What a field selector on the resource may name."""
    custom: tuple[str, ...] = tuple(resource.custom.selectable_fields(resource.version)) if resource.custom else ()
    at = (resource.group, resource.plural)
    by_namespace = resource.namespaced or (resource.custom is None and at not in _KNOWN)
    always = _ALWAYS if by_namespace else _ALWAYS[:1]
    return always + _KNOWN.get((resource.group, resource.plural), ()) + custom


def check_fields(resource: Resource, terms: tuple[FieldTerm, ...]) -> None:
    """Nothing, if the resource can be selected by each of the terms.

    Raises:
        StatusError: 400 that names the field.
    """
    known = known_fields(resource)
    for term in terms:
        if term.field not in known:
            raise _unknown(resource, term.field, known)


def _unknown(resource: Resource, field: str, known: tuple[str, ...]) -> StatusError:
    if (resource.group, resource.plural) in _KNOWN:
        return bad_request(f"field label not supported: {field}")
    if resource.custom is not None:
        return bad_request(f"field label not supported: {field}")
    allowed = ", ".join(f'"{name}"' for name in known)
    return bad_request(f'"{field}" is not a known field selector: only {allowed}')


def field_value(obj: Document, field: str) -> str:
    """The value of a field as a selector compares it: a text, empty where there is none.

    >>> field_value({"spec": {"nodeName": "n1"}}, "spec.nodeName"), field_value({}, "spec.hostNetwork")
    ('n1', 'false')
    """
    special = _SPECIAL.get(field)
    found = special(obj) if special else _at(obj, field)
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found)


def _at(obj: Document, path: str) -> Any:
    return value(obj, *path.split("."))

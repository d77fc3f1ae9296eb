"""The cells of what governs others: roles, policies, webhooks, budgets, priorities, leases, certificates, devices.

Source: pkg/printers/internalversion/printers.go, kube-aggregator pkg/registry/apiservice/etcd/etcd.go
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from poblano.cluster.tables.cells.fields import age, at, condition, deleting, many, name, number, text
from poblano.cluster.tables.cells.phrases import NONE, UNSET, selector_as_printed_by_go
from poblano.cluster.tables.durations import human_duration
from poblano.core.jsonvalue import Document


def role_binding(one: Document, now: datetime) -> list[Any]:
    """Name, Role, Age, Users, Groups, ServiceAccounts."""
    role = f"{text(one, 'roleRef', 'kind')}/{text(one, 'roleRef', 'name')}"
    subjects = [", ".join(_subjects(one, kind)) for kind in ("User", "Group", "ServiceAccount")]
    return [name(one), role, age(one, now), *subjects]


def _subjects(one: Document, kind: str) -> list[str]:
    found = [it for it in many(one, "subjects") if text(it, "kind") == kind]
    if kind != "ServiceAccount":
        return [text(it, "name") for it in found]
    return ["/".join(filter(None, (text(it, "namespace"), text(it, "name")))) for it in found]


def webhook_configuration(one: Document, now: datetime) -> list[Any]:
    """Name, Webhooks, Age."""
    return [name(one), len(many(one, "webhooks")), age(one, now)]


def admission_policy(one: Document, now: datetime) -> list[Any]:
    """Name, Validations or Mutations, ParamKind, Age."""
    kind = at(one, "spec", "paramKind")
    rules = many(one, "spec", "validations") or many(one, "spec", "mutations")
    shown = UNSET if kind is None else f"{text(kind, 'apiVersion')}/{text(kind, 'kind')}"
    return [name(one), len(rules), shown, age(one, now)]


def admission_policy_binding(one: Document, now: datetime) -> list[Any]:
    """Name, PolicyName, ParamRef, Age."""
    reference, shown = at(one, "spec", "paramRef"), UNSET
    if text(reference, "name"):
        shown = f"{text(reference, 'namespace') or '*'}/{text(reference, 'name')}"
    elif at(reference, "selector") is not None:
        shown = selector_as_printed_by_go(at(reference, "selector"))
    return [name(one), text(one, "spec", "policyName"), shown, age(one, now)]


def pod_disruption_budget(one: Document, now: datetime) -> list[Any]:
    """Name, Min Available, Max Unavailable, Allowed Disruptions, Age."""
    bounds = [at(one, "spec", key) for key in ("minAvailable", "maxUnavailable")]
    shown = ["N/A" if bound is None else str(bound) for bound in bounds]
    return [name(one), *shown, number(one, "status", "disruptionsAllowed"), age(one, now)]


def priority_class(one: Document, now: datetime) -> list[Any]:
    """Name, Value, Global-Default, Age, PreemptionPolicy."""
    default = at(one, "globalDefault") is True
    return [name(one), number(one, "value"), default, age(one, now), text(one, "preemptionPolicy")]


def runtime_class(one: Document, now: datetime) -> list[Any]:
    """Name, Handler, Age."""
    return [name(one), text(one, "handler"), age(one, now)]


def lease(one: Document, now: datetime) -> list[Any]:
    """Name, Holder, Age."""
    return [name(one), text(one, "spec", "holderIdentity"), age(one, now)]


def api_service(one: Document, now: datetime) -> list[Any]:
    """Name, Service, Available, Age."""
    backend, found = at(one, "spec", "service"), condition(one, "Available")
    service = "Local" if backend is None else f"{text(backend, 'namespace')}/{text(backend, 'name')}"
    available = "Unknown" if found is None else text(found, "status")
    if found is not None and available != "True" and text(found, "reason"):
        available += f" ({text(found, 'reason')})"
    return [name(one), service, available, age(one, now)]


def certificate_signing_request(one: Document, now: datetime) -> list[Any]:
    """Name, Age, SignerName, Requestor, RequestedDuration, Condition."""
    expiration = at(one, "spec", "expirationSeconds")
    return [
        name(one),
        age(one, now),
        text(one, "spec", "signerName") or NONE,
        text(one, "spec", "username"),
        NONE if expiration is None else human_duration(int(expiration)),
        _request_state(one),
    ]


def _request_state(one: Document) -> str:
    kinds = {text(it, "type") for it in many(one, "status", "conditions")}
    state = "Denied" if "Denied" in kinds else "Approved" if "Approved" in kinds else "Pending"
    return state + ",Failed" * ("Failed" in kinds) + ",Issued" * bool(text(one, "status", "certificate"))


def flow_schema(one: Document, now: datetime) -> list[Any]:
    """Name, PriorityLevel, MatchingPrecedence, DistinguisherMethod, Age, MissingPL."""
    level, method = text(one, "spec", "priorityLevelConfiguration", "name"), at(one, "spec", "distinguisherMethod")
    dangling = condition(one, "Dangling")
    return [
        name(one),
        level,
        number(one, "spec", "matchingPrecedence"),
        NONE if method is None else text(method, "type"),
        age(one, now),
        "?" if dangling is None else text(dangling, "status"),
    ]


def flow_order(one: Document) -> tuple[int, str]:
    """FlowSchemas are listed in the order in which they are tried, not by name."""
    return number(one, "spec", "matchingPrecedence"), name(one)


def priority_level(one: Document, now: datetime) -> list[Any]:
    """Name, Type, NominalConcurrencyShares, Queues, HandSize, QueueLengthLimit, Age."""
    limited = at(one, "spec", "limited")
    queuing = at(limited, "limitResponse", "queuing")
    shares = NONE if limited is None else number(limited, "nominalConcurrencyShares")
    queues = [NONE if queuing is None else number(queuing, key) for key in ("queues", "handSize", "queueLengthLimit")]
    return [name(one), text(one, "spec", "type"), shares, *queues, age(one, now)]


def resource_claim(one: Document, now: datetime) -> list[Any]:
    """Name, State, Age."""
    states = ["deleted"] if deleting(one) else []
    if at(one, "status", "allocation") is not None:
        states += ["allocated", *["reserved"] * bool(many(one, "status", "reservedFor"))]
    elif not deleting(one):
        states.append("pending")
    return [name(one), ",".join(states), age(one, now)]


def resource_slice(one: Document, now: datetime) -> list[Any]:
    """Name, Node, Driver, Pool, Age."""
    place = [text(one, "spec", "nodeName"), text(one, "spec", "driver"), text(one, "spec", "pool", "name")]
    return [name(one), *place, age(one, now)]

"""Whether the webhooks of a module would be asked about a request, and which of their words keeps it from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poblano.cli.diagnosis import Finding
from poblano.core.jsonvalue import Document, as_map
from poblano.core.kinds import Kind

if TYPE_CHECKING:
    from poblano.cluster.selectors import LabelSelector


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody sends to the API server.

    Args:
        operation: CREATE, UPDATE or DELETE.
        kind: of the object.
        object: as it is sent; of a DELETE, as it is stored.
        namespace: where it goes; "" for what is in none.
        namespace_labels: of that namespace.
        user: who sends it.
        groups: what they are members of.
    """

    operation: str
    kind: Kind
    object: Document
    namespace: str
    namespace_labels: dict[str, str]
    user: str
    groups: tuple[str, ...] = ()


def asked_about(configuration: Document, request: Request, uuid: str) -> Iterator[Finding]:
    """Of each webhook, whether it is asked, else what keeps the request from it.

    Args:
        configuration: as it is in the cluster.
        request: what is sent.
        uuid: of the module.
    """
    for webhook in configuration["webhooks"]:
        name = str(webhook["name"]).removesuffix(f".{uuid}.poblano.dev")
        why = passed_by(webhook, request)
        if why is None:
            yield Finding("request", True, f"{name} is asked about it")
        else:
            yield Finding("request", None, f"{name} is not asked: {why}")


def passed_by(webhook: Document, request: Request) -> str | None:
    """Why a webhook is not asked about a request; None when it is. Looked at in the order of the API server."""
    from poblano.cluster.selectors import LabelSelector
    from poblano.cluster.webhooks.rules import Rule

    kind = request.kind
    resource = (kind.group, kind.version, kind.plural)
    rules = [Rule.of(rule) for rule in webhook.get("rules") or ()]
    if not any(rule.matches(request.operation, resource, "", request.namespace) for rule in rules):
        return f"its rules are about {_said(webhook)}, and this is {request.operation} {kind.plural}"
    labels = as_map((as_map(request.object.get("metadata")) or {}).get("labels")) or {}
    if found := _unmet(LabelSelector.of(webhook.get("objectSelector")), labels):
        return f"its objectSelector wants {found}"
    spaced = kind.namespaced or kind.plural == "namespaces"
    space = labels if kind.plural == "namespaces" else request.namespace_labels
    if spaced and (found := _unmet(LabelSelector.of(webhook.get("namespaceSelector")), space)):
        return f"its namespaceSelector wants {found}"
    return _condition(webhook, request)


def _said(webhook: Document) -> str:
    return "; ".join(
        f"{', '.join(rule['operations'])} of {', '.join(rule['resources'])}" for rule in webhook.get("rules") or ()
    )


def _unmet(selector: LabelSelector, labels: dict[str, Any]) -> str:
    """The first of what a selector wants that labels have not."""
    for one in selector.requirements:
        if not one.matches(labels):
            values = f" ({', '.join(sorted(one.values))})" if one.values else ""
            return f"{one.key} {one.operator}{values}"
    return ""


def _condition(webhook: Document, request: Request) -> str | None:
    """The first condition that is not true."""
    from poblano.cluster.cel import CelError, CompileError, compile

    deleted = request.operation == "DELETE"
    variables = {
        "object": None if deleted else request.object,
        "oldObject": request.object if deleted else None,
        "request": _request(request),
        "authorizer": None,
    }
    for one in webhook.get("matchConditions") or ():
        try:
            if compile(one["expression"]).evaluate(**variables) is not True:
                return f"its matchCondition {one['name']} is false: {one['expression']}"
        except (CelError, CompileError) as error:
            return f"its matchCondition {one['name']} cannot be evaluated: {error}"
    return None


def _request(request: Request) -> Document:
    """As conditions know it."""
    kind, meta = request.kind, as_map(request.object.get("metadata")) or {}
    named = {"group": kind.group, "version": kind.version}
    found: Document = {
        "kind": {**named, "kind": kind.kind},
        "resource": {**named, "resource": kind.plural},
        "requestKind": {**named, "kind": kind.kind},
        "requestResource": {**named, "resource": kind.plural},
        "operation": request.operation,
        "userInfo": {"username": request.user, "groups": list(request.groups)},
        "dryRun": False,
        "options": None,
    }
    if meta.get("name"):
        found["name"] = meta["name"]
    return found | ({"namespace": request.namespace} if request.namespace else {})

"""One write through admission: the server's own plugins, the mutating webhooks; later the validating ones."""

from __future__ import annotations

from poblano.cluster.attributes import Attributes, Operation
from poblano.cluster.resources import GroupVersionKind
from poblano.cluster.rest.exchange import Request
from poblano.core.jsonvalue import Document


def attributes(
    request: Request,
    operation: Operation,
    *,
    new: Document | None,
    old: Document | None,
    options: Document | None,
    dry_run: bool,
    name: str | None = None,
    kind: GroupVersionKind | None = None,
) -> Attributes:
    """The facts about a write, as admission asks for them."""
    target, resource = request.target, request.resource
    return Attributes(
        operation=operation,
        resource=resource,
        subresource=target.subresource,
        kind=kind or resource.gvk,
        namespace=target.namespace if resource.namespaced or resource.plural == "namespaces" else "",
        name=target.name if name is None else name,
        object=new,
        old_object=old,
        options=options,
        user=request.user,
        dry_run=dry_run,
        warnings=request.warnings,
    )

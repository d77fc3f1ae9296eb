"""One write through admission: the server's own plugins, the mutating webhooks; later the validating ones."""

from __future__ import annotations

from poblano.cluster.attributes import Attributes, Operation
from poblano.cluster.decoding import drop_unknown, type_errors
from poblano.cluster.resources import GroupVersionKind, Resource
from poblano.cluster.rest.exchange import Request
from poblano.cluster.rest.stored import strategy_of
from poblano.cluster.schema import built_in
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
    namespace = target.namespace if resource.namespaced or resource.plural == "namespaces" else ""
    if resource.plural == "namespaces" and operation == "CREATE" and new is not None:
        namespace = new["metadata"].get("name", "")
    return Attributes(
        operation=operation,
        resource=resource,
        subresource=target.subresource,
        kind=kind or resource.gvk,
        namespace=namespace,
        name=target.name if name is None else name,
        object=new,
        old_object=old,
        options=_options(operation, options),
        user=request.user,
        dry_run=dry_run,
        warnings=request.warnings,
    )


def _options(operation: Operation, options: Document | None) -> Document | None:
    """The options as webhooks see them: a patch is an update or a create to them, and so is an update that creates."""
    if options is None or options["kind"] not in ("PatchOptions", "UpdateOptions"):
        return options
    kind = "CreateOptions" if operation == "CREATE" else "UpdateOptions"
    return {"kind": kind, **{key: value for key, value in options.items() if key not in ("kind", "force")}}


def restored(document: Document, resource: Resource, kind: GroupVersionKind) -> Document:
    """An object that a webhook's patch made, as the server would have read it from a client, with its defaults.

    Raises:
        StatusError: 400, it is no object of the kind.
    """
    if resource.custom is not None and kind == resource.gvk:
        resource.custom.prune(resource.version)(document)
    else:
        part = next((one for one in resource.subresources.values() if one.kind == kind), None)
        definition = resource.definition if kind == resource.gvk or part is None else part.definition
        type_errors(document, definition)
        if definition:
            drop_unknown(document, built_in()[definition])
    if kind == resource.gvk:
        strategy_of(resource).default(document, resource.version)
    return document

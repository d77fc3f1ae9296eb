"""create: from a body to a stored object.

Source: k8s.io/apiserver/pkg/endpoints/handlers/create.go, pkg/registry/rest/create.go
"""

from __future__ import annotations

from typing import Final

from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.rest.admission import attributes
from poblano.cluster.rest.asking import ask_mutating
from poblano.cluster.rest.bodies import body_of
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.objects import (
    check_namespace,
    fit_namespace,
    generated_name,
    metadata_of,
    own,
    refuse_invalid,
    start_life,
)
from poblano.cluster.rest.options import WriteOptions, write_options
from poblano.cluster.rest.presenting import present
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.stored import bucket_of, strategy_of
from poblano.cluster.status import StatusError, already_exists, bad_request, generate_name_conflict, method_not_allowed
from poblano.cluster.storage.engine import Changed
from poblano.cluster.storage.records import Record, key_of, unstored
from poblano.core.jsonvalue import Document

_NAME_TRIES: Final = 8


async def create(server: Server, request: Request) -> Response:
    """Answer a POST to a collection.

    Raises:
        StatusError: whatever the object is refused with.
    """
    custom = request.resource.custom
    if custom is not None and custom.terminating:
        resource = request.resource
        refused = method_not_allowed(resource.plural, "create", group=resource.group)
        refused.message = "create not allowed while custom resource definition is terminating"
        raise refused
    options = write_options(request.query, "CreateOptions")
    document = body_of(request, options)
    strategy_of(request.resource).default(document, request.resource.version)
    made = await create_object(server, request, document, options)
    return await present(server, request, made, status=201)


async def create_object(
    server: Server, request: Request, document: Document, options: WriteOptions, *, manager: str | None = None
) -> Record:
    """Admit, validate and store a new object; `document` has its defaults. For an apply, the owners are known: manager "".

    Raises:
        StatusError: whatever the object is refused with.
    """
    resource = request.resource
    strategy = strategy_of(resource)
    fit_namespace(document, resource, request.target.namespace)
    metadata = metadata_of(document)
    name = metadata.get("name") or ""
    if resource.namespaced and not request.target.namespace:
        raise bad_request("an empty namespace may not be set during creation")
    if manager != "":
        own(server, request, None, document, manager or options.field_manager)
    check_namespace(server, resource, request.target.namespace, name)
    review = attributes(
        request, "CREATE", new=document, old=None, options=options.document, dry_run=options.dry_run, name=name
    )
    strategy.admit(document, None, server.lookup)
    await ask_mutating(server, review)
    document = review.object if review.object is not None else document
    return await _finish(server, request, document, options, strategy)


async def _finish(
    server: Server, request: Request, document: Document, options: WriteOptions, strategy: Strategy
) -> Record:
    resource = request.resource
    fit_namespace(document, resource, request.target.namespace)
    metadata = metadata_of(document)
    if metadata.get("resourceVersion"):
        raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
    start_life(document, server.clock.now())
    strategy.sign(document, request.user)
    base = "" if metadata.get("name") else metadata.get("generateName") or ""
    for _ in range(_NAME_TRIES):
        if base:
            metadata["name"] = generated_name(base)
        strategy.prepare_for_create(document, server.lookup)
        refuse_invalid(resource, document, strategy, None)
        request.warnings.extend(strategy.warnings(document))
        await _validating(server, request, document, options)
        try:
            return await _store(server, request, document, options)
        except Changed:
            if not base:
                raise already_exists(resource.plural, metadata["name"], group=resource.group) from None
    raise generate_name_conflict(resource.plural, metadata["name"], group=resource.group)


async def _validating(server: Server, request: Request, document: Document, options: WriteOptions) -> None:
    name = metadata_of(document)["name"]
    review = attributes(
        request, "CREATE", new=document, old=None, options=options.document, dry_run=options.dry_run, name=name
    )
    await server.webhooks.validate(review)


async def _store(server: Server, request: Request, document: Document, options: WriteOptions) -> Record:
    resource = request.resource
    version, stored = await server.stored.to_storage(resource, document)
    metadata = metadata_of(stored)
    bucket, key = bucket_of(resource), key_of(metadata.get("namespace", ""), metadata["name"])
    if options.dry_run:
        if server.storage.get(bucket, key) is not None:
            raise Changed(key)
        return unstored(key, version, stored)
    return server.storage.create(bucket, key, version, stored)

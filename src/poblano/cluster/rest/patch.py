"""patch: the four ways to say what is to change.

Source: k8s.io/apiserver/pkg/endpoints/handlers/patch.go
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from poblano.cluster.managed import apply, reset_fields
from poblano.cluster.patching.json_patch import json_patch, unknown_fields
from poblano.cluster.patching.merge import merge_patch
from poblano.cluster.patching.strategic import strategic_merge
from poblano.cluster.rest.bodies import check_patched, read_apply, read_patch
from poblano.cluster.rest.create import create_object
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.objects import fit_name, fit_namespace, metadata_of, own, same_name
from poblano.cluster.rest.options import WriteOptions, write_options
from poblano.cluster.rest.presenting import present
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.stored import strategy_of
from poblano.cluster.rest.update import Change, change_object
from poblano.cluster.schema import Schema
from poblano.cluster.status import StatusError, bad_request, conflict, not_found, unsupported_media_type
from poblano.core.jsonvalue import Document

JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
APPLY: Final = "application/apply-patch+yaml"
KINDS: Final = frozenset({JSON_PATCH, MERGE_PATCH, STRATEGIC, APPLY})


def accepted(request: Request) -> tuple[str, ...]:
    """The kinds of patch that the resource takes."""
    if request.resource.custom is not None:
        return (JSON_PATCH, MERGE_PATCH, APPLY)
    return (JSON_PATCH, MERGE_PATCH, STRATEGIC, APPLY)


def patch_type(request: Request) -> str:
    """The kind of patch in the body.

    Raises:
        StatusError: 415, the resource takes none of that kind.
    """
    given = request.header(b"content-type").partition(";")[0].strip()
    if given in accepted(request):
        return given
    if given in KINDS:
        raise unsupported_media_type(accepted(request))
    raise StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})


async def patch(server: Server, request: Request) -> Response:
    """Answer a PATCH.

    Raises:
        StatusError: whatever the patch or the new state is refused with.
    """
    kind = patch_type(request)
    options = write_options(request.query, "PatchOptions", apply=kind == APPLY)
    if kind == APPLY:
        return await _apply(server, request, options)
    content = read_patch(request, kind)
    if kind == JSON_PATCH:
        _complain(request, options, unknown_fields(_objects(content)))

    async def make(old: Document) -> Document:
        new = patched(request, kind, old, content)
        check_patched(request, new, options, strategic=kind == STRATEGIC)
        _keep_name(request, new)
        strategy_of(request.resource).default(new, request.resource.version)
        own(server, request, old, new, options.field_manager, request.target.subresource)
        return new

    change = Change(make, options, retried=True, subresource=request.target.subresource)
    return await present(server, request, await change_object(server, request, change))


def _objects(content: list[Any]) -> list[Document]:
    return [one if isinstance(one, dict) else {} for one in content]


def _complain(request: Request, options: WriteOptions, unknown: list[str]) -> None:
    """Say what is wrong with the operations themselves, as field validation asks."""
    if unknown and options.field_validation == "Strict":
        raise bad_request(f"strict decoding error: {', '.join(unknown)}")
    if options.field_validation == "Warn":
        request.warnings.extend(unknown)


def patched(request: Request, kind: str, old: Document, content: Any, *, schema: Schema | None = None) -> Document:
    """The patched document; `old` stays as it is.

    Raises:
        StatusError: the patch does not fit.
    """
    if kind == JSON_PATCH:
        return json_patch(old, content)
    if kind == MERGE_PATCH:
        return merge_patch(old, content)
    described = schema or request.resource.schema
    if described is None:
        raise unsupported_media_type(accepted(request))
    return strategic_merge(old, content, described)


def _keep_name(request: Request, new: Document) -> None:
    fit_namespace(new, request.resource, request.target.namespace)
    same_name(new, request.target.name)


async def _apply(server: Server, request: Request, options: WriteOptions) -> Response:
    resource, target = request.resource, request.target
    config = read_apply(request, options)
    fit_name(config, target.name)
    if server.find(request) is None:
        if target.subresource:
            raise not_found(resource.plural, target.name, group=resource.group)
        uid = metadata_of(config).get("uid")
        if uid:
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise conflict(resource.plural, target.name, why, group=resource.group)
        metadata_of(config).pop("resourceVersion", None)
        new = _applied(server, request, None, config, options)
        strategy_of(resource).default(new, resource.version)
        made = await create_object(server, request, new, options, manager="")
        return await present(server, request, made, status=201)

    async def make(old: Document) -> Document:
        new = _applied(server, request, old, deepcopy(config), options)
        strategy_of(resource).default(new, resource.version)
        return new

    change = Change(make, options, retried=True, subresource=target.subresource)
    return await present(server, request, await change_object(server, request, change))


def _applied(
    server: Server, request: Request, live: Document | None, config: Document, options: WriteOptions
) -> Document:
    resource, subresource = request.resource, request.target.subresource
    return apply(
        live,
        config,
        schema=resource.schema,
        manager=options.field_manager,
        force=options.force,
        api_version=resource.api_version,
        subresource=subresource,
        now=server.clock.now(),
        kind=resource.kind,
        reset=reset_fields(resource.group, resource.kind, subresource, has_status="status" in resource.subresources),
    )

"""The scale subresource: the number of replicas of anything, as an autoscaling/v1 Scale.

Source: k8s.io/kubernetes/pkg/registry/apps/deployment/storage/storage.go (ScaleREST), apiextensions-apiserver's ScaleREST
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final, NamedTuple

from poblano.cluster import field_errors
from poblano.cluster.decoding.go_types import mismatch_in
from poblano.cluster.kinds.tree import value
from poblano.cluster.managed import parent_entries, scale_entries, track_update
from poblano.cluster.resources import GroupVersionKind, Resource
from poblano.cluster.rest.admission import attributes
from poblano.cluster.rest.bodies import read_kind, read_patch
from poblano.cluster.rest.encoding import encoded
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.objects import fit_namespace, metadata_of, same_name
from poblano.cluster.rest.options import WriteOptions, write_options
from poblano.cluster.rest.presenting import present_document
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.stored import strategy_of
from poblano.cluster.rest.update import store_change
from poblano.cluster.schema import built_in
from poblano.cluster.status import invalid, modified, not_found
from poblano.cluster.storage.engine import Changed
from poblano.cluster.storage.records import Record
from poblano.core.jsonvalue import Document

SCALE: Final = GroupVersionKind("autoscaling", "v1", "Scale")
_DEFINITION: Final = "io.k8s.api.autoscaling.v1.Scale"
_TRIES: Final = 20


class ScalePaths(NamedTuple):
    """Where a kind keeps what a Scale shows; dotted, without a leading dot."""

    spec: str = "spec.replicas"
    status: str = "status.replicas"
    selector: str = "spec.selector"


async def read_scale(server: Server, request: Request) -> Response:
    """Answer a GET.

    Raises:
        StatusError: 404; for a custom kind also when the object has no number of replicas.
    """
    record = _record(server, request)
    parent = await server.stored.load(request.resource, record)
    return present_document(server, request, shown(scale_of(request.resource, parent)))


async def write_scale(server: Server, request: Request) -> Response:
    """Answer a PUT or PATCH.

    Raises:
        StatusError: whatever the new number is refused with.
    """
    from poblano.cluster.rest.patch import patch_type, patched

    kind = patch_type(request) if request.method == "PATCH" else ""
    options = write_options(request.query, "PatchOptions" if kind else "UpdateOptions", apply=kind.endswith("yaml"))
    content = read_patch(request, kind) if kind else read_kind(request, SCALE)
    given = content if not kind else {}
    for _ in range(_TRIES):
        record = _record(server, request)
        parent = await server.stored.load(request.resource, record)
        old = scale_of(request.resource, parent)
        new = patched(request, kind, old, content, schema=_schema()) if kind else deepcopy(given)
        try:
            return await _written(server, request, parent, old, new, record, options)
        except Changed:
            if not kind and metadata_of(given).get("resourceVersion"):
                break
    raise modified(request.resource.plural, request.target.name, group=request.resource.group)


def _check_scale(new: Document) -> None:
    """Nothing, if a patched Scale is still one.

    Raises:
        StatusError: 422.
    """
    wrong = mismatch_in(new, _DEFINITION)
    if wrong:
        raise invalid("", "", [field_errors.invalid("patch", encoded(new).decode(), wrong)])


def _schema() -> Any:
    return built_in()[_DEFINITION]


def _record(server: Server, request: Request) -> Record:
    record = server.find(request)
    if record is None:
        raise not_found(request.resource.plural, request.target.name, group=request.resource.group)
    return record


async def _written(
    server: Server,
    request: Request,
    parent: Document,
    old: Document,
    new: Document,
    record: Record,
    options: WriteOptions,
) -> Response:
    resource = request.resource
    _check_scale(new)
    fit_namespace(new, resource, request.target.namespace)
    same_name(new, request.target.name)
    version = metadata_of(new).get("resourceVersion")
    if version and version != parent["metadata"]["resourceVersion"]:
        raise modified(resource.plural, request.target.name, group=resource.group)
    manager = options.field_manager or request.manager
    track_update(
        old,
        new,
        schema=_schema(),
        manager=manager,
        api_version=SCALE.api_version,
        subresource="scale",
        now=server.clock.now(),
    )
    owners = metadata_of(new).get("managedFields")
    review = attributes(
        request, "UPDATE", new=shown(new), old=shown(old), options=options.document, dry_run=options.dry_run, kind=SCALE
    )
    await server.webhooks.mutate(review)
    asked = review.object or new
    replicas: int = value(asked, "spec", "replicas") or 0
    if replicas < 0:
        error = field_errors.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid("Scale", request.target.name, [error], group=SCALE.group)
    scaled = _scaled(resource, parent, replicas, owners)
    strategy = strategy_of(resource)
    strategy.prepare_for_update(scaled, parent, server.lookup)
    errors = strategy.validate_update(scaled, parent)
    if errors:
        raise invalid(resource.kind, request.target.name, errors, group=resource.group)
    review.object = shown(scale_of(resource, scaled))
    await server.webhooks.validate(review)
    after = await store_change(server, request, scaled, parent, record, dry_run=options.dry_run)
    stored = await server.stored.load(resource, after)
    return present_document(server, request, shown(scale_of(resource, stored)))


def _scaled(resource: Resource, parent: Document, replicas: int, owners: Any) -> Document:
    """The object with another number of replicas, and whoever wrote it as its owner."""
    paths = scale_paths(resource)
    scaled = deepcopy(parent)
    _put(scaled, paths.spec, replicas)
    metadata = metadata_of(scaled)
    metadata["managedFields"] = parent_entries(metadata.get("managedFields"), owners, resource.api_version, paths.spec)
    return scaled


def scale_paths(resource: Resource) -> ScalePaths:
    """Where the kind keeps its numbers."""
    if resource.custom is None:
        return ScalePaths()
    spec, status, selector = resource.custom.scale_paths(resource.version)
    return ScalePaths(spec.lstrip("."), status.lstrip("."), (selector or "").lstrip("."))


def scale_of(resource: Resource, parent: Document) -> Document:
    """The Scale of an object, with the owners of its replicas.

    >>> from poblano.cluster.resources import Registry
    >>> found = {"metadata": {"name": "w"}, "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "w"}}}}
    >>> scale_of(Registry().find("apps", "v1", "deployments"), found)["status"]
    {'replicas': 0, 'selector': 'app=w'}
    """
    paths = scale_paths(resource)
    metadata = metadata_of(parent)
    kept: Document = {
        key: metadata[key]
        for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if key in metadata
    }
    owners = scale_entries(metadata.get("managedFields"), paths.spec)
    if owners:
        kept["managedFields"] = owners
    replicas, status = _at(parent, paths.spec), {"replicas": _at(parent, paths.status) or 0}
    selector = selector_text(_at(parent, paths.selector)) if paths.selector else ""
    if selector:
        status["selector"] = selector
    spec = {"replicas": replicas} if replicas else {}
    return {"kind": SCALE.kind, "apiVersion": SCALE.api_version, "metadata": kept, "spec": spec, "status": status}


def shown(scale: Document) -> Document:
    """A Scale as clients see it: without owners."""
    metadata = {key: value for key, value in scale["metadata"].items() if key != "managedFields"}
    return {**scale, "metadata": metadata}


def selector_text(selector: Any) -> str:
    """A selector as a text: of a LabelSelector, of a plain map, or already one.

    >>> selector_text({"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]})
    'a=1,b=2,c'
    """
    if not selector:
        return ""
    if isinstance(selector, str):
        return selector
    labels: Mapping[str, str] = selector.get("matchLabels") or {} if _is_label_selector(selector) else selector
    expressions = selector.get("matchExpressions") or () if _is_label_selector(selector) else ()
    parts = {(key, f"{key}={value}") for key, value in labels.items()}
    parts |= {(one["key"], _expression(one)) for one in expressions}
    return ",".join(text for _, text in sorted(parts))


def _is_label_selector(selector: Mapping[str, Any]) -> bool:
    return "matchLabels" in selector or "matchExpressions" in selector


def _expression(expression: Mapping[str, Any]) -> str:
    key, operator = expression["key"], expression["operator"]
    if operator in ("Exists", "DoesNotExist"):
        return key if operator == "Exists" else f"!{key}"
    return f"{key} {operator.lower()} ({','.join(sorted(expression.get('values') or ()))})"


def _at(document: Document, path: str) -> Any:
    return value(document, *path.split("."))


def _put(document: Document, path: str, value: int) -> None:
    *parents, last = path.split(".")
    at: Document = document
    for name in parents:
        at = at.setdefault(name, {})
    at[last] = value

"""The object in the body of a create or update: read, of the kind that is wanted, with nothing unknown left in it.

Source: k8s.io/apiserver/pkg/endpoints/handlers/create.go; k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go
"""

from __future__ import annotations

from poblano.cluster.decoding.fields import FieldValidation, check_fields
from poblano.cluster.decoding.go_types import type_errors
from poblano.cluster.decoding.reading import decode, unreadable
from poblano.cluster.resources import GroupVersionKind, Resource, built_in_resources
from poblano.cluster.schema import Schema, built_in
from poblano.cluster.status import bad_request
from poblano.core.jsonvalue import Document


def read_object(
    body: bytes,
    content_type: str,
    resource: Resource,
    mode: FieldValidation = "Warn",
    *,
    kind: GroupVersionKind | None = None,
    definition: str | None = None,
) -> tuple[Document, list[str]]:
    """The object in a body, with its apiVersion and kind.

    Args:
        body: as it came.
        content_type: JSON, or YAML.
        resource: what the path names.
        mode: what becomes of unknown and duplicate fields.
        kind: what the body should be, where it is not the resource's own: the Scale of a Deployment.
        definition: the schema of that.

    Returns:
        The object, and the warnings for the client.

    Raises:
        StatusError: 400 for what cannot be read, is of another kind, or breaks strict decoding.
    """
    wanted = kind or resource.gvk
    document = decode(body, content_type, kind=wanted.kind)
    if resource.custom is not None and kind is None:
        if not document.get("kind"):
            text = body.decode(errors="replace")
            raise unreadable(f"Object 'Kind' is missing in '{text}'", body, wanted.kind)
        _check_version(document, wanted)
        prepare = resource.custom.prune(resource.version)
        return document, check_fields(document, body, None, mode, content_type=content_type, drop=prepare)
    document = {"kind": "", "apiVersion": "", **document}
    document["kind"] = document["kind"] or wanted.kind
    document["apiVersion"] = document["apiVersion"] or wanted.api_version
    _check_kind(document, wanted)
    name = resource.definition if definition is None else definition
    type_errors(document, name)
    return document, check_fields(document, body, _schema(name), mode, content_type=content_type)


def _schema(definition: str) -> Schema | None:
    return built_in()[definition] if definition else None


def _check_version(document: Document, wanted: GroupVersionKind) -> None:
    found = document.get("apiVersion") or ""
    if found != wanted.api_version:
        raise bad_request(
            f"the API version in the data ({found}) does not match the expected API version ({wanted.api_version})"
        )


def _check_kind(document: Document, wanted: GroupVersionKind) -> None:
    """What another built-in kind is told, or a version of the kind that the path does not name."""
    kind, version = document["kind"], document["apiVersion"]
    if kind == wanted.kind and version == wanted.api_version:
        return
    short = version.rpartition("/")[2]
    if kind == wanted.kind:
        group = version.rpartition("/")[0]
        if group == wanted.group:
            text = f"the API version in the data ({version}) does not match the expected API version ({wanted.api_version})"
            raise bad_request(text)
    if _known(version, kind):
        internal = f"{_package(wanted)}.{wanted.kind}"
        why = f"converting ({short}.{kind}) to ({internal}): unknown conversion"
    else:
        why = f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/api/legacyscheme/scheme.go:30"'
    raise bad_request(f'{kind} in version "{short}" cannot be handled as a {wanted.kind}: {why}')


def _package(wanted: GroupVersionKind) -> str:
    """The Go package of a group's internal types."""
    return wanted.group.partition(".")[0] or "core"


def _known(api_version: str, kind: str) -> bool:
    return any(one.kind == kind and one.api_version == api_version for one in built_in_resources())

"""What a request's body holds, checked against the kind that its path names.

Source: k8s.io/apiserver/pkg/endpoints/handlers/create.go and patch.go (decoding)
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster import field_errors
from poblano.cluster.decoding import Undecodable, check_fields, decode, read_object, type_errors
from poblano.cluster.decoding.go_types import mismatch_in
from poblano.cluster.decoding.reading import read, typed
from poblano.cluster.resources import GroupVersionKind
from poblano.cluster.rest.encoding import encoded
from poblano.cluster.rest.exchange import Request
from poblano.cluster.rest.options import WriteOptions
from poblano.cluster.status import StatusError, bad_request, invalid, unsupported_media_type
from poblano.core.jsonvalue import Document

_PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
_ACCEPTED: Final = ("application/json", "application/yaml", _PROTOBUF)
_GO_KINDS: Final = {"dict": "object", "list": "array", "str": "string", "bool": "bool"}
_SCHEME: Final = "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"
_DELETE_OPTIONS: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"


def body_of(request: Request, options: WriteOptions) -> Document:
    """The object in the body of a create or update; what it warns of is added to the request's warnings.

    Raises:
        StatusError: 415 for a type that is not read here, 400 for what is no such object.
    """
    found, warnings = read_object(*_content(request), request.resource, options.field_validation)
    request.warnings.extend(warnings)
    return found


def read_kind(request: Request, kind: GroupVersionKind) -> Document:
    """An object of a kind other than the resource's own: the Scale of a Deployment, the Eviction of a Pod.

    Raises:
        StatusError: 415 for a type that is not read here, 400 for what is no such object.
    """
    part = request.resource.subresources.get(request.target.subresource)
    definition = part.definition if part else None
    if not request.body:
        return {"kind": kind.kind, "apiVersion": kind.api_version}
    found, _ = read_object(*_content(request), request.resource, kind=kind, definition=definition)
    return found


def _content(request: Request) -> tuple[bytes, str]:
    """The body, and whether it is JSON or YAML; what Go clients send as protobuf is JSON from here on."""
    given = request.header(b"content-type").partition(";")[0].strip() or "application/json"
    accepted = _ACCEPTED if request.resource.custom is None else _ACCEPTED[:2]
    if given not in accepted:
        raise unsupported_media_type(accepted)
    if given == _PROTOBUF:
        from poblano.cluster.decoding.protobuf import read_protobuf

        return encoded(read_protobuf(request.body)), "application/json"
    return request.body, given


def read_apply(request: Request, options: WriteOptions) -> Document:
    """The configuration in the body of an apply: YAML, of which JSON is a part.

    Raises:
        StatusError: 400 for what is no object.
    """
    config = decode(request.body, "application/yaml", kind=request.resource.kind)
    # Only for double keys: a field that nobody knows is for the apply itself to refuse.
    found = check_fields(config, request.body, None, options.field_validation, content_type="application/yaml")
    request.warnings.extend(found)
    return config


def read_patch(request: Request, kind: str) -> Any:
    """The patch in the body: a list of operations, or an object.

    Raises:
        StatusError: 400 for what is neither.
    """
    try:
        found = read(request.body, "application/json")
    except Undecodable as error:
        raise bad_request(f"error decoding patch: {_why(error)}") from None
    wants_list = kind.startswith("application/json-patch")
    if isinstance(found, list if wants_list else dict):
        return found  # pyright: ignore[reportUnknownVariableType]
    if found is None and not kind.startswith("application/merge-patch"):
        return [] if wants_list else {}
    if found is None:
        raise bad_request("Invalid JSON Patch")
    goal = "jsonpatch.Patch" if wants_list else "map[string]interface {}"
    raise bad_request(f"error decoding patch: json: cannot unmarshal {_go_kind(found)} into Go value of type {goal}")


def _why(error: Undecodable) -> str:
    return str(error).removeprefix("couldn't get version/kind; json parse error: ")


def _go_kind(value: object) -> str:
    return _GO_KINDS.get(type(value).__name__, "number")


def check_patched(request: Request, new: Document, options: WriteOptions, *, strategic: bool = False) -> None:
    """Nothing, if a patched document is still one of its kind; fields that nobody knows are dropped from it.

    Raises:
        StatusError: 422 for values of a wrong type, and for unknown fields where they are to be refused.
    """
    if strategic:  # it works on the fields of a struct, which has its kind by itself
        new.update(kind=request.resource.kind, apiVersion=request.resource.api_version)
    _check_patched_kind(request, new)
    try:
        if request.resource.custom is None:
            type_errors(new, request.resource.definition)
    except StatusError as error:
        why = error.message.partition(" cannot be handled as a ")[2].partition(": ")[2]
        raise _bad_patch(encoded(dict(sorted(new.items()))).decode(), why) from None
    try:
        _warn(request, new, options, raw=b"{}", content_type="application/json")
    except StatusError as error:
        why = error.message.partition(" cannot be handled as a ")[2].partition(": ")[2]
        raise _bad_patch(_go_map(new), why) from None


def _check_patched_kind(request: Request, new: Document) -> None:
    """Nothing, if the patched document is of the kind that it was; a kind that was removed is put back.

    Raises:
        StatusError: 422 for another kind or version; 400 where Go, which goes by the version, finds no name any more.
    """
    resource = request.resource
    new["kind"] = new.get("kind") or resource.kind
    version = new.get("apiVersion") or ""
    if (version, new["kind"]) == (resource.api_version, resource.kind):
        return
    if resource.custom is not None:
        pairs = (("apiVersion", version, resource.api_version), ("kind", new["kind"], resource.kind))
        errors = [field_errors.invalid(at, given, f"must be {own}") for at, given, own in pairs if given != own]
        raise invalid(resource.kind, request.target.name, errors, group=resource.group)
    if not version:
        name = request.target.name
        raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    kind = field_errors.go_value(new["kind"])
    unknown = f'no kind {kind} is registered for version "{version}" in scheme "pkg/api/legacyscheme/scheme.go:30"'
    raise _bad_patch(encoded(new).decode(), unknown)


def _bad_patch(value: str, why: str) -> StatusError:
    return invalid("", "", [field_errors.invalid("patch", value, why)])


def _go_map(value: object) -> str:
    """A document as Go's %+v prints it."""
    if isinstance(value, dict):
        items: list[tuple[str, object]] = sorted(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return f"map[{' '.join(f'{key}:{_go_map(item)}' for key, item in items)}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_go_map, value))}]"  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(value)


def _warn(request: Request, document: Document, options: WriteOptions, *, raw: bytes, content_type: str) -> None:
    resource = request.resource
    drop = resource.custom.prune(resource.version) if resource.custom is not None else None
    schema = None if drop else resource.schema
    found = check_fields(document, raw, schema, options.field_validation, content_type=content_type, drop=drop)
    request.warnings.extend(found)


def read_delete_options(request: Request) -> Document | None:
    """The DeleteOptions in the body of a delete; None where there is no body.

    Raises:
        StatusError: 415 for a type that is not read here, 500 for what is no such object: so says the real one.
    """
    if not request.body:
        return None
    try:
        found = typed(read(*_content(request)))
    except Undecodable as error:
        raise StatusError(500, "", str(error)) from None
    kind, version = found.get("kind") or "DeleteOptions", found.get("apiVersion") or "v1"
    if kind != "DeleteOptions":
        raise StatusError(500, "", f'no kind "{kind}" is registered for version "{version}" in scheme "{_SCHEME}"')
    wrong = mismatch_in(found, _DELETE_OPTIONS)
    if wrong:
        raise StatusError(500, "", wrong)
    return found

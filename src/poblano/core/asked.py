"""An AdmissionRequest made of objects, where no API server asks: for the unit tests of rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import msgspec

from poblano.core.errors import MalformedObject
from poblano.core.kinds import Kind
from poblano.core.objects import Resource, guess_plural
from poblano.core.review import AdmissionRequest, GroupVersionKind, GroupVersionResource, UserInfo, Verb


def asked(
    obj: Resource,
    old: Resource | None,
    operation: Verb | None,
    subresource: str,
    user: str,
    groups: Iterable[str],
    *,
    dry_run: bool,
) -> AdmissionRequest:
    """The question that an API server would ask about `obj`; see `poblano.core.requests.Request.of`.

    Raises:
        MalformedObject: `obj` is no object, or names no kind.
    """
    kind = _kind(obj)
    verb: Verb = operation or ("CREATE" if old is None else "UPDATE")
    if verb not in get_args(Verb):
        raise MalformedObject(f'the operation is {verb!r}; write operation="CREATE", "UPDATE", "DELETE" or "CONNECT"')
    metadata = obj.metadata
    is_namespace = (kind.group, kind.kind) == ("", "Namespace")
    resource = GroupVersionResource(kind.group, kind.version, kind.plural)
    gvk = GroupVersionKind(kind.group, kind.version, kind.kind)
    new, stored = (None, old or obj) if verb == "DELETE" else (obj, old)
    return AdmissionRequest(
        uid="00000000-0000-0000-0000-000000000000",
        operation=verb,
        kind=gvk,
        resource=resource,
        sub_resource=subresource,
        request_kind=gvk,
        request_resource=resource,
        request_sub_resource=subresource,
        name=metadata.name,
        namespace=metadata.name if is_namespace else metadata.namespace,
        user_info=UserInfo(username=user, groups=tuple(groups)),
        dry_run=dry_run,
        object_bytes=_raw(new),
        old_object_bytes=_raw(stored),
    )


def _raw(obj: Resource | None) -> msgspec.Raw:
    return msgspec.Raw() if obj is None else msgspec.Raw(msgspec.json.encode(obj.__document__()))


def _kind(obj: object) -> Kind:
    """The kind that the class of `obj` is, else the one that `obj` says it is."""
    if not isinstance(obj, Resource):
        raise MalformedObject(f"of() takes an object, not {type(obj).__name__}; write a.Pod(...) or a.Pod.of({{...}})")
    known = type(obj).__kind__
    if known is not None:
        return known
    group, _, version = (obj.api_version or "").rpartition("/")
    if not version or not obj.kind:
        raise MalformedObject(f"this {type(obj).__name__} does not say what it is; give it an apiVersion and a kind")
    return Kind(group, version, obj.kind, guess_plural(obj.kind), namespaced=True)

"""Fields that nobody comes to own: those of the system, and those that a resource or subresource does not write.

Sources: k8s.io/apimachinery/pkg/util/managedfields/internal/stripmeta.go; GetResetFields of the strategies in
pkg/registry and of k8s.io/apiextensions-apiserver/pkg/registry
"""

from __future__ import annotations

from functools import cache
from typing import Final

from poblano.cluster.managed.fields import LEAF, Fields, at, union

_META: Final = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
)

SYSTEM: Final[Fields] = {
    "f:apiVersion": LEAF,
    "f:kind": LEAF,
    "f:metadata": {".": LEAF, **{f"f:{name}": LEAF for name in _META}},
}
"""What is in no manager's set: the names and numbers that the API server gives."""

_SPEC: Final = ("f:spec",)
_STATUS: Final = ("f:status",)
_METADATA: Final = ("f:metadata",)

# (group, kind, subresource) -> what a write to it does not own, where that is not the usual.
_UNUSUAL: Final[dict[tuple[str, str, str], tuple[tuple[str, ...], ...]]] = {
    ("", "Pod", "status"): (_SPEC, ("f:metadata", "f:deletionTimestamp"), ("f:metadata", "f:ownerReferences")),
    ("", "Namespace", "finalize"): (_STATUS,),
    ("apps", "Deployment", "status"): (_SPEC, ("f:metadata", "f:labels")),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "status"): (_METADATA, _SPEC),
    ("certificates.k8s.io", "CertificateSigningRequest", "status"): (_SPEC, ("f:status", "f:conditions")),
    ("certificates.k8s.io", "CertificateSigningRequest", "approval"): (_SPEC, ("f:status", "f:certificate")),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema", "status"): (_METADATA, _SPEC),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "status"): (_METADATA, _SPEC),
    ("resource.k8s.io", "ResourceClaim", "status"): (_METADATA, _SPEC),
    ("storage.k8s.io", "VolumeAttachment", "status"): (_METADATA, _SPEC),
}


@cache
def reset_fields(group: str, kind: str, subresource: str = "", *, has_status: bool = True) -> Fields:
    """What a write to the resource or subresource leaves as it was, whatever its body says.

    Args:
        has_status: whether the resource has a status subresource; one without takes its status as any other field.

    >>> reset_fields("apps", "DaemonSet"), reset_fields("apps", "DaemonSet", "status")
    ({'f:status': {}}, {'f:spec': {}})
    """
    unusual = _UNUSUAL.get((group, kind, subresource))
    if unusual is None:
        unusual = (_SPEC,) if subresource == "status" else (_STATUS,) if not subresource and has_status else ()
    fields: Fields = {}
    for path in unusual:
        fields = union(fields, at(*path))
    return fields


def reset_of(api_version: str, kind: str, subresource: str) -> Fields:
    """`reset_fields` of an object as it says what it is."""
    return reset_fields(api_version.rpartition("/")[0], kind, subresource)

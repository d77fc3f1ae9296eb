"""The types of what expressions of admission may refer to: match conditions of webhooks, and policies.

Source: k8s.io/apiserver/pkg/admission/plugin/cel/compile.go (BuildRequestType, mustBuildEnvs)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poblano.cluster.cel.types import BOOL, DYN, STRING, Field, ObjectType, Type, list_of, map_of


def _object(name: str, /, **fields: Type) -> ObjectType:
    return ObjectType(name, (), {key: Field(key, of) for key, of in fields.items()})


_KIND: Final = _object("kubernetes.GroupVersionKind", group=STRING, version=STRING, kind=STRING)
_RESOURCE: Final = _object("kubernetes.GroupVersionResource", group=STRING, version=STRING, resource=STRING)
_USER: Final = _object(
    "kubernetes.UserInfo",
    username=STRING,
    uid=STRING,
    groups=list_of(STRING),
    extra=map_of(STRING, list_of(STRING)),
)
REQUEST: Final = _object(
    "kubernetes.AdmissionRequest",
    kind=_KIND,
    resource=_RESOURCE,
    subResource=STRING,
    requestKind=_KIND,
    requestResource=_RESOURCE,
    requestSubResource=STRING,
    name=STRING,
    namespace=STRING,
    operation=STRING,
    userInfo=_USER,
    dryRun=BOOL,
    options=DYN,
)

CONDITION: Final[Mapping[str, Type]] = {"object": DYN, "oldObject": DYN, "request": REQUEST, "authorizer": DYN}
"""What a match condition of a webhook knows."""

POLICY: Final[Mapping[str, Type]] = {**CONDITION, "namespaceObject": DYN, "variables": DYN, "params": DYN}
"""What an expression of a policy knows; its match conditions know neither variables nor the namespace."""

"""Who asks for what: the facts about one request that authorization and admission decide by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from poblano.cluster.resources import GroupVersionKind, Resource
from poblano.core.jsonvalue import Document

Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]


@dataclass(frozen=True, slots=True)
class User:
    """Who asks.

    Args:
        name: "admin", "system:serviceaccount:shop:bot".
        groups: what it is a member of.
        uid: empty where the authenticator knows none.
        extra: further facts, each a list of texts.
    """

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def document(self) -> Document:
        """UserInfo, as an AdmissionReview or a TokenReview carries it."""
        info: Document = {"username": self.name}
        if self.uid:
            info["uid"] = self.uid
        if self.groups:
            info["groups"] = list(self.groups)
        if self.extra:
            info["extra"] = {key: list(values) for key, values in self.extra.items()}
        return info


@dataclass(slots=True)
class Attributes:
    """One write, on its way through admission; what admits it may replace `object` and add warnings.

    Args:
        operation: what is done.
        resource: the resource as it was asked for: group, version, plural, kind.
        subresource: "status", "scale", "exec"; empty for the object itself.
        kind: of `object` and `old_object`: a Scale for the scale subresource.
        namespace: empty for cluster-scoped kinds; a Namespace's own name.
        name: empty when generateName is to make it, or for a deletecollection as a whole.
        object: what is to be stored; None for DELETE.
        old_object: what is stored; None for CREATE and CONNECT.
        options: CreateOptions and the like; None where there are none.
        user: who asks.
        dry_run: whether nothing is to be stored.
    """

    operation: Operation
    resource: Resource
    subresource: str
    kind: GroupVersionKind
    namespace: str
    name: str
    object: Document | None
    old_object: Document | None
    options: Document | None
    user: User
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list[str])

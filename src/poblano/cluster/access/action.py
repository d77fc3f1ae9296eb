"""What somebody wants to do, whether they may, and how a refusal is said.

Source: k8s.io/apiserver/pkg/authorization/authorizer, k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from poblano.cluster.attributes import User
from poblano.cluster.field_errors import go_value
from poblano.cluster.status import StatusError, forbidden


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to be allowed or not: a verb on a resource, or, where `path` is given, on a path that is none.

    Args:
        verb: "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"; for a path the method
            in lower case.
        namespace: empty for the cluster scope; for a Namespace itself its own name.
        name: empty where the request names no object.
        path: "/version" and the like; empty for resources.
    """

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def whole_resource(self) -> str:
        """The resource as rules name it.

        >>> Action("get", resource="pods", subresource="log").whole_resource
        'pods/log'
        """
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it is allowed.

    Args:
        reason: why; often empty. It is shown in access reviews, and after the message of a refusal.
    """

    allowed: bool
    reason: str = ""


class Authorizer(Protocol):
    """Decides who may do what."""

    def authorize(self, user: User, action: Action) -> Decision:
        """Whether `user` may do that."""
        ...


def refusal(user: User, action: Action, reason: str = "") -> StatusError:
    """The 403 for an action that is not allowed.

    >>> print(refusal(User("zoe"), Action("list", resource="pods", namespace="shop")))
    pods is forbidden: User "zoe" cannot list resource "pods" in API group "" in the namespace "shop"
    >>> print(refusal(User("zoe"), Action("get", path="/metrics")))
    forbidden: User "zoe" cannot get path "/metrics"
    """
    why = _why(user, action)
    if reason:
        why += f": {reason}"
    if action.path:
        return StatusError(403, "Forbidden", f"forbidden: {why}", details={})
    return forbidden(action.resource, action.name, why, group=action.group)


def _why(user: User, action: Action) -> str:
    who = f"User {go_value(user.name)} cannot {action.verb}"
    if action.path:
        return f"{who} path {go_value(action.path)}"
    what = f"{who} resource {go_value(action.whole_resource)} in API group {go_value(action.group)}"
    if action.namespace:
        return f"{what} in the namespace {go_value(action.namespace)}"
    return f"{what} at the cluster scope"

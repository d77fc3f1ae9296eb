"""The authorizers: everything is allowed, or what roles allow is.

Source: k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/rbac.go, k8s.io/apiserver/pkg/authorization/authorizerfactory
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from poblano.cluster.access.action import Action, Decision
from poblano.cluster.access.roles import Roles
from poblano.cluster.attributes import User

SUPERUSERS: Final = "system:masters"
"""The group whose members may do anything, whatever the roles say (user.SystemPrivilegedGroup)."""

ALLOWED: Final = Decision(allowed=True)


class AllowEverything:
    """What `--authorization-mode=AlwaysAllow` is: whoever is known may do anything."""

    def authorize(self, user: User, action: Action) -> Decision:
        """Yes."""
        return ALLOWED


class RoleBased:
    """What `--authorization-mode=RBAC` is."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def authorize(self, user: User, action: Action) -> Decision:
        """Whether a rule of a role that `user` is bound to allows it."""
        if SUPERUSERS in user.groups:
            return ALLOWED
        errors: list[str] = []
        for found in self._roles.found(user, action.namespace):
            if found.error:
                errors.append(found.error)
            if any(rule.allows(action) for rule in found.rules):
                return Decision(allowed=True, reason=f"RBAC: allowed by {found.source}")
        return Decision(allowed=False, reason=f"RBAC: {together(errors)}" if errors else "")


def together(errors: Sequence[str]) -> str:
    """Several errors in one text; what is said twice is said once (utilerrors.NewAggregate).

    >>> together(["a", "b", "a"])
    '[a, b]'
    """
    texts = list(dict.fromkeys(errors))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"

"""Who asks, and whether they may: authentication, impersonation, authorization, and the reviews that ask about them.

access = Access(lookup, admin_token=token, rbac=True)
user = access.admit(headers, Action("list", resource="pods", namespace="shop"))  # or StatusError 401, 403
"""

from __future__ import annotations

from collections.abc import Sequence

from poblano.cluster.access.account_tokens import AccountTokens
from poblano.cluster.access.action import Action, Authorizer, Decision, refusal
from poblano.cluster.access.authenticator import Authenticator
from poblano.cluster.access.authorizers import AllowEverything, RoleBased
from poblano.cluster.access.impersonation import impersonated
from poblano.cluster.access.keys import SigningKey
from poblano.cluster.access.roles import Roles
from poblano.cluster.attributes import User
from poblano.cluster.reading import Lookup

__all__ = ["Access", "Action", "Authenticator", "Authorizer", "Decision", "SigningKey", "refusal"]


class Access:
    """The way into one cluster.

    Args:
        lookup: where roles, bindings, ServiceAccounts and what tokens are bound to are read.
        admin_token: the bearer token of the user admin, who may do anything.
        rbac: whether roles decide; otherwise whoever is known may do anything, and nobody else is let in.
        key: what signs tokens of ServiceAccounts; None makes one when it is needed.
    """

    def __init__(self, lookup: Lookup, *, admin_token: str, rbac: bool = False, key: SigningKey | None = None) -> None:
        self.lookup = lookup
        self.key = key or SigningKey()
        self.tokens = AccountTokens(lookup, self.key)
        self.roles = Roles(lookup)
        self.authenticator = Authenticator(admin_token, self.tokens, anonymous=rbac)
        self.authorizer: Authorizer = RoleBased(self.roles) if rbac else AllowEverything()

    def admit(self, headers: Sequence[tuple[bytes, bytes]], action: Action) -> User:
        """Who a request is made as, if they may make it: authenticate, impersonate, authorize.

        Args:
            headers: as ASGI has them, names in lower case.

        Raises: StatusError 401, 403, and 400 for impersonation headers that make no sense.
        """
        user = self.authenticator.authenticate(headers)
        user = impersonated(user, headers, action, self.authorizer)
        self.authorize(user, action)
        return user

    def authorize(self, user: User, action: Action) -> None:
        """Nothing, if they may.

        Raises: StatusError 403.
        """
        decision = self.authorizer.authorize(user, action)
        if not decision.allowed:
            raise refusal(user, action, decision.reason)

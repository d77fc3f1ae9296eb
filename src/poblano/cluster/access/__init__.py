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
from poblano.cluster.access.escalation import Escalation
from poblano.cluster.access.impersonation import impersonated
from poblano.cluster.access.keys import ALGORITHM, SigningKey
from poblano.cluster.access.reviews import REVIEWS, Reviews
from poblano.cluster.access.roles import Roles
from poblano.cluster.access.token_request import issue
from poblano.cluster.attributes import Attributes, User
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

ISSUER_PATHS = ("/.well-known/openid-configuration", "/openid/v1/jwks")
"""k8s.io/kubernetes/pkg/serviceaccount/openidmetadata.go; the second is of type application/jwk-set+json."""

__all__ = [
    "ISSUER_PATHS",
    "REVIEWS",
    "Access",
    "Action",
    "Authenticator",
    "Authorizer",
    "Decision",
    "SigningKey",
    "refusal",
]


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
        self.escalation = Escalation(self.roles, self.authorizer)
        self._reviews = Reviews(self.authenticator, self.authorizer, self.roles if rbac else None)

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

    def check_escalation(self, attributes: Attributes) -> None:
        """Nothing, unless the write would grant what its user does not hold; to be asked after mutating admission.

        Raises: StatusError 403, 404.
        """
        self.escalation.check(attributes)

    def review(self, group: str, plural: str, document: Document, *, user: User, namespace: str = "") -> Document:
        """The answer to a review, one of `REVIEWS`: the document with its status. Nothing is stored.

        Raises: StatusError.
        """
        return self._reviews.answer(group, plural, document, user=user, namespace=namespace, now=self.lookup.now())

    def token_request(self, document: Document, *, namespace: str, name: str) -> Document:
        """The answer to a POST to ``serviceaccounts/NAME/token``: the TokenRequest with its token.

        Raises: StatusError.
        """
        return issue(self.tokens, self.lookup, document, namespace=namespace, name=name)

    def issuer_document(self, path: str) -> Document | None:
        """What lets others verify tokens of ServiceAccounts, for the paths of `ISSUER_PATHS`; None for other paths."""
        if path == ISSUER_PATHS[0]:
            return {
                "issuer": self.tokens.issuer,
                "jwks_uri": f"{self.tokens.issuer}{ISSUER_PATHS[1]}",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
            }
        if path == ISSUER_PATHS[1]:
            return {"keys": [self.key.public_document()]}
        return None

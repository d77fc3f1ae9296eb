"""Asking who somebody is and what they may do: the kinds that are answered and never stored.

Source: k8s.io/kubernetes/pkg/registry/authorization, k8s.io/kubernetes/pkg/registry/authentication,
k8s.io/kubernetes/pkg/apis/authorization/validation
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from poblano.cluster import field_errors
from poblano.cluster.access.account_tokens import Rejected
from poblano.cluster.access.action import Action, Authorizer
from poblano.cluster.access.authenticator import Authenticator
from poblano.cluster.access.authorizers import together
from poblano.cluster.access.roles import Roles
from poblano.cluster.access.rules import Rule
from poblano.cluster.attributes import User
from poblano.cluster.field_errors import FieldError
from poblano.cluster.status import bad_request, invalid, no_such_resource
from poblano.core.jsonvalue import Document

AUTHENTICATION: Final = "authentication.k8s.io"
AUTHORIZATION: Final = "authorization.k8s.io"

REVIEWS: Final = frozenset(
    {
        (AUTHENTICATION, "tokenreviews"),
        (AUTHENTICATION, "selfsubjectreviews"),
        (AUTHORIZATION, "subjectaccessreviews"),
        (AUTHORIZATION, "localsubjectaccessreviews"),
        (AUTHORIZATION, "selfsubjectaccessreviews"),
        (AUTHORIZATION, "selfsubjectrulesreviews"),
    }
)
"""The groups and resources that are answered here."""

_EVERYTHING: Final = (Rule(("*",), ("*",), ("*",)), Rule(("*",), urls=("*",)))


class Reviews:
    """Answers for one cluster.

    Args:
        roles: what decides; None when everything is allowed to everybody.
    """

    def __init__(self, authenticator: Authenticator, authorizer: Authorizer, roles: Roles | None) -> None:
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._roles = roles

    def answer(self, group: str, plural: str, review: Document, *, user: User, namespace: str, now: str) -> Document:
        """The review with its status.

        Args:
            review: decoded and defaulted; it is not changed.
            user: who asks.
            namespace: of the request; empty for cluster-scoped reviews.
            now: the time as the API writes it.

        Raises: StatusError for a review that asks nothing, or not what its kind is for.
        """
        match group, plural:
            case "authentication.k8s.io", "tokenreviews":
                return {**review, "status": self._token_status(review)}
            case "authentication.k8s.io", "selfsubjectreviews":
                metadata = {"creationTimestamp": now}
                return {**review, "metadata": metadata, "status": {"userInfo": user.document()}}
            case "authorization.k8s.io", "selfsubjectrulesreviews":
                return {**review, "metadata": {}, "spec": {}, "status": self._rules_status(review, user)}
            case "authorization.k8s.io", "selfsubjectaccessreviews":
                return {**review, "status": self._access_status(review, user)}
            case "authorization.k8s.io", "subjectaccessreviews" | "localsubjectaccessreviews":
                return {**review, "status": self._access_status(review, None, namespace)}
            case _:
                raise no_such_resource()

    def _token_status(self, review: Document) -> Document:
        spec = _spec(review)
        token: str = spec.get("token") or ""
        if not token:
            raise bad_request("token is required for TokenReview in authentication")
        try:
            holder = self._authenticator.holder(token.encode(), spec.get("audiences") or ())
        except Rejected as error:
            # The real server asks two authenticators; the first knows nothing but its own token.
            return {"user": {}, "error": together(["invalid bearer token", str(error)])}
        return {"authenticated": True, "user": holder.user.document(), "audiences": list(holder.audiences)}

    def _rules_status(self, review: Document, user: User) -> Document:
        namespace: str = _spec(review).get("namespace") or ""
        if not namespace:
            raise bad_request("no namespace on request")
        rules, errors = (_EVERYTHING, ()) if self._roles is None else self._roles.rules(user, namespace)
        status: Document = {
            "resourceRules": [rule.document() for rule in rules if rule.resources],
            "nonResourceRules": [rule.document() for rule in rules if rule.urls],
            "incomplete": False,
        }
        if errors:
            status["evaluationError"] = together(errors)
        return status

    def _access_status(self, review: Document, user: User | None, namespace: str = "") -> Document:
        errors = access_errors(review, own=user is not None, namespace=namespace)
        if errors:
            # The real server leaves the kind out: authorizationapi.Kind("").
            raise invalid("", "", errors, group=AUTHORIZATION)
        spec = _spec(review)
        decision = self._authorizer.authorize(user or _subject(spec), _action(spec))
        status: Document = {"allowed": decision.allowed}
        if decision.reason:
            status["reason"] = decision.reason
        return status


def access_errors(review: Document, *, own: bool, namespace: str = "") -> list[FieldError]:
    """What is wrong with an access review.

    Args:
        own: whether it is about who asks, and so names nobody.
        namespace: what a LocalSubjectAccessReview is about; empty for the others.
    """
    spec = _spec(review)
    of_resource, of_path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    errors: list[FieldError] = []
    if of_resource is not None and of_path is not None:
        why = "cannot be specified in combination with resourceAttributes"
        errors.append(field_errors.invalid("spec.nonResourceAttributes", of_path, why))
    elif of_resource is None and of_path is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        errors.append(field_errors.invalid("spec.resourceAttributes", None, why))
    if not own and not spec.get("user") and not spec.get("groups"):
        errors.append(field_errors.invalid("spec.user", "", "at least one of user or group must be specified"))
    return errors + _place_errors(review, namespace)


def _place_errors(review: Document, namespace: str) -> list[FieldError]:
    metadata: Document = review.get("metadata") or {}
    given = {key: value for key, value in metadata.items() if key != "managedFields" and value is not None}
    if not namespace:
        return [field_errors.invalid("metadata", metadata, "must be empty")] if given else []
    errors: list[FieldError] = []
    if set(given) - {"namespace"}:
        errors.append(field_errors.invalid("metadata", metadata, "must be empty except for namespace"))
    spec = _spec(review)
    asked: Document | None = spec.get("resourceAttributes")
    if asked is not None and (asked.get("namespace") or "") != namespace:
        where, value = "spec.resourceAttributes.namespace", asked.get("namespace") or ""
        errors.append(field_errors.invalid(where, value, "must match metadata.namespace"))
    if spec.get("nonResourceAttributes") is not None:
        value = spec["nonResourceAttributes"]
        errors.append(field_errors.invalid("spec.nonResourceAttributes", value, "disallowed on this kind of request"))
    return errors


def _action(spec: Document) -> Action:
    resource: Mapping[str, Any] | None = spec.get("resourceAttributes")
    if resource is None:
        asked: Mapping[str, Any] = spec["nonResourceAttributes"]
        # An empty path is a path all the same: what it is not is a resource.
        return Action(asked.get("verb") or "", path=asked.get("path") or "/")
    parts = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Action(**{part: resource.get(part) or "" for part in parts})


def _subject(spec: Document) -> User:
    extra: Mapping[str, Any] = spec.get("extra") or {}
    return User(
        spec.get("user") or "",
        tuple(spec.get("groups") or ()),
        spec.get("uid") or "",
        {key: tuple(values or ()) for key, values in extra.items()},
    )


def _spec(review: Document) -> Document:
    spec: Document = review.get("spec") or {}
    return spec

"""Tokens of ServiceAccounts: what they claim, and whether they still hold.

A token dies with the ServiceAccount it was made for, and with the Pod or Secret it is bound to: one of the same name with
another uid is another one.

Source: k8s.io/kubernetes/pkg/serviceaccount/claims.go
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from poblano.cluster.access.impersonation import AUTHENTICATED, account_groups
from poblano.cluster.access.jwt import BadToken, signed, unverified, verified
from poblano.cluster.access.keys import SigningKey
from poblano.cluster.attributes import User
from poblano.cluster.field_errors import go_value
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document, as_list, as_map

ISSUER: Final = "https://kubernetes.default.svc"
LEEWAY: Final = 60  # seconds; go-jose: jwt.DefaultLeeway
_REMEMBERED: Final = 1024
_EXTRA: Final = "authentication.kubernetes.io/"


class Rejected(ValueError):
    """A token of this cluster's that does not hold; the message says why."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token it is, and for which of the wanted audiences it holds."""

    user: User
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a token dies with, and the node it is used on: each as name and uid, by "pod", "secret", "node"."""

    objects: dict[str, tuple[str, str]]


class AccountTokens:
    """Issues and judges the tokens of one cluster.

    Args:
        audiences: of the API server itself; a token for others only is not accepted by it.
    """

    def __init__(self, lookup: Lookup, key: SigningKey, *, issuer: str = ISSUER, audiences: Sequence[str] = ()) -> None:
        self.issuer = issuer
        self.audiences = tuple(audiences) or (issuer,)
        self._lookup = lookup
        self._key = key
        self._verified: dict[str, Document] = {}

    def now(self) -> int:
        """The cluster's time, in seconds since 1970."""
        return int(datetime.fromisoformat(self._lookup.now()).timestamp())

    def issue(
        self, account: Document, bound: Bound, *, audiences: Sequence[str], seconds: int, warn_after: int = 0
    ) -> str:
        """A token for a ServiceAccount, valid for `seconds` from now."""
        meta, now = account["metadata"], self.now()
        own: Document = {"namespace": meta["namespace"]}
        own |= {kind: {"name": name, "uid": uid} for kind, (name, uid) in bound.objects.items()}
        own["serviceaccount"] = {"name": meta["name"], "uid": meta["uid"]}
        if warn_after:
            own["warnafter"] = now + warn_after
        claims = {
            "aud": list(audiences),
            "exp": now + seconds,
            "iat": now,
            "iss": self.issuer,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": own,
            "nbf": now,
            "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
        }
        return signed(claims, self._key)

    def is_ours(self, token: str) -> bool:
        """Whether the token says that this cluster has issued it; it may still be a lie."""
        if token in self._verified:
            return True
        claims = unverified(token)
        return claims is not None and claims.get("iss") == self.issuer

    def holder(self, token: str, audiences: Sequence[str] = ()) -> Holder:
        """Whose token it is.

        Args:
            audiences: who is asked by means of the token; the API server where empty.

        Raises: Rejected.
        """
        claims = self._claims(token)
        wanted = audiences or self.audiences
        held = _texts(claims.get("aud"))
        common = tuple(audience for audience in wanted if audience in held)
        if not common:
            raise Rejected(f"token audiences {_go_list(held)} is invalid for the target audiences {_go_list(wanted)}")
        self._check_times(claims)
        own = as_map(claims.get("kubernetes.io")) or {}
        self._check_account(own)
        for kind in ("secret", "pod"):
            self._check_bound(own, kind, own["namespace"])
        if "pod" not in own:  # a pod's node is a fact about the pod, not what the token is bound to
            self._check_bound(own, "node", "")
        return Holder(_user(claims, own), common)

    def _claims(self, token: str) -> Document:
        claims = self._verified.get(token)
        if claims is None:
            try:
                claims = verified(token, self._key)
            except BadToken as error:
                raise Rejected(str(error)) from error
            if len(self._verified) >= _REMEMBERED:
                self._verified.clear()
            self._verified[token] = claims
        return claims

    def _check_times(self, claims: Document) -> None:
        now = self.now()
        if now - LEEWAY > claims.get("exp", 0):
            raise Rejected("service account token has expired")
        if now + LEEWAY < claims.get("nbf", 0):
            raise Rejected("service account token is not valid yet")

    def _check_account(self, own: Document) -> None:
        namespace, reference = own.get("namespace", ""), as_map(own.get("serviceaccount")) or {}
        name, uid = reference.get("name", ""), reference.get("uid", "")
        account = self._lookup.get("", "serviceaccounts", namespace, name)
        if account is None:
            raise Rejected(f"serviceaccounts {go_value(name)} not found")
        if self._is_gone(account):
            raise Rejected(f"service account {namespace}/{name} has been deleted")
        if account["metadata"]["uid"] != uid:
            there = account["metadata"]["uid"]
            raise Rejected(f"service account UID ({there}) does not match claim ({uid})")

    def _check_bound(self, own: Document, kind: str, namespace: str) -> None:
        reference = as_map(own.get(kind))
        if reference is None:
            return
        found = self._lookup.get("", f"{kind}s", namespace, reference.get("name", ""))
        if found is None or self._is_gone(found):
            raise Rejected("service account token has been invalidated")
        there, claimed = found["metadata"]["uid"], reference.get("uid", "")
        if there != claimed:
            raise Rejected(f"{kind} UID ({there}) does not match service account {kind} ref claim ({claimed})")

    def _is_gone(self, document: Document) -> bool:
        deleted = document["metadata"].get("deletionTimestamp")
        return deleted is not None and datetime.fromisoformat(deleted).timestamp() < self.now() - LEEWAY


def _user(claims: Document, own: Document) -> User:
    namespace, account = own["namespace"], own["serviceaccount"]
    extra: dict[str, tuple[str, ...]] = {}
    if identifier := claims.get("jti"):
        extra[_EXTRA + "credential-id"] = (f"JTI={identifier}",)
    for kind in ("node", "pod"):
        reference = as_map(own.get(kind)) or {}
        for part in ("name", "uid"):
            if value := reference.get(part):
                extra[f"{_EXTRA}{kind}-{part}"] = (value,)
    groups = (*account_groups(namespace), AUTHENTICATED)
    return User(f"system:serviceaccount:{namespace}:{account['name']}", groups, account["uid"], extra)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    found: list[Any] = as_list(value) or []
    return tuple(text for text in found if isinstance(text, str))


def _go_list(values: Sequence[str]) -> str:
    return "[" + " ".join(go_value(value) for value in values) + "]"

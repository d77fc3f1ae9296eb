"""Secrets of the type kubernetes.io/service-account-token: each is given the token of the account that it names.

Source: k8s.io/kubernetes/pkg/controller/serviceaccount/tokens_controller.go
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from poblano.cluster.controllers.accounts import ACCOUNTS
from poblano.cluster.controllers.objects import Objects
from poblano.cluster.storage.records import Bucket, Event, key_of
from poblano.core.jsonvalue import Document

SECRETS: Final[Bucket] = ("", "secrets")
TYPE: Final = "kubernetes.io/service-account-token"
_NAME: Final = "kubernetes.io/service-account.name"
_UID: Final = "kubernetes.io/service-account.uid"

Issue: TypeAlias = Callable[[Document, Document], str]
"""The token of a ServiceAccount that lives as long as a Secret."""


class AccountSecretController:
    """Fills such Secrets, and deletes those whose account is gone.

    Args:
        objects: what there is.
        issue: makes the tokens.
        authority: the certificate as PEM; left out when it is empty.
    """

    buckets: tuple[Bucket | None, ...] = (SECRETS, ACCOUNTS)

    def __init__(self, objects: Objects, issue: Issue, authority: str) -> None:
        self._objects, self._issue, self._authority = objects, issue, authority

    def keys(self, event: Event) -> Iterable[str]:
        """The Secret that changed, or those of the namespace in which an account did."""
        if event.bucket == SECRETS:
            return (event.record.key,)
        namespace = event.record.key.partition("/")[0]
        return [record.key for record in self._objects.storage.records(SECRETS, f"{namespace}/")]

    def first_keys(self) -> Iterable[str]:
        """All Secrets."""
        return self._objects.keys(SECRETS)

    async def reconcile(self, key: str) -> float | None:
        """Bring one Secret into order."""
        secret = self._objects.get(SECRETS, key)
        if secret is None or secret.get("type") != TYPE or secret["metadata"].get("deletionTimestamp"):
            return None
        metadata = secret["metadata"]
        notes: Document = metadata.get("annotations") or {}
        account = self._objects.get(ACCOUNTS, key_of(metadata["namespace"], notes.get(_NAME, "")))
        if account is None or notes.get(_UID, account["metadata"]["uid"]) != account["metadata"]["uid"]:
            await self._objects.delete(SECRETS, secret)
            return None
        data: Document = secret.get("data") or {}
        lacking = {name: value for name, value in self._wanted(account, secret, data).items() if name not in data}
        if lacking or _UID not in notes:
            annotations = {**notes, _UID: account["metadata"]["uid"]}
            filled = {**secret, "metadata": {**metadata, "annotations": annotations}, "data": {**data, **lacking}}
            await self._objects.update(SECRETS, filled)
        return None

    def _wanted(self, account: Document, secret: Document, data: Document) -> dict[str, str]:
        found = {"namespace": secret["metadata"]["namespace"]}
        if self._authority:
            found["ca.crt"] = self._authority
        if "token" not in data:
            found["token"] = self._issue(account, secret)
        return {name: b64encode(text.encode()).decode() for name, text in found.items()}

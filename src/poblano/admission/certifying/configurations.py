"""What is in the webhook configurations of a module: whom each webhook trusts, and what its silence means."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from poblano.admission.certifying.bundles import Trusted, bundle
from poblano.core.deployed import MAKER
from poblano.core.entries import Policy
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind


@dataclass(frozen=True, slots=True)
class Webhook:
    """One of them, as it is.

    Args:
        name: its name.
        text: its ``caBundle``, in base64; "" when it has none.
        policy: its ``failurePolicy``.
    """

    name: str
    text: str
    policy: str

    @property
    def trusted(self) -> tuple[Trusted, ...]:
        """Whom it trusts."""
        try:
            return bundle(base64.b64decode(self.text, validate=True))
        except (binascii.Error, ValueError):
            return ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """One of the two.

    Args:
        kind: which.
        name: its name.
        version: its resource version.
        webhooks: in order.
        managers: what manages fields of it, as it says.
        maker: who is to make the certificates, as was applied; "" where nobody says.
    """

    kind: Kind
    name: str
    version: str
    webhooks: tuple[Webhook, ...]
    managers: tuple[Document, ...] = ()
    maker: str = ""

    @classmethod
    def of(cls, kind: Kind, document: Document) -> Configuration:
        """What an API server says it is."""
        metadata: Document = document["metadata"]
        annotations: Document = metadata.get("annotations") or {}
        return cls(
            kind,
            str(metadata["name"]),
            str(metadata.get("resourceVersion") or ""),
            tuple(_webhooks(document)),
            tuple(metadata.get("managedFields") or ()),
            str(annotations.get(MAKER) or ""),
        )

    def changed(
        self, policies: Mapping[str, Policy], *, bundle: bytes | None = None, injected: bool = False
    ) -> Document | None:
        """What to apply so that each webhook has the policy that `policies` says and trusts `bundle`; None when it is so.

        All of them are in it, each with a policy: what one leaves out of an apply it gives up, and who has no policy gets Fail.

        Args:
            policies: by name; the others stay as they are.
            bundle: whom to trust, as PEM; None leaves that as it is.
            injected: somebody else says whom to trust.
        """
        text = None if bundle is None else base64.b64encode(bundle).decode()
        wanted = [
            Webhook(one.name, one.text if text is None else text, policies.get(one.name) or one.policy)
            for one in self.webhooks
        ]
        if wanted == list(self.webhooks):
            return None
        return {"metadata": self._metadata, "webhooks": [_entry(one, injected=injected) for one in wanted]}

    def disowned(self, manager: str) -> Document | None:
        """The merge patch after which `manager` owns nothing of it; None when that is so.

        Whoever owns a field of a webhook keeps it alive, incomplete, when it is left out of the manifest that it came from: an
        API server then refuses that whole manifest.
        """
        others = [one for one in self.managers if one.get("manager") != manager]
        if len(others) == len(self.managers):
            return None
        return {"metadata": {**self._metadata, "managedFields": others or [{}]}}

    @property
    def _metadata(self) -> dict[str, Any]:
        return {"name": self.name, "resourceVersion": self.version}


def _webhooks(document: Document) -> Iterator[Webhook]:
    found: list[Document] = document.get("webhooks") or []
    for one in found:
        client: Document = one.get("clientConfig") or {}
        yield Webhook(str(one["name"]), str(client.get("caBundle") or ""), str(one.get("failurePolicy") or "Fail"))


def _entry(webhook: Webhook, *, injected: bool) -> Document:
    client: Document = {} if injected or not webhook.text else {"clientConfig": {"caBundle": webhook.text}}
    return {"name": webhook.name, "failurePolicy": webhook.policy, **client}

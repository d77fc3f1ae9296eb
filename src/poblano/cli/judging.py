"""What the certificate of a module is worth to the API servers that call it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from poblano.cli.diagnosis import Finding
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

SOON: Final = timedelta(days=7)
"""A certificate that ends within that time should have been renewed long ago, as should one of which a tenth is left."""

RENEW: Final = {
    "self": "delete the data of the Secret {secret}: the admission pod that leads makes a new one",
    "cert-manager": "cert-manager makes it: kubectl describe certificate",
    "provided": "put one that is right into the Secret {secret}, with its key",
}
PUBLISH: Final = {
    "self": "somebody changes caBundle; the pod that leads puts it right: poblano monitor --all",
    "cert-manager": "cert-manager's cainjector writes caBundle: see whether it runs",
    "provided": "put who has signed it into ca.crt of the Secret {secret}, and those between into its tls.crt",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the certificate comes from.

    Args:
        maker: who makes it: ``self``, ``cert-manager`` or ``provided``.
        secret: the Secret it is in.
    """

    maker: str
    secret: str

    @classmethod
    def of(cls, deployments: Iterable[Document], secret: str) -> Origin:
        """What the pods are told.

        Args:
            deployments: of the module.
            secret: where it is unless they say otherwise.
        """
        for pod in (one["spec"]["template"]["spec"] for one in deployments):
            told = [*(word for one in pod["containers"] for word in one.get("args") or ())]
            if "--certificates" in told[:-1]:
                mounted = {
                    one["name"]: one["secret"]["secretName"] for one in pod.get("volumes") or () if "secret" in one
                }
                return cls(told[told.index("--certificates") + 1], mounted.get("certificates", secret))
        return cls("self", secret)

    def advice(self, ways: Mapping[str, str]) -> str:
        """What to do."""
        return ways.get(self.maker, "").format(secret=self.secret)


def trusted(configurations: Iterable[Document]) -> dict[str, list[Certificate]]:
    """Whom each webhook trusts, by its name; those that trust nobody yet are left out."""
    from poblano.admission.certifying.configurations import Webhook

    webhooks = (webhook for one in configurations for webhook in one["webhooks"])
    texts = {str(one["name"]): str(one["clientConfig"].get("caBundle") or "") for one in webhooks}
    return {name: [one.certificate for one in Webhook(name, text, "").trusted] for name, text in texts.items() if text}


def judged(
    pem: bytes, bundles: Mapping[str, Sequence[Certificate]], name: str, now: datetime, origin: Origin
) -> Finding:
    """What a served certificate is worth.

    Args:
        pem: the certificate, and those between it and an authority.
        bundles: whom each webhook trusts.
        name: by which API servers call.
        now: the time.
        origin: where it comes from.
    """
    from poblano.admission.certifying.bundles import bundle
    from poblano.admission.certifying.chains import UNTRUSTED

    if not pem:
        return Finding("certificate", False, "none has been made yet", "poblano monitor --all shows why")
    served = [one.certificate for one in bundle(pem)]
    if not served:
        return Finding("certificate", False, "what the Secret has is no certificate", origin.advice(RENEW))
    ends = served[0].not_valid_after_utc
    doubts = _doubts(served, bundles, name, now)
    if not doubts and ends - now <= min(SOON, (ends - served[0].not_valid_before_utc) / 10):
        return Finding("certificate", False, f"it ends on {ends:%d %B %Y %H:%M} UTC", origin.advice(RENEW))
    if not doubts:
        return Finding("certificate", True, f"good until {ends:%d %B %Y}, and trusted")
    why, webhooks = next(iter(doubts.items()))
    if why == UNTRUSTED and not bundles:
        return Finding("certificate", None, f"good until {ends:%d %B %Y}, if the webhooks trust who signed it")
    if why == UNTRUSTED:
        who = "the webhooks do" if len(webhooks) == len(bundles) else f"{', '.join(webhooks)} does"
        says = f"{who} not trust who signed it: every call fails"
        return Finding("certificate", False, says, origin.advice(PUBLISH))
    return Finding("certificate", False, f"{why}: every call fails", origin.advice(RENEW))


def _doubts(
    served: Sequence[Certificate], bundles: Mapping[str, Sequence[Certificate]], name: str, now: datetime
) -> dict[str, list[str]]:
    """Which webhooks' API servers do not believe it, by the reason. What is wrong with it alone is so for all."""
    from poblano.admission.certifying.chains import objection

    found: defaultdict[str, list[str]] = defaultdict(list)
    for webhook, authorities in (bundles or {"": []}).items():
        if (why := objection(served, authorities, name, now)) is not None:
            found[why].append(webhook)
    return dict(found)

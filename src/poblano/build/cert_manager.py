"""What cert-manager makes the webhooks' certificate from, where it is the one who does.

An authority of the module's own signs what is served: so a new certificate needs no new trust, and pods that serve the old one
and those that serve the new one are believed alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from poblano.build.metadata import metadata
from poblano.build.plan import Plan
from poblano.build.podvalues import PodValues
from poblano.build.schemas import BOOLEAN, TEXT, one_of
from poblano.build.tree import Namespace, Part, Slot, Text, Tree

GROUP: Final = "cert-manager.io"
AUTHORITY_LIFE: Final = "87600h"
"""Ten years: when it is replaced, cert-manager's injector and the pods are not in step for a minute."""

LIFE: Final = "2160h"
RENEWED_BEFORE: Final = "720h"
"""A certificate lives for 90 days and is renewed a month before its end: at two thirds."""


def parts(plan: Plan) -> Iterator[Part]:
    """Issuers and Certificates: none unless cert-manager is asked for."""
    if not plan.admits or plan.options.certificates != "cert-manager":
        return
    enabled, own = PodValues("admission").enabled, _own()
    names = plan.names
    authority = f"{names.certificates}-authority"
    yield Part("self-signed-issuer", _issuer(plan, f"{authority}-maker", {"selfSigned": {}}), when=(enabled, own))
    yield Part("authority-certificate", _authority(plan, authority), when=(enabled, own))
    yield Part("authority-issuer", _issuer(plan, authority, {"ca": {"secretName": authority}}), when=(enabled, own))
    yield Part("certificate", _certificate(plan, authority), when=(enabled,))


def _own() -> Slot:
    about = "Whether the module has an authority of its own. Set it to false with another issuer."
    return Slot("certManager.ownAuthority", True, BOOLEAN, about)


def _issuer(plan: Plan, name: str, how: Any) -> Tree:
    return {"apiVersion": f"{GROUP}/v1", "kind": "Issuer", "metadata": metadata(plan, name), "spec": how}


def _authority(plan: Plan, name: str) -> Tree:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Certificate",
        "metadata": metadata(plan, name),
        "spec": {
            "isCA": True,
            "commonName": plan.names.base,
            "duration": AUTHORITY_LIFE,
            "secretName": name,
            "privateKey": _key(),
            "issuerRef": {"group": GROUP, "kind": "Issuer", "name": f"{name}-maker"},
        },
    }


def _certificate(plan: Plan, authority: str) -> Tree:
    base = plan.names.base
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Certificate",
        "metadata": metadata(plan, plan.names.certificates),
        "spec": {
            "dnsNames": [Text((f"{base}.", Namespace(), ".svc")), Text((f"{base}.", Namespace())), base],
            "usages": ["digital signature", "server auth"],
            "duration": LIFE,
            "renewBefore": RENEWED_BEFORE,
            "secretName": plan.names.certificates,
            "privateKey": {**_key(), "rotationPolicy": "Always"},
            "issuerRef": {
                "group": Slot("certManager.issuer.group", GROUP, TEXT, "Group of the issuer."),
                "kind": Slot(
                    "certManager.issuer.kind", "Issuer", one_of("Issuer", "ClusterIssuer"), "Kind of the issuer."
                ),
                "name": Slot(
                    "certManager.issuer.name", authority, TEXT, "Name of the issuer; the default is the own one."
                ),
            },
        },
    }


def _key() -> Tree:
    return {"algorithm": "ECDSA", "size": 256}

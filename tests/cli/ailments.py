"""What may be wrong with a deployed module, each done to one that is well."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from poblano.admission.certificates import issue
from tests.admission.certifying.made import authority, leaf
from tests.cli.ward import NAME, SECRET, STRATEGIC, WEBHOOKS, Ward, lead, make_well


def expired(ward: Ward) -> None:
    make_well(ward, ends=timedelta(days=1))


def for_another(ward: Ward) -> None:
    make_well(ward, names=("else.where.svc",))


def untrusted(ward: Ward) -> None:
    make_well(ward)
    other = base64.b64encode(issue([NAME]).pair.certificate).decode()
    ward.ask("PATCH", SECRET, {"data": {"tls.crt": other}}, STRATEGIC)


def through_one_between(ward: Ward) -> None:
    """As a company's authority makes them: the root signs those that sign."""
    root = authority("root")
    between = authority("between", root)
    name = ward.ask("GET", WEBHOOKS)["webhooks"][0]["name"]
    text = base64.b64encode(root.pem).decode()
    patch = {"name": name, "failurePolicy": "Fail", "clientConfig": {"caBundle": text}}
    ward.ask("PATCH", WEBHOOKS, {"webhooks": [patch]}, STRATEGIC)
    served = base64.b64encode(leaf(between, NAME).pem + between.pem).decode()
    ward.ask("PATCH", SECRET, {"data": {"tls.crt": served}}, STRATEGIC)


def garbled(ward: Ward) -> None:
    make_well(ward)
    ward.ask("PATCH", SECRET, {"data": {"tls.crt": base64.b64encode(b"x").decode()}}, STRATEGIC)


def nameless(ward: Ward) -> None:
    """As openssl makes one that is asked for a common name alone."""
    make_well(ward)
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=90))
    pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    ward.ask("PATCH", SECRET, {"data": {"tls.crt": base64.b64encode(pem).decode()}}, STRATEGIC)


def taken_back(ward: Ward) -> None:
    make_well(ward)
    name = ward.ask("GET", WEBHOOKS)["webhooks"][0]["name"]
    ward.ask("PATCH", WEBHOOKS, {"webhooks": [{"name": name, "failurePolicy": "Ignore"}]}, STRATEGIC)


def without_bundle(ward: Ward) -> None:
    make_well(ward)
    name = ward.ask("GET", WEBHOOKS)["webhooks"][0]["name"]
    ward.ask("PATCH", WEBHOOKS, {"webhooks": [{"name": name, "clientConfig": {"caBundle": None}}]}, STRATEGIC)


def unreachable(ward: Ward) -> None:
    ward.reaches = 503


def passes_nothing_on(ward: Ward) -> None:
    ward.reaches = 0


def late(ward: Ward) -> None:
    lead(ward, timedelta(minutes=5))

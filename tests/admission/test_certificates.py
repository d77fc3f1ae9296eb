"""Making certificates."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store

from poblano.admission.certificates import Issued, expiry, issue

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def leaf(issued: Issued) -> x509.Certificate:
    return x509.load_pem_x509_certificate(issued.pair.certificate)


def test_the_key_is_p256_and_belongs_to_the_certificate() -> None:
    issued = issue(["a.example"])
    key = load_pem_private_key(issued.pair.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
    assert key.public_key() == leaf(issued).public_key()


def test_a_strict_verifier_takes_it_for_its_names_and_addresses() -> None:
    issued = issue(["hooks.poblano-system.svc", "localhost"], ["127.0.0.1", "::1"], clock=lambda: NOON)
    authority = x509.load_pem_x509_certificate(issued.authority)
    for name in ("hooks.poblano-system.svc", "localhost"):
        verifier = PolicyBuilder().store(Store([authority])).time(NOON).build_server_verifier(x509.DNSName(name))
        assert verifier.verify(leaf(issued), [])
    names = leaf(issued).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_the_clock_and_the_validity_are_those_given() -> None:
    issued = issue(["a"], validity=timedelta(days=7), clock=lambda: NOON)
    assert expiry(issued.pair.certificate) == NOON + timedelta(days=7)
    assert leaf(issued).not_valid_before_utc == NOON - timedelta(minutes=5)
    assert expiry(issued.authority) == NOON + timedelta(days=7)


def test_serial_numbers_and_keys_are_never_the_same() -> None:
    a, b = issue(["a"]), issue(["a"])
    assert leaf(a).serial_number != leaf(b).serial_number
    assert a.pair.key != b.pair.key


def test_the_authority_may_sign_and_the_leaf_may_not() -> None:
    issued = issue(["a"])
    for certificate, may in ((x509.load_pem_x509_certificate(issued.authority), True), (leaf(issued), False)):
        assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is may
        assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign is may


@pytest.mark.parametrize(
    ("names", "addresses", "validity", "message"),
    [
        ([], [], timedelta(1), "needs a name or an address"),
        (["a"], ["not an address"], timedelta(1), "not an address"),
        (["a"], [], timedelta(0), "must be positive"),
    ],
)
def test_wrong_arguments_are_said_to_be_wrong(
    names: list[str], addresses: list[str], validity: timedelta, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        issue(names, addresses, validity=validity)


def test_a_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(issue(["a"]))


def test_cryptography_is_imported_when_a_certificate_is_made_and_not_before() -> None:
    code = "import sys, poblano.admission.server, poblano.admission.health; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Certificates of a cluster: an authority of its own, and the serving certificate that it signs. ECDSA P-256."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

BACKDATED: Final = timedelta(minutes=5)  # clocks of two machines differ
AUTHORITY_VALIDITY: Final = timedelta(days=3650)
VALIDITY: Final = timedelta(days=365)
RENEWED_BEFORE: Final = timedelta(days=30)

ALWAYS: Final = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "127.0.0.1",
    "::1",
)
"""What every serving certificate is good for."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, as PEM."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Pair(...)"  # a key in a traceback is a key lost


def make_authority() -> Pair:
    """A new authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("poblano-cluster")
    builder = _builder(name, name, key.public_key(), AUTHORITY_VALIDITY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    return _pair(builder, key, key)


def issue(authority: Pair, hosts: Sequence[str]) -> Pair:
    """A serving certificate for `hosts`: DNS names and IP addresses.

    >>> covers(issue(make_authority(), ["localhost", "::1"]), ["::1"])
    True
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    signer = serialization.load_pem_private_key(authority.key, password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(authority.certificate).subject
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name("kube-apiserver"), issuer, key.public_key(), VALIDITY)
    builder = builder.add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    known = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return _pair(builder.add_extension(known, critical=False), key, signer)


def covers(pair: Pair, hosts: Sequence[str]) -> bool:
    """Whether a serving certificate is good for all of `hosts`, and for a while."""
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(pair.certificate)
    if certificate.not_valid_after_utc - RENEWED_BEFORE < datetime.now(UTC):
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return all(_general(host) in names for host in hosts)


def _general(host: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, validity: timedelta
) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - BACKDATED).not_valid_after(now + validity)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _pair(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> Pair:
    from cryptography.hazmat.primitives import hashes, serialization

    pem = serialization.Encoding.PEM
    certificate = builder.sign(signer, hashes.SHA256()).public_bytes(pem)
    return Pair(certificate, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def _name(common: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

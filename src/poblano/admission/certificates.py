"""Making certificates: a pair for one server with an authority of its own that is forgotten (`issue`), or one that stays and
signs again (`new_authority`, `sign`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

# Clocks of two machines differ: a certificate that is valid from now on is not valid yet somewhere.
BACKDATED = timedelta(minutes=5)

BACKDATED_AUTHORITY = timedelta(days=1)
"""An authority that stays, and what it signs begins with it: so a pod whose clock is hours ahead makes what is valid now."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, as PEM."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Pair(...)"  # a key in a traceback is a key lost


@dataclass(frozen=True, slots=True)
class Issued:
    """What `issue` made: the pair to serve, and the authority that clients must trust (``caBundle``)."""

    pair: Pair
    authority: bytes


def issue(
    names: Sequence[str],
    addresses: Sequence[str] = (),
    *,
    validity: timedelta = timedelta(days=90),
    clock: Callable[[], datetime] = now,
) -> Issued:
    """A new authority and a certificate for a server, ECDSA P-256, serial numbers at random.

    The authority's key signs once and is forgotten: whoever holds the result can serve, and cannot sign.

    Arguments: `names` are DNS names and `addresses` IP addresses clients may use; `validity` counts from now.

    Raises: ValueError without a name or address, for one that is neither, or for a validity that is not positive.

    >>> issued = issue(["localhost"], ["127.0.0.1"])
    >>> issued.pair.certificate.startswith(b"-----BEGIN CERTIFICATE-----")
    True
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if not names and not addresses:
        raise ValueError("a certificate needs a name or an address")
    if validity <= timedelta(0):
        raise ValueError(f"the validity must be positive, got {validity}")
    authority_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    begin = clock()
    end = begin + validity
    authority = _authority(authority_key, begin, end)
    leaf = _leaf(key, authority, authority_key, names, addresses, begin, end)
    return Issued(_pair(leaf, key), authority.public_bytes(serialization.Encoding.PEM))


def new_authority(name: str, names: Sequence[str], until: datetime, *, clock: Callable[[], datetime] = now) -> Pair:
    """An authority that stays and signs again: see `sign`.

    Args:
        name: what it is called, beside some letters of its key: two of them in one bundle are told apart.
        names: DNS names that it may sign for (RFC 5280, 4.2.1.10): its key is of no use for any other server.
        until: when it ends.
        clock: the time.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    own = _name(f"{name} {x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest[:4].hex()}")
    builder = _builder(own, own, key.public_key(), clock() - BACKDATED_AUTHORITY, until)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(sign_certificates=True), critical=True)
    permitted = x509.NameConstraints([x509.DNSName(name) for name in names], None)
    return _pair(_signed(builder.add_extension(permitted, critical=True), key), key)


def sign(authority: Pair, names: Sequence[str], until: datetime) -> Pair:
    """A pair for a server that clients call by one of `names`, signed by `authority`, which it does not outlive.

    >>> authority = new_authority("shop", ["shop.example"], now() + timedelta(days=2))
    >>> expiry(sign(authority, ["shop.example"], now() + timedelta(days=9)).certificate) == expiry(authority.certificate)
    True
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    signer = x509.load_pem_x509_certificate(authority.certificate)
    signer_key = load_pem_private_key(authority.key, None)
    assert isinstance(signer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    begin, end = signer.not_valid_before_utc + BACKDATED, min(until, signer.not_valid_after_utc)
    return _pair(_leaf(key, signer, signer_key, names, (), begin, end), key)


def expiry(certificate: bytes) -> datetime:
    """When the (first) certificate of a PEM text ends, in UTC.

    Raises: ValueError when it is no certificate.
    """
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def _authority(key: ec.EllipticCurvePrivateKey, begin: datetime, end: datetime) -> x509.Certificate:
    from cryptography import x509

    name = _name("poblano webhook authority")
    builder = _builder(name, name, key.public_key(), begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(sign_certificates=True), critical=True)
    return _signed(builder, key)


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    addresses: Sequence[str],
    begin: datetime,
    end: datetime,
) -> x509.Certificate:
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    subjects: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    subjects += [x509.IPAddress(ip_address(address)) for address in addresses]
    builder = _builder(_name("poblano webhook"), authority.subject, key.public_key(), begin, end)
    builder = builder.add_extension(x509.SubjectAlternativeName(subjects), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(sign_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return _signed(builder.add_extension(identifier, critical=False), authority_key)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    from cryptography import x509

    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin - BACKDATED).not_valid_after(end)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    from cryptography.hazmat.primitives import hashes

    return builder.sign(key, hashes.SHA256())


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    from cryptography.hazmat.primitives import serialization

    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Pair(certificate.public_bytes(pem), secret)


def _name(common: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

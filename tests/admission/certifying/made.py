"""Certificates of every sort, as somebody may have made them. Not a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "poblano-hello.shop.svc"
SIGNING = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
SERVING = x509.KeyUsage(True, False, False, False, False, False, False, False, False)


@dataclass(frozen=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def made(name: str, by: Made | None, *extensions: x509.ExtensionType, begins: float = -1, ends: float = 90) -> Made:
    """One that is valid for so many days from now, signed `by` that one or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        own if by is None else by.certificate.subject, own, key.public_key(), x509.random_serial_number()
    )
    builder = builder.not_valid_before(now + timedelta(days=begins)).not_valid_after(now + timedelta(days=ends))
    for one in extensions:
        critical = isinstance(
            one, x509.BasicConstraints | x509.KeyUsage | x509.NameConstraints | x509.UnrecognizedExtension
        )
        builder = builder.add_extension(one, critical=critical)
    return Made(builder.sign(key if by is None else by.key, hashes.SHA256()), key)


def authority(
    name: str, by: Made | None = None, *more: x509.ExtensionType, length: int | None = None, **times: float
) -> Made:
    """One that may sign."""
    return made(name, by, x509.BasicConstraints(ca=True, path_length=length), SIGNING, *more, **times)


def leaf(by: Made | None, *names: str, more: tuple[x509.ExtensionType, ...] = (), **times: float) -> Made:
    """One for a server."""
    sorts = [x509.IPAddress(ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names or (NAME,)]
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return made("server", by, x509.SubjectAlternativeName(sorts), usage, SERVING, *more, **times)

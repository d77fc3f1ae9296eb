"""What PEM texts say, in the terms of `poblano.core.believing`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from poblano.admission.certificates import Pair
from poblano.admission.certifying.chains import is_for, may_sign_servers
from poblano.core.believing import Authority, Leaf

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Trusted:
    """A certificate of an authority.

    Args:
        id: its SHA-256, in hex.
        pem: it.
        ends: until when it is valid, in seconds since 1970.
    """

    id: str
    pem: bytes
    ends: float
    certificate: x509.Certificate = field(repr=False, compare=False)

    def signed(self, other: Trusted) -> bool:
        """Whether it has signed another, or itself."""
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

        try:
            other.certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True

    def fact(self, *, signs: bool = False) -> Authority:
        """It, as the core sees it."""
        return Authority(self.id, self.ends, signs)


@lru_cache(maxsize=64)
def bundle(pem: bytes) -> tuple[Trusted, ...]:
    """The certificates of a bundle, each once; one that cannot be read is none.

    >>> bundle(b"nothing of the kind")
    ()
    """
    found: dict[str, Trusted] = {}
    for block in _blocks(pem):
        try:
            one = _certificate(block)
        except ValueError:
            continue
        identity = _identity(one)
        found.setdefault(identity, Trusted(identity, _pem(one), one.not_valid_after_utc.timestamp(), one))
    return tuple(found.values())


def joined(authorities: Iterable[Trusted]) -> bytes:
    """A bundle of them."""
    return b"".join(one.pem for one in authorities)


@lru_cache(maxsize=64)
def leaf(pem: bytes, known: Sequence[Trusted], names: frozenset[str]) -> Leaf:
    """What is served, as the core sees it.

    Args:
        pem: its certificate, and those between it and an authority.
        known: the authorities among which its issuer is looked for.
        names: what API servers call the server.

    Raises:
        ValueError: it is no certificate.
    """
    chain = bundle(pem)
    if not chain:
        raise ValueError("there is no certificate in it")
    first = chain[0]
    fits = all(is_for(first.certificate, name) for name in names)
    begins = first.certificate.not_valid_before_utc.timestamp()
    return Leaf(first.id, _issuer(first, chain[1:], known), first.ends, fits, begins)


def _issuer(first: Trusted, between: Sequence[Trusted], known: Sequence[Trusted]) -> str:
    """Who of those that are known has signed it, or one between."""
    current, left = first, [*between]
    while True:
        for one in known:
            if one.signed(current):
                return one.id
        signer = next((one for one in left if one.signed(current)), None)
        if signer is None:
            return ""
        left.remove(signer)
        current = signer


def may_sign(authority: Trusted, key: bytes, names: frozenset[str]) -> bool:
    """Whether `key` is the authority's, and clients believe what it signs for `names`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        loaded = load_pem_private_key(key, None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey) or not may_sign_servers(authority.certificate):
            return False
        permitted = _permitted(authority.certificate)
        return loaded.public_key() == authority.certificate.public_key() and (permitted is None or names <= permitted)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def keys(pem: bytes) -> list[bytes]:
    """The private keys of a text, each as PEM."""
    return [block for block in _blocks(pem) if b"PRIVATE KEY-----" in block]


def pair_of(certificate: bytes, key: bytes) -> Pair | None:
    """The pair, when it can be served."""
    from poblano.admission.tls import UnusableCertificate, check

    pair = Pair(certificate, key)
    try:
        check(pair)
    except UnusableCertificate:
        return None
    return pair


def _blocks(pem: bytes) -> Iterable[bytes]:
    """Each BEGIN to END, of one sort."""
    block: list[bytes] = []
    for line in pem.splitlines():
        if line.startswith(b"-----BEGIN "):
            block = []
        block.append(line.strip())
        if line.startswith(b"-----END ") and block[0].startswith(b"-----BEGIN "):
            yield b"\n".join(block) + b"\n"
            block = []


def _certificate(pem: bytes) -> x509.Certificate:
    from cryptography import x509

    return x509.load_pem_x509_certificate(pem)


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _identity(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def _permitted(certificate: x509.Certificate) -> set[str] | None:
    """The DNS names that an authority may sign for; None when it says nothing about it."""
    from cryptography import x509

    try:
        limits = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None
    return {name.value for name in limits.permitted_subtrees or () if isinstance(name, x509.DNSName)}

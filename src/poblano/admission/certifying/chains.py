"""Whether an API server believes a certificate: by the rules of Go's crypto/x509 (``Certificate.Verify``), which it calls.

Whatever is in a ``caBundle`` is believed, whether or not it has signed itself; what is served behind the certificate is only
looked through for a way there. Each certificate on the way is looked at: a way with a flaw is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.x509 import Certificate

    T = TypeVar("T", bound=x509.ExtensionType)

UNTRUSTED: Final = "who signed it is not trusted"


def objection(served: Sequence[Certificate], trusted: Sequence[Certificate], name: str, now: datetime) -> str | None:
    """Why a client that calls a server by `name` does not believe it; None when it does.

    Args:
        served: the certificate of the server, and those behind it.
        trusted: whom the client trusts.
        name: a DNS name.
        now: the time.
    """
    leaf = served[0]
    try:
        if why := _out_of_time(leaf, now) or _misnamed(leaf, name):
            return f"it {why}"
        if leaf in trusted:
            return _unfit([leaf], now)
        flaws = [_unfit(way, now) for way in _ways([leaf], served[1:], trusted)]
    except ValueError as error:
        return f"something in it cannot be read: {error}"
    if not flaws:
        return UNTRUSTED
    return None if None in flaws else flaws[0]


def is_for(leaf: Certificate, name: str) -> bool:
    """Whether a client that calls a server by `name` takes this for its certificate."""
    try:
        return any(_covers(pattern, name) for pattern in dns_names(leaf))
    except ValueError:  # it cannot be read
        return False


def dns_names(certificate: Certificate) -> list[str]:
    """The DNS names it is made out to. A common name is none: nobody has looked at it since Go 1.15, and Kubernetes 1.19."""
    from cryptography import x509

    found = _extension(certificate, x509.SubjectAlternativeName)
    return [] if found is None else found.get_values_for_type(x509.DNSName)


def may_sign_servers(certificate: Certificate) -> bool:
    """Whether clients take it for one that signs servers: it is an authority, and for servers."""
    try:
        return (_no_authority(certificate, 0) or _unusable(certificate)) is None
    except ValueError:  # it cannot be read
        return False


def _covers(pattern: str, name: str) -> bool:
    """A star stands for the whole of the first label."""
    first, _, rest = pattern.lower().rstrip(".").partition(".")
    called, _, behind = name.lower().rstrip(".").partition(".")
    return rest == behind and (first == called or (first == "*" and bool(rest)))


def _misnamed(leaf: Certificate, name: str) -> str | None:
    if is_for(leaf, name):
        return None
    return f"is for {', '.join(dns_names(leaf)) or 'no name'}, not for {name}"


def _out_of_time(certificate: Certificate, now: datetime) -> str | None:
    if now < certificate.not_valid_before_utc:
        return f"is not valid before {certificate.not_valid_before_utc:%d %B %Y %H:%M} UTC"
    if now > certificate.not_valid_after_utc:
        return f"ended on {certificate.not_valid_after_utc:%d %B %Y %H:%M} UTC"
    return None


def _ways(
    way: list[Certificate], between: Sequence[Certificate], trusted: Sequence[Certificate]
) -> Iterator[list[Certificate]]:
    """The ways from the last of `way` to somebody who is trusted."""
    for one in trusted:
        if one not in way and _has_signed(one, way[-1]):
            yield [*way, one]
    for one in between:
        if one not in way and one not in trusted and _has_signed(one, way[-1]):
            yield from _ways([*way, one], between, trusted)


def _has_signed(authority: Certificate, other: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        other.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _unfit(way: Sequence[Certificate], now: datetime) -> str | None:
    """What is wrong with the first that something is wrong with."""
    for place, one in enumerate(way):
        why = _out_of_time(one, now) or _unusable(one) or _weak(one, is_last=one is way[-1])
        if place:
            why = why or _no_authority(one, place - 1) or _out_of_bounds(one, way[:place])
        if why is not None:
            return f"{'it' if one is way[0] else f'who signed it, {one.subject.rfc4514_string()},'} {why}"
    return None


def _unusable(certificate: Certificate) -> str | None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usage = _extension(certificate, x509.ExtendedKeyUsage)
    allowed = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if usage is not None and allowed.isdisjoint(usage):
        return "is not for servers: its extended key usage lacks server authentication"
    for extension in certificate.extensions:
        if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension):
            return f"has a critical extension that nobody knows: {extension.oid.dotted_string}"
    return None


def _weak(certificate: Certificate, *, is_last: bool) -> str | None:
    """Nobody verifies the signature of the one that is trusted. Go has refused SHA-1 since 1.18, Kubernetes since 1.24."""
    if is_last:
        return None
    algorithm = certificate.signature_hash_algorithm
    name = "" if algorithm is None else algorithm.name
    return f"is signed with {name.upper()}, which is not believed" if name in {"md5", "sha1"} else None


def _no_authority(certificate: Certificate, between: int) -> str | None:
    """Why it may not sign, with so many others between it and the certificate."""
    from cryptography import x509

    basic, usage = _extension(certificate, x509.BasicConstraints), _extension(certificate, x509.KeyUsage)
    if (basic is None and certificate.version is x509.Version.v3) or (basic is not None and not basic.ca):
        return "is no authority: its basic constraints do not say CA"
    if usage is not None and not usage.key_cert_sign:
        return "may not sign certificates: its key usage lacks it"
    if basic is not None and basic.path_length is not None and between > basic.path_length:
        return f"may have {basic.path_length} others between it and the certificate, and has {between}"
    return None


def _out_of_bounds(authority: Certificate, others: Iterable[Certificate]) -> str | None:
    """Which name is none of those it may sign for (RFC 5280, 4.2.1.10). Names of other sorts than its limits are not limited."""
    from cryptography import x509

    limits = _extension(authority, x509.NameConstraints)
    if limits is None:
        return None
    for name in (name for one in others for name in _names(one)):
        permitted = [limit for limit in limits.permitted_subtrees or () if type(limit) is type(name)]
        excluded = [limit for limit in limits.excluded_subtrees or () if type(limit) is type(name)]
        if (permitted and not any(_within(name, one) for one in permitted)) or any(_within(name, x) for x in excluded):
            return f"may not sign for {name.value}"
    return None


def _names(certificate: Certificate) -> list[x509.GeneralName]:
    from cryptography import x509

    return [*(_extension(certificate, x509.SubjectAlternativeName) or ())]


def _within(name: x509.GeneralName, limit: x509.GeneralName) -> bool:
    if isinstance(limit.value, IPv4Network | IPv6Network):
        return name.value in limit.value
    inner, outer = str(name.value).lower(), str(limit.value).lower()
    if outer.startswith("."):
        return inner.endswith(outer)
    return not outer or inner == outer or inner.endswith(f".{outer}")


def _extension(certificate: Certificate, kind: type[T]) -> T | None:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None

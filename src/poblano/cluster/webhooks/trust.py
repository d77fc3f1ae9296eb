"""Whom a webhook may be: TLS as Go's client does it, and what Go would say of a certificate that is not trusted.

Sources: k8s.io/client-go/transport/transport.go (caBundle), crypto/x509/verify.go (order of checks, texts)
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from poblano.cluster.webhooks.failure import NotAsked
from poblano.cluster.webhooks.go_json import quoted

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_BLOCK: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def context_for(ca_bundle: str) -> ssl.SSLContext:
    """How a webhook is spoken to whose caBundle (base64 of PEM) this is.

    Raises:
        NotAsked: the bundle holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # Go trusts what is in the bundle, authority or not
    context.set_alpn_protocols(["http/1.1"])
    if not ca_bundle:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cadata="\n".join(block.decode("ascii") for block in _blocks(ca_bundle)))
    except (ssl.SSLError, ValueError) as error:
        raise _no_roots(f"failed to parse certificate: {error}") from None
    return context


def _blocks(ca_bundle: str) -> list[bytes]:
    try:
        pem = base64.b64decode(ca_bundle)
    except binascii.Error:
        pem = b""
    blocks = _BLOCK.findall(pem)
    if not blocks:
        raise _no_roots("unable to parse bytes as PEM block")
    return blocks


def _no_roots(why: str) -> NotAsked:
    return NotAsked(f"could not get REST client: unable to load root certificates: {why}")


def distrust(certificate: bytes | None, *, host: str, ca_bundle: str) -> str:
    """What Go says of a certificate (DER) that was not accepted: its dates first, then its names, then who signed it."""
    why = "x509: certificate signed by unknown authority"
    if certificate is not None:
        from cryptography import x509

        leaf = x509.load_der_x509_certificate(certificate)
        why = _out_of_date(leaf) or _other_name(leaf, host) or f"{why}{_namesake(leaf, ca_bundle)}"
    return f"tls: failed to verify certificate: {why}"


def _out_of_date(leaf: Certificate) -> str:
    now = datetime.now(UTC)
    begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    detail = f"before {_rfc3339(begins)}" if now < begins else f"after {_rfc3339(ends)}"
    if begins <= now <= ends:
        return ""
    return f"x509: certificate has expired or is not yet valid: current time {_rfc3339(now)} is {detail}"


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _other_name(leaf: Certificate, host: str) -> str:
    from cryptography import x509

    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        common = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        if common and _covers(str(common[0].value), host):
            return "x509: certificate relies on legacy Common Name field, use SANs instead"
        return f"x509: certificate is not valid for any names, but wanted to match {host}"
    try:
        address = ip_address(host)
    except ValueError:
        valid = names.get_values_for_type(x509.DNSName)
        fits = any(_covers(name, host) for name in valid)
    else:
        found = names.get_values_for_type(x509.IPAddress)
        valid, fits = [str(one) for one in found], address in found
        if not valid:
            return f"x509: cannot validate certificate for {host} because it doesn't contain any IP SANs"
    if fits:
        return ""
    if not valid:
        return f"x509: certificate is not valid for any names, but wanted to match {host}"
    return f"x509: certificate is valid for {', '.join(valid)}, not {host}"


def _covers(pattern: str, host: str) -> bool:
    pattern, host = pattern.lower(), host.lower().rstrip(".")
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return pattern == host


def _namesake(leaf: Certificate, ca_bundle: str) -> str:
    """Go's hint where an authority has the right name and another key: one that was made anew, most likely."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    for block in _blocks(ca_bundle) if ca_bundle else ():
        authority = x509.load_pem_x509_certificate(block)
        if authority.subject != leaf.issuer:
            continue
        try:
            leaf.verify_directly_issued_by(authority)
        except (InvalidSignature, ValueError, TypeError):
            of_rsa = isinstance(authority.public_key(), RSAPublicKey)
            why = "crypto/rsa: verification error" if of_rsa else "x509: ECDSA verification failure"
            return (
                f" (possibly because of {quoted(why)} while trying to verify candidate authority certificate"
                f" {quoted(_called(authority))})"
            )
    return ""


def _called(certificate: Certificate) -> str:
    from cryptography.x509 import NameOID

    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = certificate.subject.get_attributes_for_oid(oid)
        if found:
            return str(found[0].value)
    return f"serial:{certificate.serial_number}"

"""TLS toward the API server: whom to trust, and with which certificate to answer."""

from __future__ import annotations

import os
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from poblano.client.access import Cluster, Material
from poblano.client.credentials import REREAD_SECONDS, ClientCertificate, Clock
from poblano.client.errors import CredentialsFailed


class LiveTls:
    """The TLS settings of one client, made anew when its certificate or the file of the cluster's CA has been renewed.

    Args:
        cluster: whose API server.
        clock: seconds that never go back.
    """

    def __init__(self, cluster: Cluster, *, clock: Clock) -> None:
        self._cluster = cluster
        self._clock = clock
        self._read_at = float("-inf")
        self._authority = b""
        self._made: tuple[ClientCertificate | None, bytes, ssl.SSLContext] | None = None

    def context(self, certificate: ClientCertificate | None) -> ssl.SSLContext | None:
        """What the next connection is made with; None where the server speaks no TLS.

        Raises:
            CredentialsFailed: the CA, certificate or key cannot be used.
        """
        if not self._cluster.server.startswith("https:"):
            return None
        self._reread()
        if self._made is None or self._made[:2] != (certificate, self._authority):
            self._made = (certificate, self._authority, self._new(certificate))
        return self._made[2]

    def _reread(self) -> None:
        """A CA that cannot be read leaves what was read before in use."""
        authority, now = self._cluster.certificate_authority, self._clock()
        if authority is not None and authority.path is not None and now - self._read_at >= REREAD_SECONDS:
            self._read_at = now
            with suppress(CredentialsFailed):
                self._authority = authority.read()

    def _new(self, certificate: ClientCertificate | None) -> ssl.SSLContext:
        try:
            return client_context(self._cluster, certificate)
        except CredentialsFailed:
            if self._made is None or self._made[0] != certificate:
                raise
            return self._made[2]  # somebody is at writing the CA: it is read again when it is another


def client_context(cluster: Cluster, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
    """The TLS settings for one cluster and one client certificate.

    Raises:
        CredentialsFailed: the CA, certificate or key cannot be used.
    """
    context = trusting(cluster.certificate_authority)
    if cluster.insecure_skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        _present(context, certificate)
    return context


def trusting(authority: Material | None) -> ssl.SSLContext:
    """TLS settings that trust one CA, or the system's when there is none.

    Go trusts whatever certificate it is given, be it an intermediate or the server's own, and does not ask a CA for the
    extensions that Python 3.13 wants by default: a kubeconfig that works for kubectl has to work here.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if authority is None:
        context.load_default_certs()
        return context
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(
            cadata=authority.read().decode("ascii", "ignore")
        )  # comments may be in any language
    except (ssl.SSLError, ValueError) as error:
        where = str(authority.path or "certificate-authority-data")
        raise CredentialsFailed(f"{where} holds no CA certificate", remedy="write one there in PEM") from error
    return context


def _present(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    try:
        with _readable(certificate.certificate + b"\n" + certificate.key) as path:
            context.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, ValueError):
        remedy = "check that both are PEM, that they belong together and that the key is not encrypted"
        raise CredentialsFailed("the client certificate and key cannot be used", remedy=remedy) from None


def _no_password() -> str:
    """Without it OpenSSL would ask on the terminal, and the whole process would wait."""
    raise ValueError("the key is encrypted")


@contextmanager
def _readable(secret: bytes) -> Generator[str]:
    """A path under which OpenSSL can read a secret: memory where the system can, else a private file that is removed."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        with os.fdopen(os.memfd_create("poblano", os.MFD_CLOEXEC), "wb") as file:
            file.write(secret)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    import tempfile

    with tempfile.NamedTemporaryFile("wb") as file:  # 0600
        file.write(secret)
        file.flush()
        yield file.name

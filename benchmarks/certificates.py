"""The one serving certificate that all servers of a run share: ECDSA P-256, made as Poblano makes its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from poblano.admission.certificates import issue


@dataclass(frozen=True, slots=True)
class ServingCertificate:
    """Files of a certificate for localhost and 127.0.0.1.

    Args:
        cert: the certificate, PEM.
        key: its private key, PEM.
        ca: the authority that clients must trust, PEM.
    """

    cert: Path
    key: Path
    ca: Path


def make(folder: Path) -> ServingCertificate:
    """Make a certificate, its key and its authority in a folder that exists."""
    issued = issue(["localhost"], ["127.0.0.1"])
    made = ServingCertificate(folder / "tls.crt", folder / "tls.key", folder / "ca.crt")
    made.cert.write_bytes(issued.pair.certificate)
    made.key.write_bytes(issued.pair.key)
    made.ca.write_bytes(issued.authority)
    return made

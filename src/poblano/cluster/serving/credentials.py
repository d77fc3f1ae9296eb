"""All that a cluster keeps secret, and the authority that its clients trust: in memory, or in files of the data directory."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from poblano.cluster.serving.certificates import ALWAYS, Pair, covers, issue, make_authority
from poblano.cluster.serving.files import write_private

FOLDER: Final = "credentials"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a cluster serves and signs with.

    Args:
        authority: the certificate that clients trust, as PEM.
        serving: the certificate of the listener and its key.
        admin_token: the bearer token of the user admin.
        account_key: the key that signs tokens of ServiceAccounts, as PEM; None makes one when it is needed.
    """

    authority: bytes
    serving: Pair
    admin_token: str
    account_key: bytes | None

    def __repr__(self) -> str:
        return "Credentials(...)"


class UnusableCredentials(ValueError):
    """What the data directory holds cannot be used; the message names the file and the cure."""


def make(hosts: Sequence[str] = ()) -> Credentials:
    """New ones, kept nowhere. `hosts` are names and addresses of the listener beside the usual ones."""
    authority = make_authority()
    serving = issue(authority, _wanted(hosts))
    return Credentials(authority.certificate, serving, secrets.token_urlsafe(32), None)


def keep(directory: Path, hosts: Sequence[str] = ()) -> Credentials:
    """Those of a data directory; what is missing is made. A cluster that comes back is the same to its clients.

    Raises: OSError when a file cannot be read or written, UnusableCredentials when one is broken.
    """
    from poblano.cluster.access.keys import SigningKey

    folder = directory / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = _kept_pair(folder, "ca", make_authority)
    serving = _kept_pair(folder, "server", lambda: issue(authority, _wanted(hosts)))
    if not _usable(folder, serving, hosts):
        serving = issue(authority, _wanted(hosts))
        _write_pair(folder, "server", serving)
    token = _kept(folder / "admin-token", lambda: secrets.token_urlsafe(32).encode()).decode("ascii", "replace").strip()
    if not token:
        raise UnusableCredentials(f"{folder / 'admin-token'} is empty; delete it and start again")
    account_key = _kept(folder / "service-account.key", SigningKey().pem)
    return Credentials(authority.certificate, serving, token, account_key)


def _wanted(hosts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*ALWAYS, *hosts)))


def _usable(folder: Path, serving: Pair, hosts: Sequence[str]) -> bool:
    try:
        return covers(serving, _wanted(hosts))
    except ValueError as error:
        raise UnusableCredentials(
            f"{folder / 'server.crt'} is no certificate; delete {folder} and start again"
        ) from error


def _kept_pair(folder: Path, name: str, make_new: Callable[[], Pair]) -> Pair:
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    if not (certificate.exists() and key.exists()):
        _write_pair(folder, name, make_new())
    return Pair(certificate.read_bytes(), key.read_bytes())


def _write_pair(folder: Path, name: str, pair: Pair) -> None:
    write_private(folder / f"{name}.key", pair.key)
    write_private(folder / f"{name}.crt", pair.certificate)


def _kept(path: Path, make_new: Callable[[], bytes]) -> bytes:
    if not path.exists():
        write_private(path, make_new())
    elif path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return path.read_bytes()

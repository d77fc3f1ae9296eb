"""What it takes to reach one API server: where it is, who asks, and in which namespace.

Plain frozen data, read from a kubeconfig (`kubeconfig.py`) or from a pod's own files (`in_cluster.py`).
Nothing secret is part of a `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from poblano.client.errors import CredentialsFailed

InteractiveMode = Literal["Never", "IfAvailable", "Always"]


@dataclass(frozen=True, slots=True)
class Material:
    """A certificate or key in PEM: written in the kubeconfig itself, or in a file.

    >>> Material(data=b"-----BEGIN PRIVATE KEY-----")
    Material(path=None)
    """

    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)

    def read(self) -> bytes:
        """The PEM text. A file is read each time, since it may have been renewed.

        Raises:
            CredentialsFailed: the file cannot be read.
        """
        if self.path is None:
            return self.data or b""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise CredentialsFailed(
                f"{self.path} cannot be read: {error.strerror}",
                remedy="check the path in the kubeconfig and the file's permissions",
            ) from error


@dataclass(frozen=True, slots=True)
class Cluster:
    """One API server and how to trust it.

    Attributes:
        server: the URL, scheme included, without a slash at its end.
        certificate_authority: the CA to trust instead of the system's.
        tls_server_name: the name to find in the certificate instead of the URL's host.
        proxy_url: an ``http`` or ``https`` proxy; empty asks ``HTTPS_PROXY`` and ``NO_PROXY``.
        exec_config: what the cluster has to say to exec plugins (``provideClusterInfo``).
    """

    server: str
    name: str = ""
    certificate_authority: Material | None = None
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = field(default="", repr=False)
    disable_compression: bool = False
    exec_config: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom to act as. The real user needs the RBAC verb ``impersonate`` for each part."""

    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A program that prints a credential (client.authentication.k8s.io/v1 or v1beta1)."""

    command: str
    api_version: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: InteractiveMode = "IfAvailable"


@dataclass(frozen=True, slots=True)
class Oidc:
    """An OpenID Connect login: an ID token, and what renews it."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    certificate_authority: Material | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. A token or password goes before a plugin; a client certificate goes with any of them."""

    name: str = ""
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    client_certificate: Material | None = None
    client_key: Material | None = None
    exec: ExecPlugin | None = None
    oidc: Oidc | None = None
    impersonate: Impersonation = Impersonation()


@dataclass(frozen=True, slots=True)
class Access:
    """One API server, one user, one default namespace.

    >>> Access(Cluster("https://10.0.0.1:6443"), User("admin", token="secret"))
    Access(cluster=Cluster(server='https://10.0.0.1:6443', ...), user=User(name='admin', ...), ...)
    """

    cluster: Cluster
    user: User = User()
    namespace: str = "default"
    context: str = ""
    source: str = ""

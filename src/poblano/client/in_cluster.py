"""A pod's own way to the API server: two environment variables and a mounted service account.

client-go: ``rest.InClusterConfig``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from poblano.client.access import Access, Cluster, Material, User

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def is_possible(environ: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> bool:
    """Whether this process runs in a pod that may speak to its API server."""
    return bool(environ.get("KUBERNETES_SERVICE_HOST")) and (folder / "token").exists()


def access(environ: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> Access:
    """The pod's API server, service account and namespace. The token is left in its file, since the kubelet renews it."""
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT") or "443"
    authority, namespace = folder / "ca.crt", folder / "namespace"
    return Access(
        cluster=Cluster(
            server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
            name="in-cluster",
            certificate_authority=Material(authority) if authority.exists() else None,
        ),
        user=User(name="service account", token_file=folder / "token"),
        namespace=namespace.read_text().strip() if namespace.exists() else "default",
        context="in-cluster",
        source=str(folder),
    )

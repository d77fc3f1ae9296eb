"""The way to the API server: kubeconfigs and credentials, one pooled client, the plain verbs.

::

    from poblano.client import Resources, connect

    async with connect("kubeconfig") as client:
        api = Resources(client, field_manager="poblano-hello")
        await api.apply(a.ConfigMap, {"metadata": {"name": "welcome", "namespace": "shop"}, "data": {"a": "b"}})

Importing this package costs next to nothing: the HTTP client is loaded when one is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poblano.client.access import Access as Access
    from poblano.client.credentials import Credential as Credential
    from poblano.client.credentials import Credentials as Credentials
    from poblano.client.deleting import Preconditions as Preconditions
    from poblano.client.discovery import Served as Served
    from poblano.client.discovery import discover as discover
    from poblano.client.discovery import server_version as server_version
    from poblano.client.errors import CredentialsFailed as CredentialsFailed
    from poblano.client.errors import InvalidKubeconfig as InvalidKubeconfig
    from poblano.client.kubeconfig import find_access as find_access
    from poblano.client.listings import Listing as Listing
    from poblano.client.messages import Response as Response
    from poblano.client.messages import Timeouts as Timeouts
    from poblano.client.readiness import wait_for_cluster as wait_for_cluster
    from poblano.client.resources import Resources as Resources
    from poblano.client.transport import ApiClient as ApiClient
    from poblano.client.transport import connect as connect

_HOMES = {
    "Access": "access",
    "ApiClient": "transport",
    "Credential": "credentials",
    "Credentials": "credentials",
    "CredentialsFailed": "errors",
    "InvalidKubeconfig": "errors",
    "Listing": "listings",
    "Preconditions": "deleting",
    "Resources": "resources",
    "Response": "messages",
    "Served": "discovery",
    "Timeouts": "messages",
    "connect": "transport",
    "discover": "discovery",
    "find_access": "kubeconfig",
    "server_version": "discovery",
    "wait_for_cluster": "readiness",
}

__all__ = [
    "Access",
    "ApiClient",
    "Credential",
    "Credentials",
    "CredentialsFailed",
    "InvalidKubeconfig",
    "Listing",
    "Preconditions",
    "Resources",
    "Response",
    "Served",
    "Timeouts",
    "connect",
    "discover",
    "find_access",
    "server_version",
    "wait_for_cluster",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return __all__

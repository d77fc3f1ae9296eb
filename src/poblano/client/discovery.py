"""What an API server is and serves: its version, and the resources of a group."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from poblano.client.transport import ApiClient
from poblano.core.kinds import Kind


@dataclass(frozen=True, slots=True)
class Served:
    """A resource that the API server serves.

    Attributes:
        kind: group, version, kind, plural and scope.
        verbs: what can be done with it.
        short_names: kubectl's abbreviations.
        subresources: such as ``status`` and ``scale``.
    """

    kind: Kind
    verbs: frozenset[str] = frozenset()
    short_names: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()


class _Version(msgspec.Struct, frozen=True, rename="camel"):
    major: str = ""
    minor: str = ""
    git_version: str = ""


class _ApiResource(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    kind: str
    namespaced: bool = False
    verbs: list[str] | None = None
    short_names: list[str] | None = None


class _ApiResourceList(msgspec.Struct, frozen=True):
    resources: list[_ApiResource] | None = None


async def server_version(client: ApiClient) -> tuple[int, int]:
    """Major and minor version; vendors' suffixes (``20+``) are left out. (0, 0) if the server does not say.

    Raises:
        ApiError: there was no answer.
    """
    response = await client.request("GET", "/version")
    version = msgspec.json.decode(response.body, type=_Version)
    # A server that was not built by Kubernetes' own scripts has only the third.
    for text in (f"{version.major}.{version.minor}", version.git_version.removeprefix("v")):
        if found := re.match(r"(\d+)\.(\d+)", text):
            return int(found[1]), int(found[2])
    return 0, 0


async def discover(client: ApiClient, group: str, version: str) -> tuple[Served, ...]:
    """The resources of one group and version, such as those of a CustomResourceDefinition.

    Args:
        client: an open client.
        group: the API group; "" is the core group.
        version: such as ``v1``.

    Raises:
        NotFound: the server does not serve this group and version.
    """
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    response = await client.request("GET", path)
    listed = msgspec.json.decode(response.body, type=_ApiResourceList).resources or []
    return tuple(_served(group, version, found, listed) for found in listed if "/" not in found.name)


def _served(group: str, version: str, found: _ApiResource, listed: list[_ApiResource]) -> Served:
    prefix = f"{found.name}/"
    return Served(
        kind=Kind(group, version, found.kind, found.name, found.namespaced),
        verbs=frozenset(found.verbs or ()),
        short_names=tuple(found.short_names or ()),
        subresources=frozenset(other.name.removeprefix(prefix) for other in listed if other.name.startswith(prefix)),
    )

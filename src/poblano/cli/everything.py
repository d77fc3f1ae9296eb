"""All objects of a cluster, of every kind that it serves: only their metadata, page after page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from poblano.client import discover
from poblano.client.listings import PAGE, parse_listing, selectors
from poblano.core.errors import ApiError, Expired, Forbidden, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.projection import PARTIAL

if TYPE_CHECKING:
    from poblano.client import ApiClient

CHANGEABLE: Final = frozenset({"list", "patch", "delete"})
"""What must be possible with a kind that is looked at: one that nobody can change has nothing that anybody has put there."""


async def every_kind(client: ApiClient, tell: Callable[[str], None]) -> list[Kind]:
    """The kinds whose objects can be listed and changed, each in the version that the cluster prefers.

    Args:
        client: an open client.
        tell: is told of groups that do not answer, as those of a server behind the API server that is down.
    """
    found: list[Kind] = []
    for group, version in await _groups(client):
        try:
            served = await discover(client, group, version)
        except ApiError as error:
            tell(f"{group}/{version} cannot be looked at: {error}")
            continue
        found += [one.kind for one in served if one.verbs >= CHANGEABLE and one.kind.kind != "Event"]
    return found


async def _groups(client: ApiClient) -> list[tuple[str, str]]:
    answer: dict[str, Any] = msgspec.json.decode((await client.request("GET", "/apis")).body)
    return [("", "v1"), *((one["name"], one["preferredVersion"]["version"]) for one in answer["groups"])]


async def metadata_of(
    client: ApiClient, kind: Kind, tell: Callable[[str], None], label_selector: str = ""
) -> AsyncGenerator[Document]:
    """The objects of a kind, wherever they are, without their specs.

    Args:
        client: an open client.
        kind: which.
        tell: is told when they may not be looked at.
        label_selector: which of them.
    """
    query, restarted = {**selectors(label_selector, ""), "limit": str(PAGE)}, False
    while True:
        try:
            answer = await client.request("GET", kind.path(), query=query, headers={"Accept": PARTIAL})
        except NotFound:  # it has gone meanwhile
            return
        except Expired:
            if restarted:
                raise
            query, restarted = selectors(label_selector, ""), True
            continue
        except ApiError as error:
            # One kind that is not served, as when the webhook that converts it is gone, is no reason to leave all others.
            if not isinstance(error, Forbidden) and error.status not in {500, 502, 503, 504}:
                raise
            tell(f"{kind.plural} cannot be looked at: {error}")
            return
        page = parse_listing(answer.body, kind)
        for one in page.items:
            yield {**one, "apiVersion": kind.api_version, "kind": kind.kind}
        if not page.following:
            return
        query = {**query, "continue": page.following}

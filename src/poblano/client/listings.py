"""Lists: how they are asked for, and what their pages say."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from poblano.client.messages import REMEDY
from poblano.core.errors import ApiError
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind

PAGE = 500  # client-go: tools/pager.defaultPageSize


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list found, or a page of it, and the resource version at which it is true.

    Attributes:
        following: the token with which the next page is asked for; "" when there is none.
    """

    items: list[Document]
    resource_version: str
    following: str = ""


class _ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct, frozen=True):
    metadata: _ListMeta = _ListMeta()
    items: list[Document] | None = None


def parse_listing(body: bytes, kind: Kind) -> Listing:
    """The answer to a list of `kind`. Its items get the ``apiVersion`` and ``kind`` that the server leaves out there.

    Raises:
        ApiError: it is no list.

    >>> listing = parse_listing(b'{"items": [{"metadata": {"name": "web"}}]}', Kind("", "v1", "Pod", "pods"))
    >>> listing.items
    [{'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'web'}}]
    """
    try:
        page = msgspec.json.decode(body, type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(f"what was answered is no list: {error}", remedy=REMEDY) from None
    head = {"apiVersion": kind.api_version, "kind": kind.kind}
    items = [item if "kind" in item else {**head, **item} for item in page.items or ()]
    return Listing(items, page.metadata.resource_version, page.metadata.continue_)


def selectors(label_selector: str, field_selector: str) -> dict[str, str]:
    """The parameters of what is not left open.

    >>> selectors("tier=data", "")
    {'labelSelector': 'tier=data'}
    """
    given = {"labelSelector": label_selector, "fieldSelector": field_selector}
    return {key: value for key, value in given.items() if value}

"""Whose an object is: its controller, by uid."""

from __future__ import annotations

import msgspec

from poblano.core.cache import Item
from poblano.core.jsonvalue import Document, as_list, as_map


class Reference(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """An owner reference, as far as it tells who the controller is."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class _Metadata(msgspec.Struct, rename="camel", gc=False):
    owner_references: list[Reference] | None = None


class _Partial(msgspec.Struct, gc=False):
    metadata: _Metadata | None = None


_partial = msgspec.json.Decoder(_Partial)


def controller_of(item: Item) -> Reference | None:
    """The owner that is the object's controller.

    >>> from poblano.core.cache import Key
    >>> raw = b'{"metadata": {"ownerReferences": [{"uid": "7", "name": "web", "controller": true}]}}'
    >>> controller_of(Item(Key("shop", "x"), uid="1", resource_version="1", raw=raw)).name
    'web'
    """
    if b'"controller"' not in item.raw:
        return None
    try:
        metadata = _partial.decode(item.raw).metadata
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    listed = (metadata.owner_references if metadata else None) or ()
    return next((one for one in listed if one.controller), None)


def by_controller(item: Item) -> list[str]:
    """An index: the uid of an object's controller."""
    found = controller_of(item)
    return [found.uid] if found and found.uid else []


def is_controlled(child: Document, uid: str) -> bool:
    """Whether the controller of `child` has that uid."""
    metadata = as_map(child.get("metadata")) or {}
    listed = map(as_map, as_list(metadata.get("ownerReferences")) or [])
    return any(one is not None and one.get("uid") == uid and one.get("controller") is True for one in listed)

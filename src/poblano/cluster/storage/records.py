"""What is stored: an object's bytes, and what may be asked of it without decoding them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import msgspec

from poblano.core.jsonvalue import Document

Bucket = tuple[str, str]
"""The group and the plural of a resource: all its versions share the objects."""

EventType = Literal["ADDED", "MODIFIED", "DELETED"]

_NOTHING: Final[Mapping[str, str]] = {}
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])


class Record(NamedTuple):
    """One object as it was at one revision.

    Args:
        key: "namespace/name", or the name of what has no namespace: what a list is ordered by.
        revision: of the last change.
        created: the revision at which it came into being.
        version: the API version that the bytes are in, "v1".
        value: the JSON, without apiVersion and kind.
        labels: as in the JSON.
    """

    key: str
    revision: int
    created: int
    version: str
    value: bytes
    labels: Mapping[str, str]

    def document(self) -> Document:
        """The object, decoded anew at each call, without apiVersion and kind."""
        return _DECODER.decode(self.value)


class Event(NamedTuple):
    """One thing that happened to one object.

    Args:
        type: what happened.
        revision: when.
        bucket: to what kind of object.
        record: the object after it; for a deletion as it was last, with the revision of the deletion.
        previous: the object before it; None for ADDED.
    """

    type: EventType
    revision: int
    bucket: Bucket
    record: Record
    previous: Record | None


def record(key: str, version: str, document: Document, *, revision: int, created: int) -> Record:
    """The record of an object at a revision; the object's own resourceVersion becomes that revision.

    `document` is left as it came but for its resourceVersion.
    """
    metadata: Document = document["metadata"]
    metadata["resourceVersion"] = str(revision)
    bare = {name: value for name, value in document.items() if name not in ("apiVersion", "kind")}
    return Record(key, revision, created, version, _ENCODER.encode(bare), _labels(metadata))


def unstored(key: str, version: str, document: Document, *, revision: int = 0) -> Record:
    """What a dry run would have stored; the object keeps the resourceVersion that it has, or has none."""
    bare = {name: value for name, value in document.items() if name not in ("apiVersion", "kind")}
    return Record(key, revision, revision, version, _ENCODER.encode(bare), _labels(document["metadata"]))


def read(key: str, version: str, value: bytes, *, revision: int, created: int) -> Record:
    """A record from its stored bytes."""
    return Record(key, revision, created, version, value, _labels(_DECODER.decode(value)["metadata"]))


def _labels(metadata: Document) -> Mapping[str, str]:
    labels = metadata.get("labels")
    return dict(labels) if labels else _NOTHING


def key_of(namespace: str, name: str) -> str:
    """The key of an object; ordered as etcd orders its own, in which a namespace ends with a slash.

    >>> key_of("shop", "cart"), key_of("", "shop")
    ('shop/cart', 'shop')
    """
    return f"{namespace}/{name}" if namespace else name

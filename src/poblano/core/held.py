"""The object of a review while a rule looks at it: decoded when the rule asks for all of it, and not before.

What most rules ask for are labels and annotations. These are read, and changed, without decoding the rest.

>>> held = Held(b'{"metadata": {"labels": {"tier": "data"}}}')
>>> held.marks("labels"), held.document
({'tier': 'data'}, None)
>>> held.opened()
{'metadata': {'labels': {'tier': 'data'}}}
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec
import orjson

from poblano.core.errors import MalformedReview
from poblano.core.guarded import Guard
from poblano.core.jsonvalue import Document
from poblano.core.metadata import Metadata
from poblano.core.review import decode

STRICT: Final = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

MarksKey: TypeAlias = Literal["labels", "annotations"]
Marks: TypeAlias = dict[str, str]

_NONE: Marks = {}


class Held(msgspec.Struct, eq=False):
    """What one rule is given of the object.

    Attributes:
        raw: the object as it was posted.
        metadata: read from that, exactly; None until somebody needs it.
        keep: whether `good` is wanted.
        made: labels and annotations as earlier rules left them, while `document` is None.
        document: the object as earlier rules left it, once one has asked for it.
        good: the same as bytes, before this rule changes it.
        error: why it could not be decoded.
        guard: of what the API server alone writes, where `good` is wanted.
    """

    raw: bytes
    metadata: Metadata | None = None
    keep: bool = False
    made: dict[MarksKey, Marks] = {}
    document: Document | None = None
    good: bytes = b""
    error: MalformedReview | None = None
    guard: Guard | None = None

    def marks(self, key: MarksKey) -> Marks | None:
        """The labels or annotations, not to be changed; None when the object must be decoded to know them."""
        found = self.made.get(key)
        if found is not None:
            return found
        metadata = self.metadata
        if metadata is None:
            metadata = self.metadata = Metadata.exactly(self.raw)
            if metadata is None:
                return None
        return (metadata.labels if key == "labels" else metadata.annotations) or _NONE

    def opened(self) -> Document:
        """The object.

        Raises:
            MalformedReview: when it cannot be decoded; `error` keeps it, for the rule may catch it.
        """
        document = self.document
        if document is None:
            try:
                document = decode(self.raw) or {}
            except MalformedReview as error:
                self.error = error
                raise
            for key, marks in self.made.items():
                document["metadata"][key] = dict(marks)
            if self.keep:
                self.good = written(document)
                self.guard = self.guard or Guard(document)
            self.document = document
        return document

    def with_marks(self, made: dict[MarksKey, Marks]) -> tuple[Held, bool]:
        """The same for the next rule, with the labels and annotations this one made, and whether they are others."""
        others: dict[MarksKey, Marks] = {k: dict(marks) for k, marks in made.items() if marks != self.marks(k)}
        return Held(self.raw, self.metadata, self.keep, self.made | others), bool(others)

    def renewed(self) -> Held:
        """The same, as if this rule had not been there. What it still does to its own changes nothing."""
        document = None if self.document is None else decode(self.good) or {}
        return Held(self.raw, self.metadata, self.keep, self.made, document, self.good, guard=self.guard)


def held_of(raw: msgspec.Raw, metadata: Metadata | None = None, *, keep: bool = False) -> Held:
    """The object in `raw`, not decoded yet where it is plain that it can be.

    Raises:
        MalformedReview: when it cannot.
    """
    data = bytes(raw)
    held = Held(data, metadata, keep)
    if not data.startswith(b"{") or not data.isascii() or (b"\\" in data and b"\\u" in data):
        held.opened()
    return held


def written(document: Document) -> bytes:
    """`document` as bytes.

    Raises:
        TypeError: when it is not JSON.
    """
    try:
        return orjson.dumps(document, option=STRICT)
    except TypeError:
        return msgspec.json.encode(document)

"""What every request does with the object it holds: shows it, and its labels and annotations without decoding the rest."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from poblano.core.decisions import Said
from poblano.core.errors import MalformedObject
from poblano.core.held import Held, Marks, MarksKey
from poblano.core.jsonvalue import Document, as_map, plain
from poblano.core.objects import Resource
from poblano.core.review import AdmissionRequest
from poblano.core.views import Entries

K = TypeVar("K", bound=Resource)


class Holding(Generic[K]):
    """An object as a rule sees it.

    Args:
        request: the question.
        view: the class of the object.
        document: the object itself; None where it is `held`.
        held: what there is before the object has been decoded.
    """

    __slots__ = ("_document", "_held", "_made", "_old", "_said", "_view", "request")

    _document: Document | None

    def __init__(
        self, request: AdmissionRequest, view: type[K], document: Document | None, held: Held | None = None
    ) -> None:
        self.request = request
        self._view = view
        self._held = held
        self._document = document if held is None else held.document
        self._made: dict[MarksKey, Marks] = {}  # changed here, while the object has not been decoded
        self._old: K | None = None
        self._said: Said | None = None

    @property
    def raw(self) -> K:
        """The object: as it would be stored, or on DELETE as it is stored."""
        document = self._document
        return self._view.__attached__(self._opened() if document is None else document)

    def has_label(self, key: str) -> bool:
        """Whether the object carries the label, whatever its value."""
        marks = self._seen("labels")
        return key in (self.raw.metadata.labels if marks is None else marks)

    def has_annotation(self, key: str) -> bool:
        """Whether the object carries the annotation, whatever its value."""
        marks = self._seen("annotations")
        return key in (self.raw.metadata.annotations if marks is None else marks)

    def _opened(self) -> Document:
        """The whole object, with what was changed before it was decoded."""
        if self._document is None:
            document = {} if self._held is None else self._held.opened()
            for kind, marks in self._made.items():
                document["metadata"][kind] = marks
            self._document = document
            self._made = {}
        return self._document

    def _seen(self, kind: MarksKey) -> Marks | None:
        """The labels or annotations, not to be changed; None when the object must be decoded to know them."""
        if self._document is not None or self._held is None:
            return None
        made = self._made.get(kind)
        return self._held.marks(kind) if made is None else made

    def _own(self, kind: MarksKey) -> Marks | None:
        """The same, to be changed."""
        own = self._made.get(kind)
        if own is None and self._document is None and self._held is not None:
            seen = self._held.marks(kind)
            if seen is not None:
                own = self._made[kind] = dict(seen)
        return own

    def _mark(self, kind: MarksKey, key: str, value: str) -> None:
        # What is said in ASCII can be written as it is; anything else takes the way through the whole object.
        if key.__class__ is str and value.__class__ is str and key.isascii() and value.isascii():
            own = self._own(kind)
            if own is not None:
                own[key] = value
                return
        given: tuple[object, object] = (key, value)  # the annotations are a promise that not everybody keeps
        if not all(isinstance(one, str) for one in given):
            what = "a label" if kind == "labels" else "an annotation"
            raise MalformedObject(f"{what} is text, not {key!r}: {value!r}; write str(...) around it")
        self._marks(kind)[key] = plain(value, key)

    def _unmark(self, kind: MarksKey, key: str) -> None:
        seen = self._seen(kind)
        if seen is None:
            marks: Entries[str] = getattr(self.raw.metadata, kind)
            marks.pop(key, None)
        elif key in seen and (own := self._own(kind)) is not None:
            del own[key]

    def _marks(self, kind: MarksKey) -> Document:
        """The labels or annotations of the whole object, made if they are not there."""
        metadata = as_map(self._opened().get("metadata"))
        if metadata is not None:
            found: Any = metadata.get(kind)
            if found is None:
                found = metadata[kind] = {}
            if (marks := as_map(found)) is not None:
                return marks
        made: Entries[str] = getattr(self.raw.metadata, kind)
        return made.__made__()


def made_in(request: Holding[Any]) -> dict[MarksKey, Marks]:
    """The labels and annotations that a rule has made without asking for the whole object, for the pipeline."""
    return request._made

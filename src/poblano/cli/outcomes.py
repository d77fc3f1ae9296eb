"""What became of one request that the demo made: who was asked, what they said, and what came of the object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from poblano.core.patch import apply

if TYPE_CHECKING:
    from poblano.cli.samples import Expectation
    from poblano.core.entries import Entry
    from poblano.core.errors import ApiError
    from poblano.core.jsonvalue import Document
    from poblano.core.review import Answer, Review
    from poblano.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Heard:
    """One review that the module answered; `errors` are what its rules raised, in words."""

    entry: Entry
    review: Review
    verdict: Verdict
    answer: Answer
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A request and its end.

    Attributes:
        title: what was asked: ``CREATE ConfigMap shop/x``.
        heard: the reviews of it, in order.
        stored: the object as the cluster has it now; None when it was refused, or to be deleted.
        refusal: why it was refused, or None.
    """

    title: str
    heard: tuple[Heard, ...] = ()
    stored: Document | None = field(default=None, repr=False)
    refusal: ApiError | None = None

    @property
    def change(self) -> tuple[Document, Document] | None:
        """The object before and after what the rules did to it; None when they did nothing."""
        asked = [heard for heard in self.heard if heard.entry.phase == "mutate"]
        before = asked[0].review.request.object if asked else None
        if before is None:
            return None
        last = asked[-1]
        after = cast("Document", apply(last.review.request.object or {}, last.answer.patch))
        return None if after == before else (before, after)

    @property
    def code(self) -> int:
        """The status of the refusal; 0 when there was none."""
        return self.refusal.status if self.refusal else 0

    def is_as(self, expected: Expectation) -> bool:
        """Whether it is what was expected of it."""
        if expected.accepted or self.refusal is None:
            return expected.accepted == (self.refusal is None)
        return not expected.code or expected.code == self.code

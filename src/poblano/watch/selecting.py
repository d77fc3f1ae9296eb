"""Whether a rule that follows objects wants one: the filters of its chain, asked about what a watch brings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from poblano.core.binding import Binding
from poblano.core.cache import Change, Item
from poblano.core.filters import Filter, NameIs, NamespaceIs, Subject, Where
from poblano.core.metadata import Metadata
from poblano.core.objects import Resource
from poblano.core.predicates import always_passes
from poblano.core.review import decode
from poblano.log import Log


class Selection:
    """The filters of one binding.

    Args:
        binding: whose.
        ignored: namespaces that it does not see unless it names them.
    """

    def __init__(self, binding: Binding, ignored: Iterable[str] = ()) -> None:
        self._is_namespace = binding.kind.kind == "Namespace" and not binding.kind.group
        self._view = binding.view
        self._filters = (*(part for part in binding.filters if not isinstance(part, Where)), *_unseen(binding, ignored))
        self._predicates = tuple(part for part in binding.filters if isinstance(part, Where))

    def takes(self, item: Item) -> bool:
        """Whether all filters hold. What a predicate raises is not caught here."""
        found = Metadata.exactly(item.raw) or Metadata.tolerantly(item.raw)
        subject = Subject(
            namespace=item.key.name if self._is_namespace else item.key.namespace,
            name=item.key.name,
            labels=found.labels or {},
            annotations=found.annotations or {},
            deleting=found.deletion_timestamp is not None,
        )
        if not all(part.holds(subject) for part in self._filters):
            return False
        if self._predicates:
            subject.view = self.view(item)
        return all(part.holds(subject) for part in self._predicates)

    def view(self, item: Item) -> Resource:
        """The object, decoded anew: it may be changed."""
        return self._view.__attached__(decode(item.raw) or {})  # just decoded, so it is JSON and needs no look


def is_news(binding: Binding, selection: Selection, change: Change) -> bool:
    """Whether the predicates of a rule let a change pass; also when one of them fails, which is logged."""
    if not binding.predicates or change.type != "MODIFIED" or change.old is None:
        return True
    old, new = decode(change.old.raw) or {}, decode(change.item.raw) or {}
    if always_passes(old, new):
        return True
    try:
        if all(part.passes(old, new) for part in binding.predicates):
            return True
        return selection.takes(change.item) and not selection.takes(change.old)
    except BaseException as error:  # noqa: BLE001 -- a predicate is the user's
        Log.error(
            error,
            "a predicate of a rule failed, so the change counts as news",
            rule=binding.title,
            kind=binding.kind.kind,
            object=str(change.item.key),
        )
        return True


def _unseen(binding: Binding, ignored: Iterable[str]) -> tuple[Filter, ...]:
    """As in admission: what a rule names itself it also sees."""
    gone = frozenset(ignored)
    if not gone or any(isinstance(part, NamespaceIs) and not part.negated for part in binding.filters):
        return ()
    unseen = NamespaceIs(gone, negated=True)
    for part in binding.filters:
        if binding.kind.kind == "Namespace" and isinstance(part, NameIs) and not part.negated:
            unseen = replace(unseen, values=unseen.values - part.values)
    return (unseen,)

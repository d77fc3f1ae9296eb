"""Whether a rule that follows objects wants one: the filters of its chain, asked about what a watch brings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from poblano.core.binding import Binding
from poblano.core.cache import Item
from poblano.core.filters import Filter, NameIs, NamespaceIs, Subject, Where
from poblano.core.metadata import Metadata
from poblano.core.objects import Resource
from poblano.core.review import decode


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
        return self._view.of(decode(item.raw) or {})


def namespaces(binding: Binding) -> frozenset[str]:
    """The namespaces that have to be watched for `binding`; empty when it is all of them."""
    if not binding.kind.namespaced:
        return frozenset()
    limits = [part.values for part in binding.filters if isinstance(part, NamespaceIs) and not part.negated]
    return limits[0].intersection(*limits[1:]) if limits else frozenset()


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

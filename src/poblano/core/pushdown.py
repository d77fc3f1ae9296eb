"""Which filters of a rule the API server evaluates, so that it sends no more than the rule is about; and which stay here.

All filters are asked in Python nevertheless: what is pushed down may be as wide as the rule or wider, never narrower. What an
object is called, and where it is, it stays; its labels come and go. To a server that evaluates a selector, an object which
loses the label is DELETED and one which gets it is ADDED. A reconcile action does not care. A watch action is told the
difference where that can be found out (`poblano.watch.informer.Informer.has_left`), and otherwise the filter stays here. A
finalize action has to see each object that it has put its finalizer on, whatever has become of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from poblano.core.binding import Binding
from poblano.core.described import described
from poblano.core.filters import Filter, NameIs, NamespaceIs
from poblano.core.marks import LabelIs
from poblano.core.selectors import Selector

MOST: Final = 2_000
"""Characters of a selector: it is in each URL, and there are proxies that take 8 KB of those."""

NOTHING_LIKE_IT: Final = "no API server can select by that"
ONE_NAME: Final = "an API server selects one name, not one of several"
TOO_LONG: Final = f"it would make a selector of more than {MOST} characters"
NO_NAMESPACE: Final = "the kind is in no namespace"
FINALIZES: Final = (
    "what has the rule's finalizer must be seen until that is off, also when the filter has come to refuse it"
)
LOOKS_NEW: Final = "an object that gets or loses the label later would look as if it had just come or gone"
EMPTY: Final = "it holds for no object, which no selector can say"


@dataclass(frozen=True, slots=True)
class Stays:
    """A filter that is evaluated here alone, and why."""

    filter: Filter
    why: str

    def __str__(self) -> str:
        return f"{described(self.filter)} is evaluated here, not by the API server: {self.why}"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What is asked of the API server for a rule.

    Args:
        namespaces: where to look: ("",) is everywhere, () is nowhere.
        selector: which objects.
        stays: the filters that are evaluated here alone.
    """

    namespaces: tuple[str, ...]
    selector: Selector
    stays: tuple[Stays, ...]


def pushed(binding: Binding) -> Pushed:
    """What to ask the API server for, for the objects that `binding` is about."""
    stays: list[Stays] = []
    parts: list[Filter] = []
    for part in _as_names(binding):
        why = _why_not(binding, part)
        if why is None:
            parts.append(part)
        else:
            stays.append(Stays(part, why))
    parts = [part for part in parts if not _is_place(binding, part)]
    selector, names = _selector(parts)
    return Pushed(_places(binding), selector, (*stays, *names))


def _as_names(binding: Binding) -> Iterator[Filter]:
    """The filters; a Namespace is in itself, so that what is said of its namespace is said of its name."""
    is_namespace = binding.kind.kind == "Namespace" and not binding.kind.group
    for part in binding.filters:
        if is_namespace and isinstance(part, NamespaceIs):
            yield NameIs(part.values, negated=part.negated)
        else:
            yield part


def _is_place(binding: Binding, part: Filter) -> bool:
    return binding.kind.namespaced and isinstance(part, NamespaceIs) and not part.negated


def _places(binding: Binding) -> tuple[str, ...]:
    spaces = [part.values for part in binding.filters if isinstance(part, NamespaceIs) and _is_place(binding, part)]
    return tuple(sorted(spaces[0].intersection(*spaces[1:]))) if spaces else ("",)


def _why_not(binding: Binding, part: Filter) -> str | None:
    """Why a filter stays; None when it may be pushed down."""
    if _is_place(binding, part):
        return None
    if not isinstance(part, LabelIs | NameIs | NamespaceIs):
        return NOTHING_LIKE_IT
    if isinstance(part, NamespaceIs) and not binding.kind.namespaced:
        return NO_NAMESPACE
    if binding.phase == "finalize":
        return FINALIZES
    if isinstance(part, LabelIs):
        if part.values is not None and not part.values:
            return EMPTY
        if binding.phase == "watch" and len(binding.operations & {"CREATE", "UPDATE"}) == 1:
            return LOOKS_NEW
    return None


def _selector(parts: Iterable[Filter]) -> tuple[Selector, list[Stays]]:
    """One of as many of these as can be said, and what stays."""
    chosen, stays = _one_name(list(parts))
    selector = Selector.of(*chosen)
    while len(selector.labels) + len(selector.fields) > MOST:
        longest = max(chosen, key=lambda part: len(str(Selector.of(part))))
        chosen.remove(longest)
        stays.append(Stays(longest, TOO_LONG))
        selector = Selector.of(*chosen)
    return selector, stays


def _one_name(parts: list[Filter]) -> tuple[list[Filter], list[Stays]]:
    """Where an object may have one name only, that; where it may have several, none."""
    wanted = [part for part in parts if isinstance(part, NameIs) and not part.negated]
    others = [part for part in parts if part not in wanted]
    names = frozenset[str].intersection(*(part.values for part in wanted)) if wanted else frozenset[str]()
    if len(names) == 1:
        return [*others, NameIs(names)], []
    return others, [Stays(part, ONE_NAME if names else EMPTY) for part in wanted]

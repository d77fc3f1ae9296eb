"""Which filters an API server evaluates before it sends anything, and which are left to Python: what a build prints.

All are asked in Python as well. What stays there alone makes the module work on what it then lets go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Final, Literal, TypeAlias

from poblano.build.plan import Plan
from poblano.core.binding import FOLLOWERS, Binding
from poblano.core.described import described
from poblano.core.entries import Entry, labels_of, match_condition, namespaces_of, nobodys_namespaces
from poblano.core.filters import Filter, NameIs, NamespaceIs, Where
from poblano.core.marks import LabelIs
from poblano.core.printable import printable
from poblano.core.pushdown import pushed

By: TypeAlias = Literal["API server", "Python"]

PREDICATE: Final = "only Python can call it"
PATTERN: Final = "the API server's patterns are RE2, which would take it otherwise"
TOO_LONG: Final = "the webhook's condition would be longer than an API server takes"
NO_CONDITIONS: Final = "an API server before 1.28 has no conditions, and other rules of the webhook want more"
NO_LABELS: Final = "an API server before 1.21 does not know namespaces by their names"


@dataclass(frozen=True, slots=True)
class Row:
    """One filter of one rule.

    Args:
        rule: as ``capability/rule``.
        does: what its action does: mutate, validate, watch, reconcile or finalize.
        filter: in words; "none" where the rule has none.
        by: who evaluates it first.
        why: why that is Python; "" where it is not.
    """

    rule: str
    does: str
    filter: str
    by: By
    why: str = ""


def rows(plan: Plan) -> tuple[Row, ...]:
    """All filters, in the order in which the rules were written."""
    entries = {_key(binding): entry for entry in plan.entries for binding in entry.bindings}
    made: list[Row] = []
    for binding in plan.module.bindings:
        told = _followed(binding) if binding.phase in FOLLOWERS else _asked(plan, entries[_key(binding)], binding)
        made += [Row(binding.title, binding.phase, *each) for each in told] or [
            Row(binding.title, binding.phase, "none", "API server")
        ]
    return tuple(made)


def lines(plan: Plan) -> list[str]:
    """The same as text, in columns, headings first; nothing where there is no rule."""
    found = [tuple(map(printable, astuple(row))) for row in rows(plan)]
    if not found:
        return []
    table = [("RULE", "DOES", "FILTER", "EVALUATED BY", ""), *found]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    return [_line(row, widths) for row in table]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    columns = (text.ljust(width) for text, width in zip(row, widths, strict=False))
    return "  ".join((*columns, row[-1])).rstrip()


def _key(binding: Binding) -> tuple[str, str, str]:
    return binding.phase, binding.capability, binding.rule


def _followed(binding: Binding) -> Iterator[tuple[str, By, str]]:
    """Of what follows objects: its watch selects."""
    stays = {each.filter: each.why for each in pushed(binding).stays}
    for part in binding.filters:
        by_name = NameIs(part.values, negated=part.negated) if isinstance(part, NamespaceIs) else part
        why = stays.get(part) or stays.get(by_name)
        yield described(part), "Python" if why else "API server", why or ""


def _asked(plan: Plan, entry: Entry, binding: Binding) -> Iterator[tuple[str, By, str]]:
    """Of what is asked by a webhook: its condition holds, or its selectors do."""
    for part in binding.filters:
        why = _why_not(plan, entry, part)
        yield described(part), "Python" if why else "API server", why


def _why_not(plan: Plan, entry: Entry, part: Filter) -> str:
    if _is_selected(plan, entry, part):
        return ""
    if part.cel() is None:
        return PREDICATE if isinstance(part, Where) else PATTERN
    if not plan.abilities.match_conditions:
        by_name = isinstance(part, NamespaceIs) and not plan.abilities.namespace_labels
        return NO_LABELS if by_name else NO_CONDITIONS
    return TOO_LONG if match_condition(entry) is None else ""


def _is_selected(plan: Plan, entry: Entry, part: Filter) -> bool:
    """Whether a selector of the webhook says the same, or more."""
    match part:
        case LabelIs():
            return not part.negated and part in labels_of(entry)
        case NamespaceIs() if part.negated:
            return plan.abilities.namespace_labels and part.values <= nobodys_namespaces(entry)
        case NamespaceIs():
            only = namespaces_of(entry)
            return plan.abilities.namespace_labels and only is not None and only <= part.values
        case _:
            return False

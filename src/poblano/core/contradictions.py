"""Filters that rule each other out: a rule that has them would be accepted and never run.

>>> parts = (NameIs(frozenset({"a"})), NameIs(frozenset({"a"}), negated=True))
>>> " and ".join(spelt(part) for part in clashing(parts))
'with_name("a") and without_name("a")'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from poblano.core.filters import Filter, GroupIs, NameIs, NameMatches, NamespaceIs, NamespaceMatches, Subject, UserIs
from poblano.core.marks import AnnotationIs, BeingDeleted, LabelIs

_Listed: TypeAlias = NamespaceIs | NameIs | UserIs
_METHODS: dict[type[Filter], tuple[str, str]] = {
    NamespaceIs: ("in_namespace", "not_in_namespace"),
    NamespaceMatches: ("in_namespace_regex", "not_in_namespace_regex"),
    NameIs: ("with_name", "without_name"),
    NameMatches: ("with_name_regex", "without_name_regex"),
    UserIs: ("by_user", "not_by_user"),
    GroupIs: ("by_group", "not_by_group"),
    LabelIs: ("with_label", "without_label"),
    AnnotationIs: ("with_annotation", "without_annotation"),
    BeingDeleted: ("with_deletion_timestamp", "without_deletion_timestamp"),
}


def clashing(filters: Iterable[Filter], *, of_namespaces: bool = False) -> tuple[Filter, ...]:
    """Filters of one binding of which no request can meet all; none when there may be one.

    Args:
        filters: all of the binding's.
        of_namespaces: whether it is about Namespaces, each of which is in itself.
    """
    parts = tuple(filters)
    spaces = [part for part in parts if isinstance(part, NamespaceIs | NamespaceMatches)]
    names = [part for part in parts if isinstance(part, NameIs | NameMatches)]
    users = [part for part in parts if isinstance(part, UserIs)]
    return (
        (_listed([*spaces, *names], lambda name: Subject(namespace=name, name=name)) if of_namespaces else ())
        or _listed(spaces, lambda namespace: Subject(namespace=namespace))
        or _listed(names, lambda name: Subject(name=name))
        or _listed(users, lambda user: Subject(username=user))
        or _patterns([part for part in parts if isinstance(part, NamespaceMatches)])
        or _patterns([part for part in parts if isinstance(part, NameMatches)])
        or _groups([part for part in parts if isinstance(part, GroupIs)])
        or _marks([part for part in parts if isinstance(part, LabelIs)])
        or _marks([part for part in parts if isinstance(part, AnnotationIs)])
        or _opposites([part for part in parts if isinstance(part, BeingDeleted)])
    )


def spelt(part: Filter) -> str:
    """A filter as it is written in a chain.

    >>> spelt(LabelIs("tier", frozenset({"web"}), negated=True))
    'without_label("tier", "web")'
    """
    if isinstance(part, LabelIs | AnnotationIs):
        given = [part.key, *sorted(part.values or ())]
    elif isinstance(part, NamespaceMatches | NameMatches):
        given = [pattern.pattern for pattern in part.patterns]
    else:
        given = sorted(getattr(part, "values", ()))
    quoted = (f'"{one}"' for one in given)
    return f"{method_of(part)}({', '.join(quoted)})"


def method_of(part: Filter) -> str:
    """The method of a chain that makes such a filter."""
    return _METHODS[type(part)][bool(getattr(part, "negated", False))]


def _listed(parts: Sequence[Filter], subject: Callable[[str], Subject]) -> tuple[Filter, ...]:
    """Those that leave none of the values that are listed."""
    listed = [part for part in parts if isinstance(part, _Listed) and not part.negated]
    if not listed:
        return ()
    values = frozenset[str]().union(*(part.values for part in listed))
    if any(all(part.holds(subject(value)) for part in parts) for value in values):
        return ()
    against = [part for part in parts if not all(part.holds(subject(value)) for value in values)]
    return tuple(dict.fromkeys((*listed, *against)))


def _patterns(parts: Sequence[NamespaceMatches | NameMatches]) -> tuple[Filter, ...]:
    excluded = {pattern for part in parts if part.negated for pattern in part.patterns}
    wanted = [part for part in parts if not part.negated and excluded.issuperset(part.patterns)]
    return (*wanted, *(part for part in parts if part.negated)) if wanted else ()


def _groups(parts: Sequence[GroupIs]) -> tuple[Filter, ...]:
    excluded = frozenset[str]().union(*(part.values for part in parts if part.negated))
    wanted = [part for part in parts if not part.negated and part.values <= excluded]
    return (*wanted, *(part for part in parts if part.negated)) if wanted else ()


def _marks(parts: Sequence[LabelIs | AnnotationIs]) -> tuple[Filter, ...]:
    for key in dict.fromkeys(part.key for part in parts if not part.negated):
        about = [part for part in parts if part.key == key]
        negated = [part for part in about if part.negated]
        limits = [part.values for part in about if not part.negated and part.values is not None]
        left = limits[0].intersection(*limits[1:]) if limits else None
        for part in negated:
            left = frozenset[str]() if part.values is None else left and left - part.values
        if left is not None and not left:
            return tuple(about)
    return ()


def _opposites(parts: Sequence[BeingDeleted]) -> tuple[Filter, ...]:
    return tuple(parts) if len({part.negated for part in parts}) > 1 else ()

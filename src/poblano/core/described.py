"""A filter in the words of the one who wrote it.

>>> described(LabelIs("tier", frozenset({"data", "web"})))
'the label tier=data|web'
>>> described(NameIs(frozenset({"web"}), negated=True))
'the name other than web'
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from poblano.core.filters import Filter, GroupIs, NameIs, NameMatches, NamespaceIs, NamespaceMatches, UserIs, Where
from poblano.core.marks import AnnotationIs, BeingDeleted, LabelIs


def described(part: Filter) -> str:
    """What the filter is about."""
    match part:
        case LabelIs():
            return _mark("label", part.key, part.values, negated=part.negated)
        case AnnotationIs():
            return _mark("annotation", part.key, part.values, negated=part.negated)
        case NameIs():
            return _one_of("name", part.values, negated=part.negated)
        case NamespaceIs():
            return _one_of("namespace", part.values, negated=part.negated)
        case NameMatches():
            return _one_of("name", map(_pattern, part.patterns), negated=part.negated)
        case NamespaceMatches():
            return _one_of("namespace", map(_pattern, part.patterns), negated=part.negated)
        case UserIs():
            return _one_of("user", part.values, negated=part.negated)
        case GroupIs():
            return _one_of("group", part.values, negated=part.negated)
        case BeingDeleted():
            return "the lack of a deletion timestamp" if part.negated else "the deletion timestamp"
        case Where():
            return f"the predicate {getattr(part.predicate, '__name__', 'of its own')}"
        case _:
            return f"the filter {type(part).__name__}"


def _pattern(one: re.Pattern[str]) -> str:
    """As it is written elsewhere, flags behind it; what the pattern says of them itself is not said again.

    >>> _pattern(re.compile("web", re.IGNORECASE)), _pattern(re.compile("(?i)web"))
    ('/web/i', '/(?i)web/')
    """
    flags = (("i", re.IGNORECASE), ("m", re.MULTILINE), ("s", re.DOTALL), ("x", re.VERBOSE))
    said = "" if one.pattern.startswith("(?") else "".join(letter for letter, flag in flags if one.flags & flag)
    return f"/{one.pattern}/{said}"


def _mark(what: str, key: str, values: frozenset[str] | None, *, negated: bool) -> str:
    said = key if values is None else f"{key}={'|'.join(sorted(values))}"
    return f"the {what} other than {said}" if negated else f"the {what} {said}"


def _one_of(what: str, values: Iterable[str], *, negated: bool) -> str:
    return f"the {what} {'other than ' if negated else ''}{' or '.join(sorted(values))}"

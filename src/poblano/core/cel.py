"""Small pieces of CEL, as the API server evaluates it in matchConditions (KEP-3716)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

SUBJECT: Final = "(object != null ? object : oldObject)"
"""What a filter is about: the old object on DELETE, otherwise the new one."""

NAME: Final = (
    f'(has(request.name) && request.name != "" ? request.name : '
    f'(has({SUBJECT}.metadata) && has({SUBJECT}.metadata.name) ? {SUBJECT}.metadata.name : ""))'
)
"""The object's name, also where the request has none, as in a deletecollection."""

NAMESPACE: Final = '(has(request.namespace) ? request.namespace : "")'


def literal(text: str) -> str:
    r"""A CEL string literal.

    >>> print(literal('say "hi"'))
    "say \"hi\""
    """
    return json.dumps(text, ensure_ascii=False)


def one_of(what: str, values: Iterable[str]) -> str:
    """A test that `what` is one of `values`.

    >>> one_of("request.name", {"b", "a"})
    'request.name in ["a", "b"]'
    """
    return f"{what} in {literals(values)}"


def literals(values: Iterable[str]) -> str:
    """A list of string literals, in order, so that the same filters give the same bytes."""
    return f"[{', '.join(literal(value) for value in sorted(values))}]"


def metadata_has(field: str) -> str:
    """A test that the object has this field in its metadata; what is connected to has no metadata at all.

    >>> metadata_has("labels").endswith(".metadata.labels)")
    True
    """
    return f"has({SUBJECT}.metadata) && has({SUBJECT}.metadata.{field})"


_NOT_RE2 = re.compile(
    r"\(\?"  # lookaround, named groups, inline flags
    r"|\\[0-9ZNuU]|\\[^\x00-\x7f]"  # references and characters by number, the end, names
    r"|[*+?}]\+"  # possessive
    r"|\{(?!\d+(,\d*)?\})|\{\d*,?\d{3}|\{\d.*\{\d"  # {,n} is literal there; nothing repeats over 1000 times in all
    r"|\[[^]]*\\b|\[[^]]*\[|\[\^?\]"  # in a class: backspace, an open bracket, a closing one at its beginning
)
"""What Python's patterns have and RE2's have not, or take otherwise."""

_LEADING = re.compile(r"\A\(\?[iu]+\)")
"""Flags in a pattern that are for all of it, and so among those of the pattern."""

_FOR_UNICODE = re.compile(r"\\[wWdDsSbB]")
"""What is about Unicode for Python, and about ASCII for RE2."""


def matches(what: str, patterns: Iterable[re.Pattern[str]]) -> str | None:
    """A test that `what` matches one of `patterns`; None where RE2 would not take one as Python does.

    >>> matches("request.name", [re.compile("^a")]), matches("request.name", [re.compile("(?=a)")])
    ('(request.name.matches("^a"))', None)
    >>> matches("request.name", [re.compile("(?i)^a")])
    '(request.name.matches("(?i)^a"))'
    """
    tests: list[str] = []
    for pattern in patterns:
        text = _LEADING.sub("", pattern.pattern)
        if pattern.flags & ~(re.UNICODE | re.IGNORECASE) or _NOT_RE2.search(text):
            return None
        flags = "(?i)" if pattern.flags & re.IGNORECASE else ""
        tests.append(f"{what}.matches({literal(flags + text)})")
    return f"({' || '.join(tests)})"


def same_for_ascii_alone(patterns: Iterable[re.Pattern[str]]) -> bool:
    """Whether a text that is not ASCII may match in Python and not in RE2, or the other way round.

    >>> same_for_ascii_alone([re.compile("[a-z]")]), same_for_ascii_alone([re.compile(r"\\w")])
    (False, True)
    """
    return any(pattern.flags & re.IGNORECASE or _FOR_UNICODE.search(pattern.pattern) for pattern in patterns)


def unless_ascii(what: str, test: str) -> str:
    """`test`, or that `what` is not ASCII."""
    return f'(!{what}.matches("^[\\\\x00-\\\\x7f]*$") || {test})'


def negated_if(negated: bool, test: str | None) -> str | None:  # noqa: FBT001 -- it is the filter's own field
    """`test`, or its opposite."""
    return f"!({test})" if negated and test is not None else test

"""Small pieces of CEL, as the API server evaluates it in matchConditions (KEP-3716)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

SUBJECT: Final = "(object != null ? object : oldObject)"
"""What a filter is about: the old object on DELETE, otherwise the new one."""

NAME: Final = f'(has(request.name) && request.name != "" ? request.name : (has({SUBJECT}.metadata.name) ? {SUBJECT}.metadata.name : ""))'
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


_NOT_RE2 = re.compile(r"\(\?|\\[1-9]|\\[ZN]|[*+?}]\+")
"""What Python's patterns have and RE2's have not, or take otherwise: lookaround, back references, possessive, inline flags."""


def matches(what: str, patterns: Iterable[re.Pattern[str]]) -> str | None:
    """A test that `what` matches one of `patterns`; None where RE2 would not take one as Python does.

    >>> matches("request.name", [re.compile("^a")]), matches("request.name", [re.compile("(?=a)")])
    ('(request.name.matches("^a"))', None)
    """
    tests: list[str] = []
    for pattern in patterns:
        if pattern.flags & ~(re.UNICODE | re.IGNORECASE) or _NOT_RE2.search(pattern.pattern):
            return None
        flags = "(?i)" if pattern.flags & re.IGNORECASE else ""
        tests.append(f"{what}.matches({literal(flags + pattern.pattern)})")
    return f"({' || '.join(tests)})"


def negated_if(negated: bool, test: str | None) -> str | None:  # noqa: FBT001 -- it is the filter's own field
    """`test`, or its opposite."""
    return f"!({test})" if negated and test is not None else test

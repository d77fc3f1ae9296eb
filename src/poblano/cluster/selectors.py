"""Label and field selectors, as texts and as documents.

Source: k8s.io/apimachinery/pkg/labels/selector.go and pkg/fields/selector.go
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from poblano.cluster.field_errors import go_value
from poblano.cluster.kinds import names

_SPECIAL: Final = re.compile(r"\s*(==|!=|[=!,()<>]|[^=!,()<>\s]+|$)")
_TERM: Final = re.compile(r"(?:\\.|\\$|[^,\\])+", re.DOTALL)
_OPERATORS: Final = {"=": "in", "==": "in", "in": "in", "!=": "notin", "notin": "notin", ">": "gt", "<": "lt"}
_ALL_OPERATORS: Final = "=, ==, !=, in, notin, gt, lt"
_DOCUMENT_OPERATORS: Final = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


class BadSelector(ValueError):
    """The text is no selector."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one key; `operator` is "in", "notin", "exists", "!", "gt" or "lt"."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels meet it; what is absent meets a "notin"."""
        value = labels.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "in":
                return value is not None and value in self.values
            case "notin":
                return value is None or value not in self.values
            case _:
                return _compares(self.operator, value, self.values)


def _compares(operator: str, value: str | None, values: frozenset[str]) -> bool:
    try:
        left, right = int(value or "x"), int(next(iter(values)))
    except ValueError:
        return False
    return left > right if operator == "gt" else left < right


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Several requirements, all of which must hold; without any it selects everything.

    >>> LabelSelector.parse("app=web,tier in (a, b),!legacy").matches({"app": "web", "tier": "b"})
    True
    """

    requirements: tuple[Requirement, ...] = ()

    @staticmethod
    def parse(text: str) -> LabelSelector:
        """From a text, as in a query.

        Raises:
            BadSelector: it is none; the message is the API server's.
        """
        return _parsed(text)

    @staticmethod
    def of(document: Mapping[str, Any] | None) -> LabelSelector:
        """From a LabelSelector object; an empty one selects everything, None nothing is told apart from that by callers."""
        if not document:
            return LabelSelector()
        labels: Mapping[str, str] = document.get("matchLabels") or {}
        found = [Requirement(key, "in", frozenset({value})) for key, value in labels.items()]
        for expression in document.get("matchExpressions") or ():
            operator = _DOCUMENT_OPERATORS.get(expression.get("operator") or "", "in")
            found.append(Requirement(expression.get("key") or "", operator, frozenset(expression.get("values") or ())))
        return LabelSelector(tuple(found))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(requirement.matches(labels) for requirement in self.requirements)


EVERYTHING: Final = LabelSelector()


@lru_cache(maxsize=512)
def _parsed(text: str) -> LabelSelector:
    return LabelSelector(tuple(_Parser(text).requirements()))


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = [match[1] for match in _SPECIAL.finditer(text)]
        if self._tokens[-1:] != [""]:
            self._tokens.append("")
        self._at = 0

    def requirements(self) -> Iterator[Requirement]:
        while self._ahead():
            if not (_is_identifier(self._ahead()) or self._ahead() == "!"):
                raise BadSelector(f"found '{self._ahead()}', expected: !, identifier, or 'end of string'")
            try:
                yield self._requirement()
            except BadSelector as error:
                raise BadSelector(f"unable to parse requirement: {error}") from None
            word = self._next()
            if word == "":
                return
            if word != ",":
                raise BadSelector(f"found '{word}', expected: ',' or 'end of string'")
            if not (_is_identifier(self._ahead()) or self._ahead() == "!"):
                raise BadSelector(f"found '{self._ahead()}', expected: identifier after ','")

    def _requirement(self) -> Requirement:
        absent = self._ahead() == "!"
        if absent:
            self._next()
        key = self._next()
        if not _is_identifier(key):
            raise BadSelector(f"found '{key}', expected: identifier")
        _check("<nil>", key, names.qualified(key))
        if absent or self._ahead() in ("", ","):
            return Requirement(key, "!" if absent else "exists")
        word = self._next()
        if word not in _OPERATORS:
            raise BadSelector(f"found '{word}', expected: {_ALL_OPERATORS}")
        values = self._list() if word in ("in", "notin") else {self._exact(word)}
        for value in values:
            if word not in ("<", ">"):
                _check(f"values[0][{key}]", value, names.label_value(value))
        return Requirement(key, _OPERATORS[word], frozenset(values))

    def _exact(self, operator: str) -> str:
        if self._ahead() in ("", ","):
            return ""
        value = self._next()
        if not _is_identifier(value):
            raise BadSelector(f"found '{value}', expected: identifier")
        if operator in ("<", ">") and not value.lstrip("-").isdigit():
            text = (
                f"values[0]: Invalid value: {go_value(value)}: for 'Gt', 'Lt' operators, the value must be an integer"
            )
            raise BadSelector(text)
        return value

    def _list(self) -> set[str]:
        word = self._next()
        if word != "(":
            raise BadSelector(f"found '{word}' expected: '('")
        values: set[str] = set()
        expects_value = True
        while (word := self._next()) != ")":
            if word == "":
                raise BadSelector("found '', expected: ',', ')' or identifier")
            if word == ",":
                values |= {""} if expects_value else set()
                expects_value = True
            elif _is_identifier(word) and expects_value:
                values.add(word)
                expects_value = False
            else:
                raise BadSelector(f"found '{word}', expected: ',' or ')'")
        return values | {""} if expects_value else values

    def _ahead(self) -> str:
        return self._tokens[self._at]

    def _next(self) -> str:
        word = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return word


def _is_identifier(word: str) -> bool:
    return word not in ("", "==", "=", "!=", "!", ",", "(", ")", "<", ">")


def _check(path: str, value: str, problems: list[str]) -> None:
    if problems:
        raise BadSelector(f"{path}: Invalid value: {go_value(value)}: {'; '.join(problems)}")


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """One condition on one field: equal, or not equal."""

    field: str
    value: str
    equal: bool


@lru_cache(maxsize=512)
def parse_fields(text: str) -> tuple[FieldTerm, ...]:
    r"""The terms of a field selector; a comma or equals sign in a value is escaped with a backslash.

    >>> parse_fields("metadata.name=x,status.phase!=Running")[1]
    FieldTerm(field='status.phase', value='Running', equal=False)

    Raises:
        BadSelector: it is none.
    """
    return tuple(_field_term(part) for part in _TERM.findall(text))


def _field_term(text: str) -> FieldTerm:
    for operator in ("!=", "==", "="):
        field, separator, value = text.partition(operator)
        if separator and (operator != "=" or "!=" not in text):
            if not field:
                raise BadSelector(f"invalid selector: '{text}'; can't understand '{text}'")
            return FieldTerm(field, _unescaped(value), operator != "!=")
    raise BadSelector(f"invalid selector: '{text}'; can't understand '{text}'")


def _unescaped(value: str) -> str:
    r"""A field's value without its backslashes (UnescapeValue).

    >>> _unescaped(r"a\,b")
    'a,b'
    """
    wrong = re.search(r"\\(?![\\,=]).?", re.sub(r"\\[\\,=]", "", value))
    if wrong:
        raise BadSelector(f"invalid field selector: invalid escape sequence: {wrong[0]}")
    bare = re.search(r"[,=]", re.sub(r"\\.", "", value))
    if bare:
        raise BadSelector(f"invalid field selector: unescaped character in value: {ord(bare[0])}")
    return re.sub(r"\\([\\,=])", r"\1", value)


def fields_match(terms: tuple[FieldTerm, ...], value_of: Callable[[str], str]) -> bool:
    """Whether an object whose fields have these values is selected."""
    return all((value_of(term.field) == term.value) == term.equal for term in terms)

from __future__ import annotations

import re

import cel
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from poblano.core.cel import literal, literals, matches, same_for_ascii_alone, unless_ascii

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ASCII = st.text(st.characters(max_codepoint=127), max_size=8)


@given(TEXT)
def test_a_literal_is_the_text(text: str):
    assert cel.evaluate(literal(text), {}) == text


@given(st.lists(TEXT, max_size=4), TEXT)
def test_a_list_of_literals_holds_the_texts(texts: list[str], other: str):
    assert cel.evaluate(f"text in {literals(texts)}", {"text": other}) is (other in texts)


@given(st.sets(TEXT, max_size=4))
def test_the_same_texts_give_the_same_bytes(texts: set[str]):
    assert literals(texts) == literals(sorted(texts, reverse=True))


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "-",
        ".",
        "^",
        "$",
        "|",
        "(a|b)",
        "[a-c]",
        "[^a]",
        "a*",
        "b+?",
        "a?",
        "a{2}",
        "b{1,3}",
        "x{,2}",
        r"\d",
        r"\w",
        r"\W",
        r"\b",
        r"\.",
        r"\/",
        r"\"",
        r"\t",
        r"\x41",
        "é",
        "(?=a)",
        "(?i:a)",
        r"(a)\1",
        r"\Z",
        "[]a]",
        r"[\b]",
        "a*+",
        "[[a]",
        r"\u0061",
        r"\141",
        r"\A",
        "(?P<n>a)",
        "a{100}",
        "(a{30}){40}",
        "{",
        "}",
        "]",
        " ",
        "a{1,2}{2}",
        r"\_",
        r"[\]-]",
    ]
)
PATTERNS = st.lists(PIECES, min_size=1, max_size=4).map("".join)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@given(PATTERNS, ASCII | st.sampled_from(["a", "b", "aa", "AB", "a-b", "1", "x", "a.b", "\x08"]), st.booleans())
def test_a_pattern_that_is_handed_over_means_the_same_there(text: str, subject: str, fold: bool):
    try:
        pattern = re.compile(text, re.IGNORECASE if fold else 0)
    except re.error:
        assume(False)
        raise
    test = matches("subject", [pattern])
    assume(test is not None and "\n" not in subject)

    assert cel.evaluate(test, {"subject": subject}) is bool(pattern.search(subject))


@given(st.sampled_from([r"\w", r"\W", r"^\d+$", r"\bx", "(?i)k", "straße", "[a-z]", "^a.b$"]), TEXT, st.booleans())
def test_a_pattern_that_is_handed_over_is_never_narrower_there(text: str, subject: str, negated: bool):
    pattern = re.compile(text)
    test = matches("subject", [pattern])
    assert test is not None
    test = f"!{test}" if negated else test
    if same_for_ascii_alone([pattern]):
        test = unless_ascii("subject", test)
    assume("\n" not in subject)

    if bool(pattern.search(subject)) is not negated:
        assert cel.evaluate(test, {"subject": subject}) is True


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)", "(?!a)", "(?<=a)b", r"(a)\1", "(?P<x>a)(?P=x)", r"a\Z", "a*+", "a{,3}", "a{1000}", r"\u00e9", r"[\b]"],
)
def test_what_re2_has_not_stays_in_python(pattern: str):
    assert matches("subject", [re.compile(pattern)]) is None


@pytest.mark.parametrize("flag", [re.MULTILINE, re.DOTALL, re.VERBOSE, re.ASCII])
def test_flags_that_re2_takes_otherwise_stay_in_python(flag: re.RegexFlag):
    assert matches("subject", [re.compile("a", flag)]) is None


def test_the_flag_for_case_is_handed_over():
    assert cel.evaluate(str(matches("subject", [re.compile("^SHOP", re.IGNORECASE)])), {"subject": "shop-1"}) is True


def test_one_pattern_that_stays_in_python_keeps_all_there():
    assert matches("subject", [re.compile("a"), re.compile("(?=b)")]) is None

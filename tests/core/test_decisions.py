from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import Decision
from poblano.core.decisions import MAX_MESSAGE, WARNINGS_BUDGET, clean, clean_warnings, joined, refusal_code


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 422, 429, 500, 503, 599])
def test_a_code_that_refuses_is_kept(code: int):
    assert Decision.deny("no", code).code == code


@pytest.mark.parametrize("code", [200, 302, 399, 600, 0, -1, None, True, "404", 404.0, float("nan")])
def test_a_code_that_is_no_refusal_is_still_a_denial(code: Any):
    assert Decision.deny("no", code) == Decision(False, "no", 403)
    assert refusal_code(code) == 403


def test_one_warning_may_be_given_without_a_list():
    assert Decision.approve("careful").warnings == ("careful",)
    assert Decision.deny("no", warnings=["a", "b"]).warnings == ("a", "b")


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Decision(False, code=200), Decision.deny()),
        (Decision(False, cast("Any", None), cast("Any", "422")), Decision.deny()),
        (Decision(False, cast("Any", 7), warnings=cast("Any", [1, None])), Decision.deny("7", warnings=["1", "None"])),
        (Decision(True, warnings=cast("Any", "careful")), Decision.approve("careful")),
    ],
)
def test_a_decision_made_by_hand_can_be_sent_as_any_other(made: Decision, expected: Decision):
    assert made == expected


@given(st.text(max_size=30))
def test_a_cleaned_text_is_one_line_that_can_be_sent(text: str):
    made = clean(text)

    made.encode()
    assert made.isprintable()
    assert clean(made) == made


@given(st.lists(st.text(max_size=10) | st.integers(0, 5000).map("w".__mul__), max_size=30))
def test_warnings_keep_within_the_servers_budget_and_are_said_once(texts: list[str]):
    made = clean_warnings(texts)

    assert sum(map(len, made)) <= WARNINGS_BUDGET
    assert len(set(made)) == len(made)
    assert all(made)
    assert all(text in map(clean, texts) for text in made[:-1])


def test_what_is_left_out_is_said():
    made = clean_warnings(f"warning {number} {'x' * 100}" for number in range(10_000))

    assert "more warnings left out" in made[-1]
    assert clean_warnings(["x" * 5000]) == ["1 more warning left out: too long for the API server"]


def test_a_message_is_cut_where_a_terminal_ends():
    assert joined(["a", "b"]) == "a; b"
    assert len(joined(["x" * 10_000] * 5)) <= MAX_MESSAGE
    assert joined(["x" * 50_000]).endswith("(cut)")

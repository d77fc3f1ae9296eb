from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import Decision, a
from poblano.core.decisions import MAX_MESSAGE
from poblano.core.verdict import audit_key, described
from tests.core.driving import POD, answered, review, shop

SECRET = {"kind": "Secret", "metadata": {"name": "s", "namespace": "n"}, "data": {"k": "aHVudGVyMg=="}}


def denying(*rules: tuple[str, int, str], phase: str = "validate") -> Any:
    made = shop()
    for message, code, mode in rules:
        getattr(made.when(a.Pod).is_created(), phase)(mode=mode)(lambda pod, m=message, c=code: pod.deny(m, c))
    return answered(made, phase=phase)


@pytest.mark.parametrize("phase", ["mutate", "validate"])
def test_the_code_given_to_deny_reaches_the_user(phase: str):
    assert denying(("no", 418, "enforce"), phase=phase).code == 418


@pytest.mark.parametrize("phase", ["mutate", "validate"])
def test_every_violated_rule_is_in_the_one_message(phase: str):
    answer = denying(("one", 403, "enforce"), ("two", 409, "enforce"), ("three", 422, "warn"), phase=phase)

    assert answer.message == f"shop/{phase}-pod: one; shop/{phase}-pod-2: two"
    assert list(answer.warnings) == [f"shop/{phase}-pod-3: three"]


def test_a_denial_without_words_names_the_rule_all_the_same():
    assert denying(("", 403, "enforce")).message == "shop/validate-pod: refused without explanation"


def test_a_message_of_several_lines_is_one_line():
    assert denying(("one\ntwo\x07", 403, "enforce")).message == "shop/validate-pod: one two"


def test_a_message_has_an_end():
    assert len(denying(*[("x" * 5000, 403, "enforce")] * 10).message) <= MAX_MESSAGE


def test_a_denial_in_audit_mode_is_noted_and_nobody_is_told():
    answer = denying(("no", 403, "audit"))

    assert (answer.allowed, answer.message, list(answer.warnings)) == (True, "", [])
    assert answer.audit_annotations == {"shop.validate-pod.denied": "shop/validate-pod: no"}


def test_warnings_of_all_rules_come_together_each_once():
    made = shop()
    for texts in (["a", "b"], ["b", "c"]):
        made.when(a.Pod).is_created().validate(lambda pod, texts=texts: pod.warn(texts[0]).approve(texts[1:]))
    made.when(a.Pod).is_created().validate(lambda pod: pod.deny("no", warnings=["d", "a"]))

    assert list(answered(made, phase="validate").warnings) == ["a", "b", "c", "d"]


def test_ten_thousand_warnings_are_fewer():
    made = shop()
    made.when(a.Pod).is_created().mutate(lambda pod: [pod.warn(f"{n}: {'x' * 50}") for n in range(10_000)])
    answer = answered(made)

    assert sum(map(len, answer.warnings)) <= 4096


def test_what_a_rule_notes_is_under_its_name():
    made = shop()
    made.when(a.Pod).is_created().mutate(name="my.rule")(lambda pod: pod.audit("bad/key!", "v"))

    assert answered(made).audit_annotations == {"shop.my.rule.bad-key": "v"}


@given(st.text(max_size=200))
def test_a_key_for_the_audit_log_is_one_the_server_keeps(text: str):
    key = audit_key(text)

    assert re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", key)
    assert len(key) <= 63


def test_an_error_is_described_in_a_line():
    assert described(ValueError("no\nsuch")) == "ValueError: no such"
    assert described(ValueError()) == "ValueError"
    assert len(described(ValueError("x" * 10_000))) < 400


def test_an_error_that_cannot_be_shown_is_still_named():
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError("hunter2")

    assert described(Odd()) == "Odd: its text cannot be read"


@pytest.mark.parametrize("on_error", ["reject", "audit"])
def test_an_error_about_a_secret_says_nothing_of_what_it_holds(on_error: Any):
    made = shop(on_error=on_error)

    @made.when(a.Secret).is_created().mutate
    def leak(secret: Any) -> None:
        raise ValueError(secret.text["k"])

    @made.when(a.Secret).is_created().validate
    def leak_too(secret: Any) -> Decision:
        raise KeyError(secret.text["k"])

    for phase in ("mutate", "validate"):
        answer = answered(made, review(SECRET), phase)
        said = f"{answer.message}{answer.warnings}{answer.audit_annotations}"
        assert "hunter2" not in said
        assert "withheld" in said


def test_an_error_names_capability_rule_and_error():
    made = shop()
    made.when(a.Pod).is_created().mutate(name="tier")(lambda pod: pod.nope)
    answer = answered(made, review(POD))

    assert re.match(r"shop/tier failed: AttributeError: .*nope", answer.message)
    assert answer.code == 500


@pytest.mark.parametrize(
    "token",
    [
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl_-",
        "Bearer abcdefgh.ijkl",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ",
    ],
)
def test_a_token_reaches_neither_the_user_nor_the_audit_log(token: str):
    def fails(pod: Any) -> None:
        pod.audit("sent", f"with {token}")
        raise ValueError(f"refused for {token}")

    rules = shop()
    rules.when(a.Pod).is_created().mutate(on_error="audit")(fails)
    rules.when(a.Pod).is_created().mutate(name="notes")(lambda pod: pod.audit("sent", f"with {token}"))
    answer = answered(rules)

    told = str([*answer.warnings, *answer.audit_annotations.items()])
    assert "refused for" in told
    assert "with " in told
    assert token.rsplit(maxsplit=1)[-1] not in told

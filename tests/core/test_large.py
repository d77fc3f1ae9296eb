from __future__ import annotations

from typing import Any

import pytest

from poblano import a, document
from poblano.core import held
from poblano.core.large import LARGE
from poblano.core.pipeline import Pipeline
from poblano.core.review import read
from tests.core.driving import POD, called, pipeline, review, shop

LARGE_POD = POD | {"spec": {"containers": [], "nodeName": "x" * LARGE}}


def decoded_before_and_while(rules: Pipeline, body: bytes, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """When the object was decoded: before the first rule was called, or while."""
    when: list[str] = []
    now = "before"
    decode = held.decode
    monkeypatch.setattr(held, "decode", lambda raw: (when.append(now), decode(raw))[1])
    steps, outcome = rules.steps(read(body)), None
    while True:
        try:
            call = steps.send(outcome)
        except StopIteration:
            monkeypatch.undo()
            return when
        now = "while"
        outcome = called(call)


def looks(pod: Any) -> None:
    document(pod.raw)["seen"] = True


def test_what_a_rule_is_known_to_ask_for_is_not_decoded_in_its_time(monkeypatch: pytest.MonkeyPatch):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(looks)
    asking, large = pipeline(rules), review(LARGE_POD)

    assert decoded_before_and_while(asking, large, monkeypatch) == ["while"]
    assert decoded_before_and_while(asking, large, monkeypatch) == ["before"]
    assert decoded_before_and_while(asking, review(), monkeypatch) == ["while"]


def test_a_large_object_of_which_only_labels_are_asked_is_never_decoded(monkeypatch: pytest.MonkeyPatch):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("seen", str(pod.has_label("tier"))))
    asking = pipeline(rules)

    for _ in range(2):
        assert decoded_before_and_while(asking, review(LARGE_POD), monkeypatch) == []

"""The rules are functions: a test calls them, without a cluster."""

from __future__ import annotations

import asyncio

import hello

from poblano import MutateRequest, ValidateRequest, a
from poblano.store.memory import in_memory


def config_map(**annotations: str) -> a.ConfigMap:
    return a.ConfigMap(metadata={"name": "x", "namespace": "poblano-demo", "annotations": annotations})


def test_example_1_is_marked() -> None:
    cm = MutateRequest.of(config_map())
    with in_memory(hello.hello):
        hello.mark_example_1(cm)
        assert hello.hello.store.items() == {"example-1": "was-here", "example-1-data": "{}"}
    assert cm.has_label("poblano")
    assert cm.raw.metadata.annotations["poblano.dev/note"] == "annotations-work-too"


def test_an_evil_annotation_is_refused() -> None:
    decision = hello.no_evil(ValidateRequest.of(config_map(evil="true")))
    assert not decision.allowed
    assert decision.code == 400
    assert decision.message == "No evil CM annotations allowed."


def test_other_annotations_are_not_refused() -> None:
    assert hello.no_evil(ValidateRequest.of(config_map(good="true"))).allowed


def test_who_changed_it_is_noted() -> None:
    cm = MutateRequest.of(config_map(), old=config_map(), user="alice")
    asyncio.run(hello.note_who_changed_it(cm))
    assert "alice" in cm.raw.data["username"]
    assert cm.has_annotation("poblano.dev/note")


def test_a_joke_stays_the_same_so_that_telling_it_again_changes_nothing() -> None:
    assert hello.joke_for("example-5") == hello.joke_for("example-5")
    assert hello.joke_for("example-5") in hello.JOKES


def test_the_secret_is_changed_as_text_and_stored_in_base64() -> None:
    secret = MutateRequest.of(a.Secret(metadata={"name": "secret-1"}, data={"example": "bWFnaWM="}))
    hello.magic(secret)
    assert secret.text["example"] == "magic - modified by Poblano"
    assert secret.raw.data["magic"] == "Y2hhbmdlLXdpdGhvdXQtZW5jb2Rpbmc="


def test_a_unicorn_says_hello() -> None:
    unicorn = MutateRequest.of(hello.Unicorn(spec=hello.UnicornSpec(message="replace-me", counter=0)))
    hello.typed_unicorn(unicorn)
    assert unicorn.raw.spec.message == "Hello Poblano with type data!"
    assert unicorn.raw.spec.counter == 2

"""The rules are functions: a test calls them, without a cluster."""

from __future__ import annotations

import asyncio
from typing import Any

import hello

from poblano import AdmissionRequest, MutateRequest, ValidateRequest, a
from poblano.core.review import GroupVersionKind

CREATE = AdmissionRequest("some-uid", "CREATE")


def config_map(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", **metadata}}


def test_example_1_is_marked() -> None:
    cm = MutateRequest(CREATE, a.ConfigMap, config_map())
    hello.mark_example_1(cm)
    assert cm.has_label("poblano")
    assert cm.raw.metadata.annotations["poblano.dev/note"] == "annotations-work-too"


def test_an_evil_annotation_is_refused() -> None:
    decision = hello.no_evil(ValidateRequest(CREATE, a.ConfigMap, config_map(annotations={"evil": "true"})))
    assert not decision.allowed
    assert decision.code == 400
    assert decision.message == "No evil CM annotations allowed."


def test_other_annotations_are_not_refused() -> None:
    assert hello.no_evil(ValidateRequest(CREATE, a.ConfigMap, config_map(annotations={"good": "true"}))).allowed


def test_who_changed_it_is_noted() -> None:
    cm = MutateRequest(CREATE, a.ConfigMap, config_map())
    asyncio.run(hello.note_who_changed_it(cm))
    assert set(cm.raw.data) == {"username", "uid"}
    assert cm.has_annotation("poblano.dev/note")


def test_the_secret_is_changed_as_text_and_stored_in_base64() -> None:
    create = AdmissionRequest("some-uid", "CREATE", GroupVersionKind("", "v1", "Secret"))
    secret = MutateRequest(create, a.Secret, {"metadata": {"name": "secret-1"}, "data": {"example": "bWFnaWM="}})
    hello.magic(secret)
    assert secret.text["example"] == "magic - modified by Poblano"
    assert secret.raw.data["magic"] == "Y2hhbmdlLXdpdGhvdXQtZW5jb2Rpbmc="


def test_a_unicorn_says_hello() -> None:
    unicorn = MutateRequest(CREATE, hello.Unicorn, {"spec": {"message": "replace-me"}})
    hello.typed_unicorn(unicorn)
    assert unicorn.raw.spec.message == "Hello Poblano with type data!"
    assert unicorn.raw.spec.counter == 2

"""Conversion by a webhook that listens on loopback, over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from poblano.cluster.custom.conversion import BadConversion, checked, convert
from poblano.cluster.status import StatusError
from poblano.cluster.webhooks.calling import Caller
from poblano.core.jsonvalue import Document, copied
from tests.cluster.webhooks.listening import Listener, listening

V1, V2 = "x.example.com/v1", "x.example.com/v2"


def thing(name: str, api_version: str = V1, **metadata: Any) -> Document:
    meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": "5", **metadata}
    return {"apiVersion": api_version, "kind": "Thing", "metadata": meta, "spec": {"a": 1}}


@pytest.fixture(scope="module")
def _running() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def listener(_running: Listener) -> Listener:
    _running.replies.clear()
    _running.received.clear()
    return _running


def conversion(listener: Listener) -> Document:
    config = {"url": listener.url("convert"), "caBundle": listener.identity.bundle}
    return {"strategy": "Webhook", "webhook": {"clientConfig": config, "conversionReviewVersions": ["v1", "v1beta1"]}}


def answers(*objects: Document, **response: Any) -> Document:
    made = {"result": {"status": "Success"}, "convertedObjects": list(objects), **response}
    return {"review": {"kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1"}, "response": made}


def no_services(namespace: str, name: str, port: int) -> tuple[str, int]:
    raise AssertionError


async def converted(listener: Listener, *documents: Document) -> list[Document]:
    caller = Caller(no_services)
    try:
        return await convert(conversion(listener), documents, V2, caller)
    finally:
        await caller.close()


async def test_a_webhook_is_asked_for_what_is_of_another_version_in_one_go(listener: Listener):
    listener.replies["convert"] = [answers(thing("a", V2), thing("c", V2))]
    found = await converted(listener, thing("a"), thing("b", V2), thing("c"))
    assert [(one["metadata"]["name"], one["apiVersion"]) for one in found] == [("a", V2), ("b", V2), ("c", V2)]
    (call,) = listener.received
    request = call.review["request"]
    assert (call.review["apiVersion"], call.review["kind"]) == ("apiextensions.k8s.io/v1", "ConversionReview")
    assert (request["desiredAPIVersion"], request["objects"]) == (V2, [thing("a"), thing("c")])


async def test_nobody_is_asked_for_what_is_of_the_version_already(listener: Listener):
    assert await converted(listener, thing("b", V2)) == [thing("b", V2)]
    assert listener.received == []


async def test_a_webhook_changes_labels_and_annotations_and_no_other_metadata(listener: Listener):
    changed = thing("a", V2, labels={"new": "1"}, resourceVersion="9", finalizers=["x"])
    listener.replies["convert"] = [answers(changed)]
    (found,) = await converted(listener, thing("a", labels={"old": "1"}, annotations={"old": "1"}))
    assert found["metadata"] == thing("a", labels={"new": "1"})["metadata"]


FAILURES = [
    (answers(result={"status": "Failure", "message": "cannot"}), "failed: cannot"),
    (answers(result={"status": "Failure"}), "failed: response.result.status was 'Failure', not 'Success'"),
    (answers(uid="other"), 'got "other"'),
    (answers(), "returned 0 objects, expected 1"),
    ({}, "failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got "),
    ({"http": {"status": 500, "body": "no"}}, "failed: an error on the server"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "said"), FAILURES, ids=range(len(FAILURES)))
async def test_a_webhook_that_fails_is_told_of(listener: Listener, reply: Any, said: str):
    listener.replies["convert"] = [reply]
    with pytest.raises(StatusError) as refusal:
        await converted(listener, thing("a"))
    assert refusal.value.code == 500
    assert refusal.value.message.startswith(f"conversion webhook for {V1}, Kind=Thing ")
    assert said in refusal.value.message


async def test_a_webhook_that_nobody_answers_for_is_told_of(listener: Listener):
    config = conversion(listener)
    config["webhook"]["clientConfig"]["url"] = "https://localhost:1/convert"
    caller = Caller(no_services)
    with pytest.raises(StatusError, match=r"conversion webhook for .* failed: .*connection refused"):
        await convert(config, [thing("a")], V2, caller)
    await caller.close()


async def test_without_a_webhook_only_the_version_is_another():
    before = thing("a")
    (found,) = await convert(None, [before], V2, None)
    assert (found, before) == (thing("a", V2), thing("a"))


WRONG = [
    ({"apiVersion": V1}, "invalid groupVersion (expected: x.example.com/v2, received: x.example.com/v1)"),
    ({"kind": "Other"}, "invalid kind (expected: Thing, received: Other)"),
    ({"metadata": {"name": "b"}}, "must have the same name: a != b"),
    ({"metadata": {"name": "a", "namespace": "b"}}, "must have the same namespace: shop != b"),
    ({"metadata": {"name": "a", "namespace": "shop"}}, "must have the same UID: uid-a != "),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_an_object_that_is_not_the_same_is_refused(change: Document, said: str):
    with pytest.raises(BadConversion) as refusal:
        checked([{**thing("a", V2), **copied(change)}], [thing("a")], V2)
    assert str(refusal.value) == f"returned invalid converted object at index 0: {said}"

"""A12: Pepr takes 2 MB, so that under the policy Fail a large object cannot be updated: a review carries it twice."""

from __future__ import annotations

import base64
import json
from contextlib import asynccontextmanager

from poblano import Capability, Module, a
from poblano.admission.limits import MIB
from poblano.admission.reviewer import ModuleReviewer
from tests.admission.serving import Answer, connected, post, serving
from tests.core.driving import review

LARGEST = 7 * MIB


def update(characters: int) -> bytes:
    """A review that carries a ConfigMap of that size twice."""
    config = {"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": {"a": "x" * characters}}
    return review(config, old=config, operation="UPDATE")


def exactly(size: int) -> bytes:
    """A review of that many bytes."""
    rest = size - len(update(0))
    return update(rest // 2) + b" " * (rest % 2)


@asynccontextmanager
async def served():
    rules = Capability("shop")
    rules.when(a.ConfigMap).is_updated().mutate(lambda config: config.set_label("x", "1"))
    reviewer = ModuleReviewer(Module(rules))
    async with serving(reviewer) as server, connected(server) as client:  # type: ignore[arg-type]
        yield client
    reviewer.close()


def patch_in(answer: Answer) -> object:
    return json.loads(base64.b64decode(json.loads(answer.body)["response"]["patch"]))


async def test_a12_an_update_of_3_mb_is_answered():
    async with served() as client:
        answer = await client.ask(post(update(3_000_000)))

    assert answer.status == 200
    assert patch_in(answer) == [{"op": "add", "path": "/metadata/labels", "value": {"x": "1"}}]


async def test_a12_the_limit_is_7_mib():
    async with served() as client:
        answer = await client.ask(post(exactly(LARGEST)))
        assert answer.status == 200

    async with served() as client:
        assert (await client.ask(post(exactly(LARGEST + 1)))).status == 413


async def test_a12_what_is_larger_is_refused_with_a_review():
    async with served() as client:
        answer = await client.ask(post(update(4_000_000)))

    assert answer.status == 413
    found = json.loads(answer.body)
    assert (found["apiVersion"], found["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    assert found["response"]["allowed"] is False
    assert found["response"]["status"]["code"] == 413
    assert "7" in found["response"]["status"]["message"]

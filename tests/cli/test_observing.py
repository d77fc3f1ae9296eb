"""Who is told of reviews, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from poblano import Capability, Module, a
from poblano.admission.app import AdmissionApp
from poblano.admission.reviewer import ModuleReviewer
from poblano.cli import observing
from poblano.cli.observing import Production
from poblano.log_lines import Line
from tests.admission.serving import post, until, wired

REVIEW = b"""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",
"kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},
"name":"a","namespace":"shop","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop"}}}}"""


async def test_the_answers_of_a_turn_leave_before_its_lines_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def logged(lines: Sequence[Line]) -> None:
        done.extend("line" for _ in lines)

    monkeypatch.setattr(observing, "emit_all", logged)
    shop = Capability("shop")
    shop.when(a.Pod).is_created().validate(lambda pod: pod.approve(), name="anything")
    module = Module(shop)
    reviewer = ModuleReviewer(module, observers=[Production(module).reviewed])
    (path,) = reviewer.paths()
    with wired(app=AdmissionApp(reviewer)) as (protocol, wire):
        wire.write = lambda data: done.append("answer")  # type: ignore[method-assign, assignment]
        for _ in range(2):
            protocol.data_received(post(REVIEW, path))
        assert done == []
        await asyncio.sleep(0)
        assert done == ["answer", "answer"]
        await until(lambda: len(done) == 4)
        assert done[2:] == ["line", "line"]
    reviewer.close()

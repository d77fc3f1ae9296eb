"""Bodies that no API server sends, over the wire to a module that mutates and validates whatever can be made of them.

Each is answered with a review or refused with a 400, and the others are answered meanwhile.
"""

from __future__ import annotations

import json

import pytest

from poblano import Module
from poblano.admission.reviewer import ModuleReviewer
from tests.admission.hostile import GOOD, LABEL, NUMBERED, hostile, rules, well_formed
from tests.admission.meanwhile import answered_meanwhile
from tests.admission.reviewing import MUTATE, VALIDATE
from tests.admission.serving import connected, post, serving, until
from tests.core.driving import POD, answered, patched, review

BOTH_LOOPS = True


@pytest.mark.parametrize("number", NUMBERED)
async def test_every_body_is_answered_or_refused_and_the_others_are_answered_meanwhile(number: int):
    reviewer = ModuleReviewer(Module(rules()))
    try:
        async with serving(reviewer) as server, connected(server) as client, answered_meanwhile(server):  # type: ignore[arg-type]
            for name, body in hostile(number).items():
                for path in (MUTATE, VALIDATE):
                    answer = await client.ask(post(body, path))
                    assert not answer.closes, name
                    assert (name, path, well_formed(body, path, answer.status, answer.body)) == (name, path, None)
        await until(lambda: not server.app.pending)
    finally:
        reviewer.close()


async def test_a_uid_is_echoed_whatever_it_is():
    reviewer = ModuleReviewer(Module(rules()))
    uids = [
        uid for body in hostile(11).values() if isinstance(uid := json.loads(body)["request"].get("uid"), str) and uid
    ]
    assert len(uids) > 4
    try:
        async with serving(reviewer) as server, connected(server) as client:  # type: ignore[arg-type]
            for uid in uids:
                found = json.loads((await client.ask(post(review(uid=uid), MUTATE))).body)
                assert found["response"]["uid"] == uid
                refused = json.loads((await client.ask(post(review(uid=uid, operation="create"), MUTATE))).body)
                assert refused["response"]["uid"] == uid
    finally:
        reviewer.close()


def test_the_rules_do_change_what_they_are_asked_about():
    assert patched(POD, answered(rules(), GOOD))["metadata"]["labels"][LABEL] == "yes"

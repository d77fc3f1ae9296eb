"""What a server, or whoever stands before it, may answer: refusals, half answers, nonsense."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from poblano.client import Access
from poblano.client.access import User
from poblano.core import backoff
from poblano.watch import informer
from tests.faults.middleman import expired_line
from tests.faults.pace import PACE
from tests.faults.scene import Scene

STORMS = {
    "429 with Retry-After": (429, 1),
    "500": (500, None),
    "502 that is no Status": (502, None),
    "503 with Retry-After": (503, 1),
    "504": (504, None),
    "403": (403, None),
    "404": (404, None),
}


@pytest.mark.parametrize("storm", STORMS)
async def test_a_storm_of_refusals_passes(by_middleman, middleman, target, note, storm):
    status, retry_after = STORMS[storm]

    def begin():
        middleman.refuse(status, retry_after=retry_after, is_status="no Status" not in storm)
        middleman.break_off()

    async with Scene.over(by_middleman, target) as scene:
        note(f"everything answered with {storm}", await scene.survives(begin, middleman.clear))


async def test_only_lists_are_refused_when_they_are_needed(by_middleman, middleman, target, note):
    def begin():
        middleman.refuse(503, verb="list")
        middleman.say(expired_line())

    async with Scene.over(by_middleman, target) as scene:
        note("410 in the stream, then lists are refused", await scene.survives(begin, middleman.clear))


async def test_a_version_that_is_too_old_in_the_stream_leads_to_a_list(by_middleman, middleman, target, note):
    async with Scene.over(by_middleman, target) as scene:
        outcome = await scene.survives(lambda: middleman.say(expired_line()))
        assert outcome.counts["relists: expired"] >= len(scene.informers)
        note("410 in the stream", outcome)


async def test_a_version_that_is_too_old_from_the_start_leads_to_a_list(by_middleman, middleman, target, note):
    def begin():
        middleman.refuse(410, verb="watch", times=4)
        middleman.break_off()

    async with Scene.over(by_middleman, target) as scene:
        note("410 instead of a watch", await scene.survives(begin))


async def test_a_token_that_expires_is_read_anew(by_middleman, middleman, target, note, tmp_path):
    file = tmp_path / "token"
    file.write_text("first")
    middleman.accepted = "first"
    access: Access = replace(by_middleman, user=User(token_file=file))

    def begin():
        middleman.accepted = "second"
        middleman.break_off()

    async with Scene.over(access, target) as scene:
        outcome = await scene.survives(begin, lambda: file.write_text("second"))
        assert outcome.counts["errors"] >= len(scene.informers)
        note("token expired: 401 until there is another", outcome)


async def test_a_watch_that_breaks_in_the_middle_of_a_line_goes_on_from_the_line_before(
    by_middleman, middleman, target, note
):
    async with Scene.over(by_middleman, target) as scene:
        note("watch reset in the middle of a line", await scene.survives(middleman.cut))


LINES = {
    "is no JSON": b'{"type":"ADDED","obj\x00\xff',
    "is no event": b'["what"]',
    "has no object": b'{"type":"MODIFIED"}',
    "is of an unknown type": b'{"type":"SURPRISE","object":{"metadata":{"resourceVersion":"1"}}}',
    "is about another kind": b'{"type":"ADDED","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}}',
    "is an error 500": b'{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"InternalError","code":500}}',
    "is an error of no shape": b'{"type":"ERROR","object":{}}',
}


@pytest.mark.parametrize("line", LINES)
async def test_a_line_that_cannot_be_right_costs_nothing_but_a_watch(by_middleman, middleman, target, note, line):
    async with Scene.over(by_middleman, target) as scene:
        note(f"a line of the watch {line}", await scene.survives(lambda: middleman.say(LINES[line])))


async def test_a_list_whose_pages_expire_is_begun_anew(by_middleman, middleman, target, note):
    def begin():
        middleman.page = 3
        middleman.before_next_page = target.compact
        middleman.say(expired_line())

    async with Scene.over(by_middleman, target) as scene:
        for number in range(8):
            scene.writer.mark(f"more-{number}")
        outcome = await scene.survives(begin)
        assert middleman.before_next_page is None, "no page was asked for"
        note("the rest of a list has expired", outcome)


async def test_a_list_that_breaks_off_is_asked_for_again(by_middleman, middleman, target, note):
    def begin():
        middleman.lists_to_cut = 3
        middleman.say(expired_line())

    async with Scene.over(by_middleman, target) as scene:
        note("lists break off in the middle", await scene.survives(begin))


async def test_a_page_of_somebody_else_is_not_taken_for_an_answer(by_middleman, middleman, target, note):
    def begin():
        middleman.refuse(200)
        middleman.break_off()

    async with Scene.over(by_middleman, target) as scene:
        note("a proxy answers 200 and a page in HTML", await scene.survives(begin, middleman.clear))


async def test_a_list_of_which_nothing_comes_any_more_is_given_up(by_middleman, middleman, target, note, monkeypatch):
    monkeypatch.setattr(informer, "SILENCE_SECONDS", PACE.silence)

    def begin():
        middleman.lists_to_hold = 2
        middleman.say(expired_line())

    async with Scene.over(by_middleman, target) as scene:
        note("lists go silent in the middle", await scene.survives(begin))


async def test_a_day_in_retry_after_is_not_waited_for(by_middleman, middleman, target, note, monkeypatch):
    monkeypatch.setattr(backoff, "MOST_ASKED", PACE.asked)

    def begin():
        middleman.refuse(503, retry_after=86_400)
        middleman.break_off()

    async with Scene.over(by_middleman, target) as scene:
        outcome = await scene.survives(begin, middleman.clear, bound=PACE.bound + PACE.asked)
        note("503 with a Retry-After of a day", outcome)


async def test_who_starts_while_nobody_answers_knows_all_once_somebody_does(by_middleman, middleman, target, note):
    middleman.refuse(503)
    asyncio.get_running_loop().call_later(PACE.outage, middleman.clear)
    async with Scene.over(by_middleman, target) as scene:
        note("503 from before the start", await scene.survives(lambda: None))

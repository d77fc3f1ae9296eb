"""Pods of two builds answer one Service while a new one is rolled out: each is asked at the paths of the other."""

from __future__ import annotations

import pytest

from poblano import a
from poblano.admission.app import AdmissionApp, ReviewCall
from tests.admission.reviewing import replied, response, reviewing
from tests.core.driving import shop

JSON = {b"content-type": b"application/json"}


@pytest.mark.parametrize("path", ["/validate/fail/5", "/validate/ignore/10", "/validate/fail/30"])
async def test_all_rules_of_the_phase_answer_at_a_path_that_another_build_has(path: str):
    rules = shop()
    rules.when(a.Pod).is_created().validate(lambda pod: pod.deny("never"))
    with reviewing(rules) as reviewer:
        reviewer.answer_other_builds()
        answer = response(await replied(reviewer, path=path))
        assert answer["allowed"] is False
        assert "never" in answer["status"]["message"]


async def test_what_no_rule_of_this_build_is_about_is_let_through():
    rules = shop()
    rules.when(a.Pod).is_created().validate(lambda pod: pod.deny("never"))
    with reviewing(rules) as reviewer:
        reviewer.answer_other_builds()
        assert response(await replied(reviewer))["allowed"] is True


async def test_the_server_takes_them_for_webhooks_only_when_told_so():
    with reviewing(shop()) as reviewer:
        assert not isinstance(AdmissionApp(reviewer).admit(b"POST", b"/mutate/fail/7", JSON), ReviewCall)
        reviewer.answer_other_builds()
        assert isinstance(AdmissionApp(reviewer).admit(b"POST", b"/mutate/fail/7", JSON), ReviewCall)
        assert not isinstance(AdmissionApp(reviewer).admit(b"POST", b"/mutate/fail/31", JSON), ReviewCall)

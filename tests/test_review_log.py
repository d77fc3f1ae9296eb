"""The line of a review."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import log
from poblano.core.review import AdmissionRequest, GroupVersionKind, UserInfo
from poblano.core.verdict import RuleResult, Verdict
from poblano.log_lines import LEVELS, Output, json_line
from poblano.review_log import review_line


@pytest.fixture
def written(monkeypatch):
    lines = []
    monkeypatch.setattr(log, "_output", Output(LEVELS["info"], json_line, lines.append))
    return lines


def asked(**changes):
    known = {
        "kind": GroupVersionKind("", "v1", "Pod"),
        "namespace": "shop",
        "name": "db",
        "user_info": UserInfo("anna"),
    }
    return AdmissionRequest("uid-1", "CREATE", **{**known, **changes})


def logged(phase, request, verdict, seconds):
    """As the server does it, for the reviews of a turn."""
    line = review_line(phase, request, verdict, seconds)
    if line is not None:
        log.emit_all([line])


def only(written):
    (line,) = [json.loads(line) for line in written]
    assert line.pop("time").endswith("Z")
    return line


def test_a_review_is_one_line_of_who_asked_what_and_the_verdict(written):
    logged("mutate", asked(), Verdict(asked()), 0.0012345)
    assert only(written) == {
        "level": "info",
        "message": "review",
        "phase": "mutate",
        "uid": "uid-1",
        "operation": "CREATE",
        "kind": "Pod",
        "namespace": "shop",
        "name": "db",
        "user": "anna",
        "verdict": "allowed",
        "ms": 1.234,
    }


def test_a_change_is_told_and_not_shown(written):
    verdict = Verdict(asked(), patch=[{"op": "add", "path": "/data/a", "value": "hunter2"}])
    verdict.results = [RuleResult("shop", "tier", "changed"), RuleResult("shop", "quiet", "unchanged")]
    logged("mutate", asked(), verdict, 0)
    line = only(written)
    assert line["verdict"] == "changed"
    assert "rules" not in line
    assert b"hunter2" not in written[0]


def test_rules_that_spoke_up_are_named(written):
    verdict = Verdict(
        asked(),
        [RuleResult("shop", "a", "denied"), RuleResult("shop", "b", "warned"), RuleResult("shop", "c", "allowed")],
    )
    verdict.denials.append(("shop/a: no", 403))
    logged("validate", asked(dry_run=True, sub_resource="scale"), verdict, 0)
    line = only(written)
    assert (line["level"], line["verdict"], line["dry_run"], line["subresource"]) == ("info", "denied", True, "scale")
    assert line["rules"] == ["shop/a: denied", "shop/b: warned"]


def test_a_rule_that_raised_is_an_error_with_its_place(written):
    try:
        raise ValueError("no price")
    except ValueError as error:
        verdict = Verdict(asked(), [RuleResult("shop", "prices", "error", error)])
    logged("validate", asked(), verdict, 0)
    line = only(written)
    assert line["level"] == "error"
    (told,) = line["errors"]
    assert told.startswith("shop/prices: ValueError: no price (")
    assert "test_review_log.py:" in told


def test_of_a_secret_the_words_of_an_error_are_withheld(written):
    secret = asked(kind=GroupVersionKind("", "v1", "Secret"))
    logged("validate", secret, Verdict(secret, [RuleResult("shop", "x", "error", KeyError("hunter2"))]), 0)
    assert b"hunter2" not in written[0]
    assert "KeyError" in only(written)["errors"][0]


def test_below_the_level_it_is_not_written(monkeypatch, written):
    monkeypatch.setattr(log, "_output", Output(LEVELS["warning"], json_line, written.append))
    logged("mutate", asked(), Verdict(asked()), 0)
    assert written == []
    logged("mutate", asked(), Verdict(asked(), [RuleResult("shop", "x", "error", KeyError("a"))]), 0)
    assert len(written) == 1


def test_names_longer_than_an_api_server_sends_are_cut(written):
    huge = asked(name="x" * 10**6, user_info=UserInfo("y" * 10**6))
    logged("mutate", huge, Verdict(huge), 0)
    assert len(written[0]) < 1500
    assert only(written)["name"] == "x" * 256 + "… (999744 bytes more)"


def test_names_that_are_no_unicode_are_written_all_the_same(written):
    logged("mutate", asked(name="\ud800"), Verdict(asked()), 0)
    assert only(written)["name"] == "?"


anything = st.text(st.characters(), max_size=300)


@given(anything, anything, anything, anything)
def test_whatever_the_names_are_it_is_one_line_of_json(uid, name, user, kind):
    request = asked(name=name, user_info=UserInfo(user), kind=GroupVersionKind("", "v1", kind))
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "_output", Output(LEVELS["info"], json_line, lines.append))
        logged("mutate", request, Verdict(request), 0)
    assert orjson.loads(lines[0])["message"] == "review"
    assert lines[0].count(b"\n") == 1


def test_it_says_what_was_changed_and_why_somebody_was_refused(written):
    patch = [{"op": "add", "path": "/metadata/labels/tier", "value": "data"}]
    logged("mutate", asked(), Verdict(asked(), patch=patch), 0.001)
    logged("validate", asked(), Verdict(asked(), denials=[("shop/pinned: pin the image", 400)]), 0.001)
    first, second = (json.loads(line) for line in written)
    assert first["changes"] == ['+ /metadata/labels/tier: "data"']
    assert second["denials"] == ["shop/pinned: pin the image"]
    assert "changes" not in second


def test_of_a_secret_it_says_who_refused_and_not_in_what_words(written):
    secret = asked(kind=GroupVersionKind("", "v1", "Secret"))
    logged("validate", secret, Verdict(secret, denials=[("shop/strong: hunter2 is too short", 400)]), 0.001)
    assert only(written)["denials"] == ["shop/strong: (withheld)"]

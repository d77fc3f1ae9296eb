"""One rule, and what it allows."""

from __future__ import annotations

import pytest

from poblano.cluster.access.action import Action
from poblano.cluster.access.rules import Rule, parse, parse_all

GET_POD = Action("get", resource="pods", name="web")
GET_LOG = Action("get", resource="pods", subresource="log", name="web")


@pytest.mark.parametrize(
    ("rule", "action", "expected"),
    [
        (Rule(("get",), ("",), ("pods",)), GET_POD, True),
        (Rule(("list",), ("",), ("pods",)), GET_POD, False),
        (Rule(("*",), ("*",), ("*",)), GET_POD, True),
        (Rule(("*",), ("*",), ("*",)), GET_LOG, True),
        (Rule(("get",), ("apps",), ("pods",)), GET_POD, False),
        (Rule(("get",), ("",), ("pods",)), GET_LOG, False),
        (Rule(("get",), ("",), ("pods/log",)), GET_LOG, True),
        (Rule(("get",), ("",), ("*/log",)), GET_LOG, True),
        (Rule(("get",), ("",), ("*/log",)), GET_POD, False),
        (Rule(("get",), ("",), ("pods/*",)), GET_LOG, False),
        (Rule(("get",), ("",), ("pods",), ("web",)), GET_POD, True),
        (Rule(("get",), ("",), ("pods",), ("db",)), GET_POD, False),
        (Rule(("list",), ("",), ("pods",), ("web",)), Action("list", resource="pods"), False),
        (Rule(("get",), urls=("/version",)), Action("get", path="/version"), True),
        (Rule(("get",), urls=("/api/*",)), Action("get", path="/api/v1"), True),
        (Rule(("get",), urls=("/api/*",)), Action("get", path="/api"), False),
        (Rule(("get",), urls=("*",)), Action("get", path="/anything"), True),
        (Rule(("get",), urls=("*",)), GET_POD, False),
        (Rule(("*",), ("*",), ("*",)), Action("get", path="/version"), False),
    ],
)
def test_a_rule_allows_what_its_words_say(rule: Rule, action: Action, expected: bool) -> None:
    assert rule.allows(action) is expected


def test_a_rule_reads_and_writes_as_the_api_has_it() -> None:
    document = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["web"]}
    assert parse(document).document() == document
    paths = {"verbs": ["get"], "nonResourceURLs": ["/version"]}
    assert parse(paths).document() == paths


def test_a_role_without_rules_has_none() -> None:
    assert parse_all({"rules": None}) == parse_all({}) == ()

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poblano import Capability, a, document
from poblano.core.jsonvalue import copied
from poblano.core.review import VERSIONS, read, write
from tests.core.driving import POD, drive, pipeline, review
from tests.core.punishing import punished
from tests.core.values import JSON, KEYS

RECORDED = json.loads((Path(__file__).parents[1] / "fixtures/conformance/kubernetes-1.36-admission.json").read_text())
SHAPES = ("allow", "bad-", "deny-", "patch-", "type-no-patch", "validating-patches", "warnings", "audit-annotations")
CASES = {case["case"]: case for case in RECORDED["cases"] if case["case"].startswith(SHAPES)}

HARMLESS = {"allow", "patch-add", "patch-empty", "patch-move-copy", "patch-escapes", "patch-then-validate"}
HARMLESS |= {"allow-with-status", "deny-reason", "warnings", "warnings-same", "deny-then-no-validate"}
HARMLESS |= {f"deny-code-{code}" for code in (400, 403, 409, 422, 500, 503, 599)}
OF_CONTENT = {"patch-name", "patch-namespace", "patch-type-error", "patch-unknown-field", "patch-invalid-result"}
"""What is wrong with these is what the patch makes, not the answer's shape: it is what the action's author asked for."""


def _answers(case: dict[str, Any]) -> list[tuple[bytes, bytes, str, int]]:
    """Each scripted answer of a case with the review that it answers, as they were played to the server."""
    request = case["requests"][-1]
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "1"}}
    deleting = request["method"] == "DELETE"
    body = review(
        None if deleting else obj, old=obj if deleting else None, operation="DELETE" if deleting else "CREATE"
    )
    answers = []
    for hook in case["webhooks"]:
        phase = {"M": "mutate", "V": "validate"}[hook["type"]]
        for reply in hook["replies"]:
            if "http" in reply:
                answers.append((reply["http"].get("body", "").encode(), body, phase, reply["http"]["status"]))
                continue
            response = {"uid": "u-1", "allowed": True} | reply.get("response", {})
            if isinstance(response.get("patch"), list):
                response["patch"] = base64.b64encode(json.dumps(response["patch"]).encode()).decode()
            made = {"apiVersion": VERSIONS[0], "kind": "AdmissionReview", "response": response} | reply.get(
                "review", {}
            )
            answers.append((json.dumps(made).encode(), body, phase, 200))
    return answers


@pytest.mark.parametrize("name", sorted(CASES.keys() - HARMLESS - OF_CONTENT))
def test_the_checker_sees_what_the_server_punished(name: str):
    assert any(punished(*answer) for answer in _answers(CASES[name]))


@pytest.mark.parametrize("name", sorted(CASES.keys() & HARMLESS - {"deny-then-no-validate"}))
def test_the_checker_passes_what_the_server_took(name: str):
    assert [punished(*answer) for answer in _answers(CASES[name])] == [None] * len(_answers(CASES[name]))


@pytest.mark.parametrize("name", sorted(CASES.keys() - HARMLESS - OF_CONTENT))
def test_the_server_did_punish_what_the_checker_is_made_of(name: str):
    case = CASES[name]
    hook = case["webhooks"][0]
    reply = hook["replies"][0]
    response = reply.get("response", {})
    answer = case["saw"]["answers"][-1]
    failed_open = name.endswith("-ignore")
    another_code = response.get("status", {}).get("code") != answer["status"] or not 400 <= answer["status"] <= 599
    dropped = response.get("warnings", []) != answer["warnings"] or "bad/key" in response.get("auditAnnotations", {})

    assert failed_open or dropped or (answer["status"] >= 400 and another_code)


TEXT = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["a\nb", "bell\x07", "\ud800", "", " ", "x" * 300, "y" * 5000, "ünï ✓", "\x85", "a\u2028b", "same"]
    ),
)
CODES = st.sampled_from([200, 302, 399, 400, 403, 404, 422, 500, 599, 600, 0, -1, True, None, "403"])
FAILURES = st.sampled_from(
    [ValueError, KeyError, SystemExit, KeyboardInterrupt, RecursionError, StopIteration, UnicodeError, MemoryError]
)
LEFT = JSON | st.sampled_from([float("nan"), {1}, object(), "\ud800", (1,), 2**80, b"x", {1: 2}, {"\ud800": 1}])
EDITS = st.one_of(
    st.tuples(st.just("label"), TEXT, TEXT),
    st.tuples(st.just("remove"), st.sampled_from(["labels", "annotations", "name"])),
    st.tuples(st.just("left"), KEYS, LEFT),
    st.tuples(st.just("merge"), st.dictionaries(KEYS, JSON, max_size=2)),
    st.tuples(st.just("replace"), LEFT),
    st.tuples(st.just("clear")),
    st.tuples(st.just("container"), LEFT),
    st.tuples(st.just("warn"), TEXT),
    st.tuples(st.just("many-warnings"), st.integers(1, 3000)),
    st.tuples(st.just("audit"), TEXT, TEXT),
    st.tuples(st.just("deny"), TEXT, CODES, st.lists(TEXT, max_size=2)),
    st.tuples(st.just("raise"), FAILURES, TEXT),
    st.tuples(st.just("return"), LEFT),
)


def perform(request: Any, edits: list[tuple[Any, ...]]) -> Any:
    """Do what Hypothesis drew; what it returns is what the action returns."""
    result = request.approve() if hasattr(request, "approve") else None
    for edit in edits:
        match edit:
            case "label", key, value:
                request.raw.metadata.labels[key] = value
            case "remove", key:
                document(request.raw).get("metadata", {}).pop(key, None)
            case "left", key, value:
                document(request.raw)[key] = copied(value)
            case "merge", part:
                getattr(request, "merge", bool)(part)
            case "replace", value:
                request.raw = value
            case ("clear",):
                document(request.raw).clear()
            case "container", value:
                document(request.raw).setdefault("spec", {}).setdefault("containers", []).insert(0, value)
            case "warn", text:
                request.warn(text)
            case "many-warnings", count:
                for number in range(count):
                    request.warn(f"warning {number}")
            case "audit", key, value:
                request.audit(key, value)
            case "deny", message, code, warnings:
                result = request.deny(message, code, warnings)
            case "raise", error, text:
                raise error(text)
            case "return", value:
                return value
    return result


RULES = st.lists(
    st.tuples(
        st.lists(EDITS, max_size=4),
        st.sampled_from(["reject", "audit", "ignore"]),
        st.sampled_from(["enforce", "warn", "audit"]),
    ),
    max_size=3,
)
REVIEWS = st.sampled_from(
    [
        review(POD),
        review(POD, old=POD, operation="UPDATE"),
        review(None, old=POD, operation="DELETE"),
        review({"kind": "PodProxyOptions"}, operation="CONNECT", subResource="proxy"),
        review({"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "aHVudGVyMg=="}}),
    ]
)


def _built(rules: list[Any], phase: str) -> Capability:
    made = Capability("shop")
    for edits, on_error, mode in rules:
        options = {"on_error": on_error, "mode": mode}
        chains = [
            made.when(a.Pod).is_created_or_updated(),
            made.when(a.Pod).is_deleted(),
            made.when(a.Pod).for_subresource("proxy", a.GenericKind),
            made.when(a.Secret).is_created(),
        ]
        for chain in chains:
            getattr(chain, phase)(**options)(lambda request, edits=edits: perform(request, edits))
    return made


@settings(max_examples=300, deadline=None)
@given(RULES, REVIEWS, st.sampled_from(["mutate", "validate"]), st.sampled_from(VERSIONS))
def test_no_answer_of_ours_is_one_that_the_server_punishes(rules: list[Any], body: bytes, phase: Any, version: str):
    body = body.replace(VERSIONS[0].encode(), version.encode())
    answer = drive(pipeline(_built(rules, phase), phase), body).answer()

    assert punished(write(answer, read(body).api_version), body, phase) is None

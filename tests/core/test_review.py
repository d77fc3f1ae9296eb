from __future__ import annotations

import base64
import contextlib
import json
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.errors import MalformedReview
from poblano.core.jsonvalue import same
from poblano.core.review import VERSIONS, Answer, decode, read, uid_of, write
from tests.core.driving import POD, drive, pipeline, review, shop
from tests.core.values import DOCUMENTS

ENVELOPE = {"apiVersion": VERSIONS[0], "kind": "AdmissionReview"}


def body(**request: Any) -> bytes:
    return msgspec.json.encode(ENVELOPE | {"request": {"uid": "u-1", "operation": "CREATE"} | request})


@pytest.mark.parametrize("version", VERSIONS)
def test_both_versions_are_read_and_answered_in_the_version_asked(version: str):
    found = read(review(POD).replace(VERSIONS[0].encode(), version.encode()))

    assert found.api_version == version
    assert json.loads(write(Answer(uid="u"), found.api_version))["apiVersion"] == version


def test_what_is_absent_or_null_has_its_empty_value():
    nulls = dict.fromkeys(
        [
            "kind",
            "resource",
            "subResource",
            "requestKind",
            "name",
            "namespace",
            "userInfo",
            "dryRun",
            "object",
            "oldObject",
            "options",
        ]
    )
    for asked in (read(body()).request, read(body(**nulls)).request):
        assert (asked.name, asked.namespace, asked.sub_resource, asked.dry_run) == ("", "", "", False)
        assert (asked.kind.kind, asked.user_info.username, list(asked.user_info.groups)) == ("", "", [])
        assert (asked.object, asked.old_object, asked.options) == (None, None, None)


def test_parts_of_the_user_may_be_null():
    asked = read(body(userInfo={"username": "alice", "groups": None, "extra": None, "uid": None}, object=POD)).request

    assert (asked.user_info.username, list(asked.user_info.groups)) == ("alice", [])
    assert asked.object == POD


def test_who_asks_cannot_be_changed_for_the_next_rule():
    asked = read(body(userInfo={"username": "alice", "groups": ["g"], "extra": {"team": ["shop"]}})).request.user_info

    assert (asked.groups, asked.extra) == (("g",), {"team": ("shop",)})
    with pytest.raises(AttributeError):
        setattr(asked, "username", "root")  # noqa: B010 -- as an action may


def test_what_an_authenticator_adds_may_be_null():
    user = read(
        body(userInfo={"username": "alice", "groups": ["g"], "extra": {"scopes": None, "team": ["shop"]}})
    ).request.user_info

    assert (user.username, list(user.groups), user.extra) == ("alice", ["g"], {"scopes": (), "team": ("shop",)})


@given(DOCUMENTS)
def test_every_number_and_text_of_an_object_survives(document: Any):
    found = read(body(object=document, oldObject=document)).request

    assert same(found.object, document)
    assert same(found.old_object, document)


@given(DOCUMENTS)
def test_an_object_survives_beside_nulls_in_the_envelope(document: Any):
    assert same(read(body(object=document, name=None)).request.object, document)


@pytest.mark.parametrize("number", [2**53 + 1, 2**63, 2**64 + 1, -(2**100), 10**400, 1.5, 1e300, 5e-324, 0.1])
def test_numbers_are_exact(number: float):
    assert same(read(body(object={"n": number})).request.object, {"n": number})


DEEP = 100_000
MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "no json": b"hello",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": json.dumps(ENVELOPE).encode("utf-16"),
    "invalid UTF-8": b'{"apiVersion":"\xff"}',
    "a lone surrogate": b'{"kind":"\\ud800"}',
    "null": b"null",
    "a list": b"[]",
    "a string": b'"x"',
    "a number": b"1",
    "truncated": review(POD)[:-20],
    "deep": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep lists": b"[" * DEEP,
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "no request": msgspec.json.encode(ENVELOPE),
    "request null": msgspec.json.encode(ENVELOPE | {"request": None}),
    "request a list": msgspec.json.encode(ENVELOPE | {"request": []}),
    "request a string": msgspec.json.encode(ENVELOPE | {"request": "x"}),
    "no uid": msgspec.json.encode(ENVELOPE | {"request": {"operation": "CREATE"}}),
    "uid empty": body(uid=""),
    "uid null": body(uid=None),
    "uid a number": body(uid=1),
    "no operation": msgspec.json.encode(ENVELOPE | {"request": {"uid": "u"}}),
    "an unknown operation": body(operation="PATCH"),
    "a lower-case operation": body(operation="create"),
    "an unknown version": msgspec.json.encode({"apiVersion": "admission.k8s.io/v2", "kind": "AdmissionReview"}),
    "another kind": msgspec.json.encode({"apiVersion": VERSIONS[0], "kind": "Pod", "request": {"uid": "u"}}),
    "no kind": msgspec.json.encode({"request": {"uid": "u", "operation": "CREATE"}}),
    "kind a string": body(kind="Pod"),
    "name a number": body(name=1),
    "dryRun a string": body(dryRun="yes"),
    "groups a string": body(userInfo={"groups": "x"}),
    "user a list": body(userInfo=["alice"]),
    "trailing": review(POD) + b"{}",
    "a huge number": b'{"apiVersion": 1' + b"0" * 10_000 + b"}",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_review_is_said_to_be_none(name: str):
    with pytest.raises(MalformedReview) as refused:
        read(MALFORMED[name])

    assert len(str(refused.value)) < 500
    assert isinstance(uid_of(MALFORMED[name]), str)


OBJECTS: dict[str, bytes] = {
    "a list": b"[]",
    "a string": b'"x"',
    "a number": b"1",
    "true": b"true",
    "too deep": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "1e999": b'{"a":1e999}',
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a surrogate key": b'{"\\udfff":1}',
    "an endless integer": b'{"a":' + b"9" * (sys.get_int_max_str_digits() + 1) + b"}",
    "invalid UTF-8": b'{"a":"\xff"}',
}


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("phase", ["mutate", "validate"])
def test_an_object_that_cannot_be_read_is_a_malformed_review_and_nothing_else(name: str, phase: Any):
    from poblano import a

    def look(pod: Any) -> Any:
        with contextlib.suppress(Exception):
            assert pod.raw
        return pod.approve() if phase == "validate" else None

    rules = shop()
    rules.when(a.Pod).is_created().mutate(look).validate(look)
    raw = review({"kind": "Pod"}, name="x").replace(b'"object":{"kind":"Pod"}', b'"object":' + OBJECTS[name])

    with pytest.raises(MalformedReview):
        drive(pipeline(rules, phase), raw)


@pytest.mark.parametrize("name", ["1e999", "an endless integer"])
def test_a_number_beyond_all_numbers_in_an_object_nobody_asks_for_is_nobodys_concern(name: str):
    from poblano import a

    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("tier", "data"))
    obj = b'{"metadata":{},' + OBJECTS[name][1:]
    raw = review({"kind": "Pod"}, name="x").replace(b'"object":{"kind":"Pod"}', b'"object":' + obj)

    assert drive(pipeline(rules), raw).patch == [{"op": "add", "path": "/metadata/labels", "value": {"tier": "data"}}]


@given(st.binary(max_size=60))
def test_any_bytes_are_a_review_or_are_refused(data: bytes):
    for sent in (data, review(POD)[: len(data) * 20], review(POD).replace(b"shop", data)):
        try:
            read(sent)
        except MalformedReview as refused:
            assert isinstance(refused.uid, str)  # noqa: PT017 -- either is fine
        uid_of(sent)


def test_the_uid_of_a_refused_review_is_known_where_it_can_be_read():
    for name in ("an unknown operation", "name a number", "kind a string", "user a list"):
        with pytest.raises(MalformedReview) as refused:
            read(MALFORMED[name])
        assert refused.value.uid == "u-1"


@pytest.mark.parametrize("uid", ["x" * 1_000_000, "a\u0000b\n\x7f", "é🌶", '"quoted"'])
def test_a_uid_is_echoed_whatever_it_is(uid: str):
    found = read(body(uid=uid))

    assert json.loads(write(Answer(uid=found.request.uid)))["response"]["uid"] == uid


def test_of_a_key_given_twice_the_last_counts():
    raw = review({"kind": "Pod"}).replace(b'"object":{"kind":"Pod"}', b'"object":{"a":1,"a":2}')

    assert read(raw).request.object == {"a": 2}


def test_null_with_spaces_around_is_no_object():
    raw = review(None).replace(b'"object":null', b'"object" :  null ')

    assert read(raw).request.object is None


def test_a_large_review_is_read():
    large = {
        "metadata": {
            "managedFields": [{"n": n} for n in range(100_000)],
            "labels": {f"k{n}": "" for n in range(100_000)},
        }
    }

    assert read(body(object=large)).request.object == large


def test_an_object_is_decoded_anew_at_each_access():
    asked = read(review(POD)).request
    asked.object["metadata"].clear()  # type: ignore[index]

    assert asked.object == POD


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE", "DELETE", "CONNECT"])
def test_both_objects_may_be_null_in_every_operation(operation: str):
    asked = read(body(operation=operation, object=None, oldObject=None)).request

    assert decode(asked.subject_bytes) is None


# ------------------------------------------------------------------------------------------------ answers


def response(answer: Answer) -> dict[str, Any]:
    found = json.loads(write(answer))
    assert {key: found[key] for key in ENVELOPE} == ENVELOPE
    return found["response"]


def test_an_allowed_answer_says_no_more_than_that():
    assert response(Answer(uid="u")) == {"uid": "u", "allowed": True}


def test_a_patch_and_its_type_come_together():
    operations = [{"op": "add", "path": "/a~1b", "value": [1.0, 2**70, "é", None]}]
    found = response(Answer(uid="u", patch=operations))

    assert found["patchType"] == "JSONPatch"
    assert same(json.loads(base64.b64decode(found["patch"], validate=True)), operations)


def test_a_refusal_has_its_message_and_code_and_never_a_patch():
    found = response(Answer(uid="u", allowed=False, code=409, message="no", patch=[{"op": "remove", "path": "/a"}]))

    assert found == {"uid": "u", "allowed": False, "status": {"code": 409, "message": "no", "reason": "Conflict"}}


@pytest.mark.parametrize(
    ("code", "reason"), [(403, "Forbidden"), (422, "Invalid"), (500, "InternalError"), (418, None), (599, None)]
)
def test_a_code_has_the_reason_that_kubernetes_gives_it(code: int, reason: str | None):
    assert response(Answer(uid="u", allowed=False, code=code, message="x"))["status"].get("reason") == reason


@pytest.mark.parametrize("allowed", [True, False])
def test_warnings_and_notes_go_with_either_answer(allowed: bool):
    found = response(Answer(uid="u", allowed=allowed, message="m", warnings=["w"], audit_annotations={"k": "v"}))

    assert (found["warnings"], found["auditAnnotations"]) == (["w"], {"k": "v"})


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))), st.sampled_from(VERSIONS), st.text(max_size=20))
def test_a_patch_that_has_been_written_already_is_sent_as_one_that_has_not(uid: str, version: str, value: str):
    patch = [{"op": "add", "path": "/metadata/labels/a", "value": value.encode(errors="replace").decode()}]

    written = write(Answer(uid=uid, patch=patch, patch_json=msgspec.json.encode(patch)), version)

    assert written == write(Answer(uid=uid, patch=patch), version)

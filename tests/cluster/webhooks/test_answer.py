"""What is read from a webhook's answer, and what the user is told of one that is none."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.webhooks.answer import answer
from poblano.cluster.webhooks.failure import Denial, NotAsked
from poblano.cluster.webhooks.reply import Reply

UID = "11111111-2222-3333-4444-555555555555"
CALL = "failed to call webhook: "
BAD = "received invalid webhook response: "
TYPE_META = (
    'of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)


def review(*, version="v1", review=None, **response):
    document = {"apiVersion": f"admission.k8s.io/{version}", "kind": "AdmissionReview"}
    return document | {"response": {"uid": UID, "allowed": True} | response} | (review or {})


def read(document, *, version="v1", mutating=False, status=200, content_type="application/json"):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return answer(Reply(status, content_type, "", body), uid=UID, version=version, mutating=mutating)


def why(document, **options):
    with pytest.raises(NotAsked) as caught:
        read(document, **options)
    return str(caught.value)


def reason_of(document, **options):
    """Why it is no answer; None when it is one."""
    try:
        read(document, **options)
    except NotAsked as reason:
        return str(reason)
    return None


def test_everything_that_a_webhook_may_say():
    said = read(
        review(
            allowed=False,
            status={"code": 403, "message": "no"},
            warnings=["w"],
            auditAnnotations={"k": "v"},
            patch=base64.b64encode(b"[]").decode(),
            patchType="JSONPatch",
        ),
        mutating=True,
    )
    assert (said.allowed, said.status, said.warnings) == (False, {"code": 403, "message": "no"}, ("w",))
    assert (said.patch, said.patch_type, said.audit_annotations) == (b"[]", "JSONPatch", {"k": "v"})


def test_nothing_said_is_no():
    assert (
        read({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {"uid": UID}}).allowed
        is False
    )


def test_an_answer_in_yaml_is_an_answer():
    body = f"apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nresponse: {{uid: {UID}, allowed: true}}\n"
    assert read(body.encode()).allowed is True


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (review(uid="other"), f'{BAD}expected response.uid="{UID}", got "other"'),
        (review(review={"response": None}), f"{BAD}webhook response was absent"),
        ({}, f"{BAD}webhook response was absent"),
        (b"null", f"{BAD}webhook response was absent"),
        (
            {"response": {"uid": UID, "allowed": True}},
            f"{BAD}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
        ),
        (review(patch="e30=", patchType="JSONPatch"), f"{BAD}validating webhook may not return response.patch"),
        (review(patchType="JSONPatch"), f"{BAD}validating webhook may not return response.patchType"),
        (
            review(review={"kind": "Pod"}),
            (
                f'{CALL}no kind "Pod" is registered for version "admission.k8s.io/v1" in scheme'
                ' "k8s.io/apiserver/pkg/util/webhook/client.go:71"'
            ),
        ),
        (
            review(review={"apiVersion": "v1"}),
            (
                f'{CALL}no kind "AdmissionReview" is registered for version "v1" in scheme'
                ' "k8s.io/apiserver/pkg/util/webhook/client.go:71"'
            ),
        ),
        (review(review={"apiVersion": "a/b/c"}), f"{CALL}unexpected GroupVersion string: a/b/c"),
        (
            review(version="v1beta1"),
            f"{CALL}converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion",
        ),
        (
            {"apiVersion": "v1", "kind": "Status", "status": "Failure", "message": "no"},
            f"{CALL}converting (v1.Status) to (v1.AdmissionReview): unknown conversion",
        ),
        (b"", f"{CALL}0-length response with status code: 200 and content type: application/json"),
        (
            b"hello",
            f"{CALL}couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value {TYPE_META}",
        ),
        (
            b"[]",
            f"{CALL}couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value {TYPE_META}",
        ),
        (b'{"kind": ', f"{CALL}couldn't get version/kind; json parse error: unexpected end of JSON input"),
        (
            b'{"kind": "AdmissionReview"} x',
            f"{CALL}couldn't get version/kind; json parse error: invalid character 'x' after top-level value",
        ),
        (
            {"kind": 1},
            (
                f"{CALL}couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field"
                " .kind of type string"
            ),
        ),
    ],
)
def test_what_is_no_answer(document, reason):
    assert why(document) == reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"patch": "W10="}, "webhook returned response.patch but not response.patchType"),
        ({"patchType": "JSONPatch"}, "webhook returned response.patchType but not response.patch"),
        ({"patch": "", "patchType": "JSONPatch"}, "webhook returned response.patchType but not response.patch"),
        ({"patch": "W10=", "patchType": ""}, 'webhook returned invalid response.patchType of ""'),
    ],
)
def test_a_patch_and_its_type_come_together(fields, reason):
    assert why(review(**fields), mutating=True) == BAD + reason


FIELD = "Go struct field AdmissionResponse.response."


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"allowed": "yes"}, f"json: cannot unmarshal string into {FIELD}allowed of type bool"),
        ({"allowed": 1}, f"json: cannot unmarshal number into {FIELD}allowed of type bool"),
        ({"uid": {}}, f"json: cannot unmarshal object into {FIELD}uid of type types.UID"),
        ({"warnings": "w"}, f"json: cannot unmarshal string into {FIELD}warnings of type []string"),
        ({"warnings": [1]}, f"json: cannot unmarshal number into {FIELD}warnings of type string"),
        ({"auditAnnotations": {"k": 1}}, f"json: cannot unmarshal number into {FIELD}auditAnnotations of type string"),
        ({"patchType": 1}, f"json: cannot unmarshal number into {FIELD}patchType of type v1.PatchType"),
        ({"patch": {}}, f"json: cannot unmarshal object into {FIELD}patch of type []uint8"),
        ({"patch": [{"op": "add"}]}, f"json: cannot unmarshal object into {FIELD}patch of type uint8"),
        ({"patch": "!!!"}, "illegal base64 data at input byte 0"),
        ({"patch": "W10"}, "illegal base64 data at input byte 3"),
        ({"patch": "W10=x"}, "illegal base64 data at input byte 4"),
        (
            {"status": {"code": "x"}},
            "json: cannot unmarshal string into Go struct field Status.response.status.code of type int32",
        ),
        (
            {"status": {"code": 1.5}},
            "json: cannot unmarshal number 1.5 into Go struct field Status.response.status.code of type int32",
        ),
        ({"status": "no"}, f"json: cannot unmarshal string into {FIELD}status of type v1.Status"),
        (
            {"status": {"details": {"causes": [{"field": 1}]}}},
            (
                "json: cannot unmarshal number into Go struct field StatusCause.response.status.details.causes.field"
                " of type string"
            ),
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_told_as_go_tells_it(fields, reason):
    assert why(review(**fields), mutating=True) == CALL + reason


def test_a_response_that_is_no_map():
    field = "Go struct field AdmissionReview.response of type v1.AdmissionResponse"
    assert why(review(review={"response": "x"})) == f"{CALL}json: cannot unmarshal string into {field}"


def test_v1beta1_is_not_held_to_what_it_never_asked_for():
    document = review(version="v1beta1", uid="other", patch="W10=")
    said = read(document, version="v1beta1", mutating=True)
    assert (said.allowed, said.patch, said.patch_type) == (True, b"[]", "JSONPatch")
    assert read(document, version="v1beta1", mutating=False).patch == b""


@pytest.mark.parametrize(
    ("status", "content_type", "body", "reason"),
    [
        (500, "", b" SAY boom\n", 'an error on the server ("SAY boom") has prevented the request from succeeding'),
        (
            500,
            "text/html; charset=utf-8",
            b"<b>",
            'an error on the server ("<b>") has prevented the request from succeeding',
        ),
        (
            502,
            "application/json",
            b"{}",
            'an error on the server ("unknown") has prevented the request from succeeding',
        ),
        (503, "", b"x", "the server is currently unable to handle the request"),
        (429, "", b"", "the server has received too many requests and has asked us to try again later"),
        (404, "", b"x", "the server could not find the requested resource"),
        (403, "", b"go away", "go away"),
        (401, "", b"", "the server has asked for the client to provide credentials"),
        (406, "", b"", "the server was unable to respond with a content type that the client supports"),
        (302, "", b"", "the server responded with the status code 302 but did not return more information"),
        (418, "", b"tea", "the server responded with the status code 418 but did not return more information"),
        (
            500,
            "application/json",
            b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"own words"}',
            "own words",
        ),
        (500, "", b"x" * 3000, f'an error on the server ("{"x" * 2048}") has prevented the request from succeeding'),
    ],
)
def test_an_http_error_is_told_as_client_go_tells_it(status, content_type, body, reason):
    assert why(body, status=status, content_type=content_type) == CALL + reason


@given(st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_a_reason(body):
    assert reason_of(body) != ""


shapes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(["uid", "allowed", "status", "patch", "patchType", "auditAnnotations", "warnings"]), shapes
    ),
    st.booleans(),
)
def test_any_response_is_an_answer_or_a_reason(fields, mutating):
    assert reason_of(review(**fields), mutating=mutating) != ""


@pytest.mark.parametrize(
    ("given", "code", "reason", "message"),
    [
        (None, 400, "", "denied the request without explanation"),
        ({"message": "no", "code": 200}, 400, "", "denied the request: no"),
        ({"reason": "Forbidden", "code": 403}, 403, "Forbidden", "denied the request: Forbidden"),
        ({"message": "no", "code": 600}, 600, "", "denied the request: no"),
    ],
)
def test_a_denial(given, code, reason, message):
    denial = Denial("a.example.com", given)
    document = denial.document()
    assert (denial.code, document["code"], document.get("reason", "")) == (code, code, reason)
    assert document["message"] == f'admission webhook "a.example.com" {message}'
    assert document["status"] == "Failure"


def test_a_denial_passes_on_details_and_when_to_come_again():
    details = {"name": "q", "uid": "", "retryAfterSeconds": 3, "causes": [{"field": "a", "message": ""}]}
    denial = Denial("a.example.com", {"details": details, "status": "Weird", "metadata": {"continue": "c"}})
    document = denial.document()
    assert document["details"] == {"name": "q", "retryAfterSeconds": 3, "causes": [{"field": "a"}]}
    assert (document["status"], document["metadata"], denial.retry_after) == ("Weird", {"continue": "c"}, 3)

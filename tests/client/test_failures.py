from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.client.failures import failure
from poblano.core import errors
from poblano.core.context import Running, running
from poblano.core.errors import ApiError
from poblano.core.verdict import described
from tests.client.loopback import status

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def refused(code: int, reason: str = "", message: str = "no", **details: object) -> ApiError:
    return failure(code, encoded(status(code, reason, message, **details)), method="GET", path="/api")


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    (
        (400, "BadRequest", errors.BadRequest),
        (401, "Unauthorized", errors.Unauthorized),
        (403, "Forbidden", errors.Forbidden),
        (404, "NotFound", errors.NotFound),
        (409, "Conflict", errors.Conflict),
        (409, "AlreadyExists", errors.AlreadyExists),
        (410, "Expired", errors.Expired),
        (418, "", errors.ApiError),
        (422, "Invalid", errors.Invalid),
        (429, "TooManyRequests", errors.TooManyRequests),
        (500, "InternalError", errors.ServerError),
        (503, "ServiceUnavailable", errors.ServerError),
    ),
)
def test_every_status_has_its_error(code: int, reason: str, kind: type[ApiError]):
    error = refused(code, reason, "words", name="x")

    assert type(error) is kind
    assert (error.status, error.reason, error.message, error.details) == (code, reason, "words", {"name": "x"})
    assert str(error).startswith("GET /api: words")


def test_rbac_names_the_rule_to_add():
    error = refused(
        403,
        "Forbidden",
        'pods is forbidden: User "joe" cannot list resource "pods/log" in API group "" in the namespace "shop"',
    )

    assert (
        error.remedy
        == 'give joe the rule {apiGroups: [""], resources: ["pods/log"], verbs: ["list"]} in a Role in namespace shop'
    )


def test_in_an_action_rbac_names_what_to_write_at_the_rule():
    message = 'x is forbidden: User "joe" cannot get resource "pods/log" in API group "" in the namespace "shop"'
    own = 'x is forbidden: User "joe" cannot patch resource "webapps" in API group "shop.example.com" at the cluster scope'
    with acting("shop", "welcome"):
        assert refused(403, "Forbidden", message).remedy.startswith(
            'write uses=[Uses(a.Pod, "get", namespaces=["shop"], subresource="log")] at the rule shop/welcome, and build and '
            "deploy it again; or give joe the rule"
        )
        assert '[Uses(<the class of webapps.shop.example.com>, "patch")]' in refused(403, "Forbidden", own).remedy


@contextmanager
def acting(capability: str, rule: str):
    token = running.set(Running(capability, rule))
    try:
        yield
    finally:
        running.reset(token)


def test_rbac_at_cluster_scope_names_a_cluster_role():
    message = 'x is forbidden: User "joe" cannot patch resource "webapps" in API group "shop.example.com" at the cluster scope'

    assert refused(403, "Forbidden", message).remedy.endswith('["webapps"], verbs: ["patch"]} in a ClusterRole')


def test_rbac_of_a_path_names_the_path():
    message = 'forbidden: User "joe" cannot get path "/metrics"'

    assert 'nonResourceURLs: ["/metrics"], verbs: ["get"]' in refused(403, "Forbidden", message).remedy


def test_a_webhooks_denial_is_not_taken_for_rbac():
    assert refused(403, "Forbidden", 'admission webhook "x" denied the request: no').remedy == ""


def test_a_missing_resource_and_a_missing_object_are_told_apart():
    assert "CustomResourceDefinition" in refused(404, "NotFound").remedy
    assert refused(404, "NotFound", name="db").remedy == ""


def test_the_definition_that_is_missing_is_named():
    for path in ("/apis/shop.example.com/v1/namespaces/shop/webapps/x", "/apis/shop.example.com/v1/webapps?limit=1"):
        error = failure(404, b"404 page not found", method="GET", path=path)
        assert error.remedy.endswith("the CustomResourceDefinition webapps.shop.example.com is installed")


def test_a_kind_without_a_status_of_its_own_is_told_from_one_that_is_not_there():
    error = failure(
        404, b"404 page not found", method="PATCH", path="/apis/shop.example.com/v1/namespaces/shop/webapps/x/status"
    )
    assert error.remedy.endswith("webapps.shop.example.com is installed, and has a subresource status")


def test_a_log_line_has_all_of_what_to_do():
    path = "/apis/shop.example.com/v1/namespaces/shop/webapps/web"
    who = "system:serviceaccount:poblano-system:poblano-webapps"
    message = (
        f'webapps.shop.example.com "web" is forbidden: User "{who}" cannot patch resource "webapps" in API group '
        '"shop.example.com" in the namespace "shop"'
    )
    error = failure(403, encoded(status(403, "Forbidden", message, name="web")), method="PATCH", path=path)
    assert len(str(error)) > 300
    assert described(error) == f"Forbidden: {error}"


def test_a_missing_namespace_is_named():
    said = encoded(status(404, "NotFound", 'namespaces "shop" not found', name="shop", kind="namespaces"))

    assert failure(404, said, path="/api/v1/namespaces/shop/pods").remedy == "create the Namespace shop first"
    assert failure(404, said, path="/api/v1/namespaces/shop").remedy == ""


def contested(*fields: str) -> list[dict[str, str]]:
    said = 'conflict with "kubectl" with subresource "status" using v1 at 2026-01-01T00:00:00Z'
    return [{"reason": "FieldManagerConflict", "message": said, "field": field} for field in fields]


def test_a_field_managers_conflict_names_the_fields_and_who_owns_them():
    error = refused(409, "Conflict", causes=contested(".data.a", ".data.b"))

    assert isinstance(error, errors.Conflict)
    assert error.owners == ((".data.a", "kubectl"), (".data.b", "kubectl"))
    assert error.remedy.endswith("apply with force to take it over: .data.a (kubectl), .data.b (kubectl)")
    assert refused(409, "Conflict", causes=contested(*"abcdefg")).remedy.endswith("e (kubectl) and 2 more")
    assert "read it again" in refused(409, "Conflict", causes="?").remedy


def test_what_is_invalid_is_said_field_by_field():
    causes = [{"reason": "FieldValueInvalid", "message": "Invalid value: -1", "field": "spec.replicas"}, "?", {}]

    assert refused(422, "Invalid", causes=causes).causes == (
        errors.Cause("FieldValueInvalid", "spec.replicas", "Invalid value: -1"),
        errors.Cause("", "", ""),
    )


@pytest.mark.parametrize(
    ("body", "message"),
    (
        (b"", "the API server answered HTTP 502"),
        (b"<html>Bad Gateway</html>", "the API server answered HTTP 502"),
        (b"upstream is gone\n", "upstream is gone"),
        (b'{"kind": "Pod"}', "the API server answered HTTP 502"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ),
)
def test_what_is_no_status_still_makes_an_error(body: bytes, message: str):
    assert failure(502, body).message == message


@given(
    st.integers(300, 599),
    st.binary()
    | values.map(encoded)
    | st.fixed_dictionaries(
        {"kind": st.just("Status")}, optional={"message": values, "reason": values, "details": values}
    ).map(encoded),
)
def test_any_answer_makes_an_error(code: int, body: bytes):
    assert failure(code, body).status == code

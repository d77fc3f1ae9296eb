"""Asking who somebody is and what they may do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from poblano.cluster.access.authenticator import ADMIN
from poblano.cluster.attributes import User
from poblano.cluster.status import StatusError
from tests.cluster.access.cluster import TOKEN, Objects, access, account, binding, role, rule

ZOE = User("zoe", ("system:authenticated",))
SHOP = (role("r", rule("get", "configmaps"), namespace="shop"), binding("b", "r", "User:zoe", namespace="shop"))


def review(
    kind: str, spec: dict[str, Any], *, user: User = ADMIN, namespace: str = "", rbac: bool = True, **more: Any
) -> dict[str, Any]:
    group = "authentication.k8s.io" if kind in {"TokenReview", "SelfSubjectReview"} else "authorization.k8s.io"
    document = {"kind": kind, "apiVersion": f"{group}/v1", "metadata": {}, "spec": spec, **more}
    before = json.dumps(document)
    entry = access(Objects(*SHOP, account("bot", uid="7")), rbac=rbac)
    answer = entry.review(group, f"{kind.lower()}s", document, user=user, namespace=namespace)
    assert json.dumps(document) == before
    return answer


def status(kind: str, spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = review(kind, spec, **more)["status"]
    return found


GET = {"namespace": "shop", "verb": "get", "resource": "configmaps"}


def test_a_review_of_somebody_names_the_binding_that_allows() -> None:
    assert status("SubjectAccessReview", {"user": "zoe", "resourceAttributes": GET}) == {
        "allowed": True,
        "reason": 'RBAC: allowed by RoleBinding "b/shop" of Role "r" to User "zoe"',
    }
    assert status("SubjectAccessReview", {"user": "max", "resourceAttributes": GET}) == {"allowed": False}
    assert status("SubjectAccessReview", {"groups": ["system:masters"], "resourceAttributes": GET}) == {"allowed": True}


def test_a_review_of_oneself_is_about_who_asks() -> None:
    assert status("SelfSubjectAccessReview", {"resourceAttributes": GET}) == {"allowed": True}
    assert status("SelfSubjectAccessReview", {"resourceAttributes": {**GET, "verb": "list"}}, user=ZOE) == {
        "allowed": False
    }


def test_paths_can_be_asked_about() -> None:
    spec = {"user": "zoe", "nonResourceAttributes": {"path": "/metrics", "verb": "get"}}
    assert status("SubjectAccessReview", spec) == {"allowed": False}
    assert status("SubjectAccessReview", {"user": "zoe", "nonResourceAttributes": {}}) == {"allowed": False}


def test_without_roles_every_review_says_yes() -> None:
    for kind, spec in (("SubjectAccessReview", {"user": "max"}), ("SelfSubjectAccessReview", {})):
        assert status(kind, {**spec, "resourceAttributes": GET}, rbac=False) == {"allowed": True}
    assert status("SelfSubjectRulesReview", {"namespace": "shop"}, user=ZOE, rbac=False) == {
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    }


def test_the_review_of_a_namespace_asks_in_it_only() -> None:
    local = {"namespace": "shop", "metadata": {"namespace": "shop"}}
    assert status("LocalSubjectAccessReview", {"user": "zoe", "resourceAttributes": GET}, **local)["allowed"]
    for spec, field in (
        ({"user": "zoe", "resourceAttributes": {**GET, "namespace": "q"}}, "spec.resourceAttributes.namespace"),
        ({"user": "zoe", "nonResourceAttributes": {"path": "/x"}}, "spec.nonResourceAttributes"),
    ):
        with pytest.raises(StatusError) as caught:
            review("LocalSubjectAccessReview", spec, **local)
        assert caught.value.details is not None
        assert [cause["field"] for cause in caught.value.details["causes"]] == [field]


@pytest.mark.parametrize(
    ("spec", "metadata", "message"),
    [
        (
            {"user": "zoe"},
            {},
            (
                "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must "
                "be specified"
            ),
        ),
        (
            {"resourceAttributes": {}, "nonResourceAttributes": {"path": "/x", "verb": "get"}},
            {},
            (
                '[spec.nonResourceAttributes: Invalid value: {"path":"/x","verb":"get"}: cannot be specified in combination '
                'with resourceAttributes, spec.user: Invalid value: "": at least one of user or group must be specified]'
            ),
        ),
        (
            {"user": "zoe", "resourceAttributes": {}},
            {"name": "x"},
            'metadata: Invalid value: {"name":"x"}: must be empty',
        ),
    ],
)
def test_a_review_that_asks_nothing_is_refused(spec: dict[str, Any], metadata: dict[str, Any], message: str) -> None:
    with pytest.raises(StatusError) as caught:
        review("SubjectAccessReview", spec, metadata=metadata)
    assert caught.value.message == f'.authorization.k8s.io "" is invalid: {message}'


def test_managed_fields_are_no_metadata_of_the_user_s() -> None:
    spec = {"user": "zoe", "resourceAttributes": GET}
    assert review("SubjectAccessReview", spec, metadata={"managedFields": [{}]})["metadata"] == {"managedFields": [{}]}


def test_one_s_rules_in_a_namespace() -> None:
    answer = review("SelfSubjectRulesReview", {"namespace": "shop"}, user=ZOE)
    assert answer["spec"] == answer["metadata"] == {}
    assert answer["status"] == {
        "resourceRules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"]}],
        "nonResourceRules": [],
        "incomplete": False,
    }
    with pytest.raises(StatusError, match="no namespace on request"):
        review("SelfSubjectRulesReview", {}, user=ZOE)


def test_one_s_rules_say_which_role_is_gone() -> None:
    entry = access(Objects(binding("b", "gone", "User:zoe")))
    document = {"kind": "SelfSubjectRulesReview", "spec": {"namespace": "shop"}}
    answer = entry.review("authorization.k8s.io", "selfsubjectrulesreviews", document, user=ZOE)
    assert answer["status"]["evaluationError"] == 'clusterrole.rbac.authorization.k8s.io "gone" not found'


def test_who_am_i() -> None:
    answer = review("SelfSubjectReview", {}, user=User("zoe", ("dev",), "7", {"scopes": ("a",)}))
    assert answer["metadata"] == {"creationTimestamp": "2026-01-31T12:00:00Z"}
    assert answer["status"] == {
        "userInfo": {"username": "zoe", "uid": "7", "groups": ["dev"], "extra": {"scopes": ["a"]}}
    }


def test_whose_token_it_is() -> None:
    assert status("TokenReview", {"token": TOKEN}) == {
        "authenticated": True,
        "user": {"username": "admin", "uid": "admin", "groups": ["system:masters", "system:authenticated"]},
        "audiences": ["https://kubernetes.default.svc"],
    }
    assert status("TokenReview", {"token": "nope"}) == {"user": {}, "error": "invalid bearer token"}
    assert status("TokenReview", {"token": TOKEN, "audiences": ["vault"]}) == {
        "user": {},
        "error": "invalid bearer token",
    }


def test_a_token_is_reviewed_for_whoever_it_is_for() -> None:
    entry = access(Objects(account("bot", uid="7")))
    asked = {"kind": "TokenRequest", "spec": {"audiences": ["vault"]}}
    token = entry.token_request(asked, namespace="shop", name="bot")["status"]["token"]

    def reviewed(**spec: Any) -> dict[str, Any]:
        document = {"kind": "TokenReview", "spec": {"token": token, **spec}}
        found: dict[str, Any] = entry.review("authentication.k8s.io", "tokenreviews", document, user=ADMIN)["status"]
        return found

    assert reviewed(audiences=["x", "vault"])["audiences"] == ["vault"]
    assert reviewed()["error"] == (
        '[invalid bearer token, token audiences ["vault"] is invalid for the target audiences '
        '["https://kubernetes.default.svc"]]'
    )


def test_a_review_without_a_token_is_no_question() -> None:
    with pytest.raises(StatusError, match="token is required for TokenReview in authentication"):
        review("TokenReview", {})


def test_what_is_no_review_is_not_answered() -> None:
    with pytest.raises(StatusError) as caught:
        access(Objects()).review("apps", "deployments", {}, user=ADMIN)
    assert caught.value.code == 404

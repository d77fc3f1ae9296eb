"""Tokens on demand."""

from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.access.jwt import unverified
from poblano.cluster.status import StatusError
from tests.cluster.access.cluster import Objects, access, account

POD = {
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop", "uid": "p"},
    "spec": {"serviceAccountName": "bot"},
}


def ask(
    *more: dict[str, Any], metadata: dict[str, Any] | None = None, name: str = "bot", **spec: Any
) -> dict[str, Any]:
    asked = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": metadata or {}, "spec": spec}
    before = repr(asked)
    answer = access(Objects(account("bot"), *more)).token_request(asked, namespace="shop", name=name)
    assert repr(asked) == before
    return answer


def refused(*more: dict[str, Any], **asked: Any) -> StatusError:
    with pytest.raises(StatusError) as caught:
        ask(*more, **asked)
    return caught.value


def test_what_is_not_said_is_filled_in() -> None:
    answer = ask()
    assert answer["metadata"] == {"name": "bot", "namespace": "shop", "creationTimestamp": "2026-01-31T12:00:00Z"}
    assert answer["spec"] == {
        "audiences": ["https://kubernetes.default.svc"],
        "expirationSeconds": 3600,
        "boundObjectRef": None,
    }
    assert answer["status"]["expirationTimestamp"] == "2026-01-31T13:00:00Z"


def test_the_token_claims_what_those_of_the_real_server_do() -> None:
    claims = unverified(ask(POD, boundObjectRef={"kind": "Pod", "apiVersion": "v1", "name": "web"})["status"]["token"])
    assert claims is not None
    assert claims.pop("jti")
    assert claims == {
        "aud": ["https://kubernetes.default.svc"],
        "exp": 1769864400,
        "iat": 1769860800,
        "nbf": 1769860800,
        "iss": "https://kubernetes.default.svc",
        "kubernetes.io": {
            "namespace": "shop",
            "pod": {"name": "web", "uid": "p"},
            "serviceaccount": {"name": "bot", "uid": "uid-1"},
        },
        "sub": "system:serviceaccount:shop:bot",
    }


def test_the_default_token_of_a_pod_lives_for_a_year() -> None:
    bound = {"kind": "Pod", "apiVersion": "v1", "name": "web"}
    answer = ask(POD, boundObjectRef=bound, expirationSeconds=3607)
    claims = unverified(answer["status"]["token"])
    assert claims is not None
    assert claims["exp"] - claims["iat"] == 365 * 24 * 3600
    assert claims["kubernetes.io"]["warnafter"] - claims["iat"] == 3607
    assert answer["status"]["expirationTimestamp"] == "2026-01-31T13:00:07Z"
    for other in ({"audiences": ["vault"]}, {"boundObjectRef": None}):
        claims = unverified(
            ask(POD, **{"boundObjectRef": bound, "expirationSeconds": 3607, **other})["status"]["token"]
        )
        assert claims is not None
        assert claims["exp"] - claims["iat"] == 3607


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (599, "may not specify a duration less than 10 minutes"),
        (0, "may not specify a duration less than 10 minutes"),
        (2**32 + 1, "may not specify a duration larger than 2^32 seconds"),
    ],
)
def test_a_token_lives_neither_too_short_nor_too_long(seconds: int, why: str) -> None:
    error = refused(expirationSeconds=seconds)
    assert error.code == 422
    assert error.message == (
        f'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: {seconds}: {why}'
    )


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"name": "nope"}, 404, 'serviceaccounts "nope" not found'),
        (
            {"boundObjectRef": {"kind": "ConfigMap", "apiVersion": "v1", "name": "x"}},
            400,
            "cannot bind token to object of type /v1, Kind=ConfigMap",
        ),
        (
            {"boundObjectRef": {"kind": "Deployment", "apiVersion": "apps/v1", "name": "x"}},
            400,
            "cannot bind token to object of type apps/v1, Kind=Deployment",
        ),
        ({"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "x"}}, 404, 'pods "x" not found'),
        (
            {"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "web", "uid": "q"}},
            409,
            (
                'Operation cannot be fulfilled on Pod "web": the UID in the bound object reference (q) does not match the UID '
                "in record. The object might have been deleted and then recreated"
            ),
        ),
        (
            {"metadata": {"name": "other"}},
            422,
            (
                'TokenRequest.authentication.k8s.io "bot" is invalid: metadata.name: Invalid value: "other": '
                "must match the service account name if specified"
            ),
        ),
        (
            {"metadata": {"namespace": "other"}},
            422,
            (
                'TokenRequest.authentication.k8s.io "bot" is invalid: metadata.namespace: Invalid value: "other": '
                "must match the service account namespace if specified"
            ),
        ),
    ],
)
def test_a_wrong_request_is_refused_as_the_real_server_does(asked: dict[str, Any], code: int, message: str) -> None:
    error = refused(POD, **asked)
    assert (error.code, error.message) == (code, message)


def test_a_pod_of_another_account_is_no_place_for_a_token() -> None:
    foreign = {**POD, "spec": {"serviceAccountName": "other"}}
    error = refused(foreign, boundObjectRef={"kind": "Pod", "apiVersion": "v1", "name": "web"})
    assert error.code == 400
    assert "running with different serviceaccount name" in error.message

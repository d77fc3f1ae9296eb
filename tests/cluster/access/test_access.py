"""The way in: authenticate, impersonate, authorize."""

from __future__ import annotations

import pytest

from poblano.cluster.access import Action
from poblano.cluster.access.action import refusal
from poblano.cluster.access.keys import decode
from poblano.cluster.attributes import User
from poblano.cluster.status import StatusError
from tests.cluster.access.cluster import TOKEN, Objects, access, binding, role, rule

LIST = Action("list", resource="configmaps", namespace="rbac")
ADMIN = [(b"authorization", f"Bearer {TOKEN}".encode())]
AS_ZOE = [*ADMIN, (b"impersonate-user", b"zoe")]


def test_the_admin_comes_in_and_may_come_in_as_another() -> None:
    objects = Objects(
        role("r", rule("list", "configmaps"), namespace="rbac"), binding("b", "r", "User:zoe", namespace="rbac")
    )
    assert access(objects).admit(ADMIN, LIST).name == "admin"
    assert access(objects).admit(AS_ZOE, LIST).name == "zoe"


def test_who_may_not_is_refused_as_the_real_server_does() -> None:
    with pytest.raises(StatusError) as caught:
        access(Objects()).admit(AS_ZOE, LIST)
    assert caught.value.document() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'configmaps is forbidden: User "zoe" cannot list resource "configmaps" in API group "" in the '
        'namespace "rbac"',
        "reason": "Forbidden",
        "details": {"kind": "configmaps"},
        "code": 403,
    }


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            Action("get", resource="pods", subresource="log", namespace="t", name="x"),
            'pods "x" is forbidden: User "zoe" cannot get resource "pods/log" in API group "" in the namespace "t"',
        ),
        (
            Action("list", "apps", "deployments"),
            (
                'deployments.apps is forbidden: User "zoe" cannot list resource "deployments" in API group "apps" at the '
                "cluster scope"
            ),
        ),
        (Action("get", path="/metrics"), 'forbidden: User "zoe" cannot get path "/metrics"'),
    ],
)
def test_a_refusal_says_who_cannot_do_what_where(action: Action, message: str) -> None:
    assert refusal(User("zoe"), action).message == message


def test_a_refusal_shows_the_reason_if_there_is_one() -> None:
    assert refusal(User("zoe"), Action("get", path="/x"), "because").message.endswith('"/x": because')


def test_others_can_verify_tokens_by_what_the_issuer_publishes() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    entry = access(Objects())
    about = entry.issuer_document("/.well-known/openid-configuration")
    assert about is not None
    assert about["jwks_uri"] == about["issuer"] + "/openid/v1/jwks"
    published = entry.issuer_document("/openid/v1/jwks")
    assert published is not None
    (key,) = published["keys"]
    x, y = (int.from_bytes(decode(key[name]), "big") for name in ("x", "y"))
    assert ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key() == entry.key._private.public_key()
    assert entry.issuer_document("/openid") is None

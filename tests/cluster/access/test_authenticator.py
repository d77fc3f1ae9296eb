"""Whose token it is, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.access import Access
from poblano.cluster.access.authenticator import ADMIN, NOBODY, bearer_token
from poblano.cluster.attributes import User
from poblano.cluster.status import StatusError
from tests.cluster.access.cluster import TOKEN, Objects, access, account


def bearing(token: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())]


def who(entry: Access, token: str) -> User | None:
    """The holder of a token, None where it is refused."""
    try:
        return entry.authenticator.authenticate(bearing(token))
    except StatusError:
        return None


def token(entry: Access, **spec: Any) -> str:
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    made: str = entry.token_request(asked, namespace="shop", name="bot")["status"]["token"]
    return made


def test_the_admin_token_is_the_admin_s() -> None:
    assert who(access(Objects()), TOKEN) == ADMIN == User("admin", ("system:masters", "system:authenticated"), "admin")


def test_a_refusal_is_that_of_the_real_server() -> None:
    with pytest.raises(StatusError) as caught:
        access(Objects()).authenticator.authenticate(bearing("nope"))
    assert caught.value.document() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }


@pytest.mark.parametrize("text", ["", "nope", TOKEN + "x", TOKEN[:-1], "a.b.c", "é"])
def test_any_other_token_is_nobody_s(text: str) -> None:
    assert who(access(Objects()), text or "x") is None


def test_no_token_is_nobody_where_roles_decide_and_refused_otherwise() -> None:
    assert access(Objects()).authenticator.authenticate([]) == NOBODY
    with pytest.raises(StatusError, match="Unauthorized"):
        access(Objects(), rbac=False).authenticator.authenticate([])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Bearer abc", b"abc"),
        (b"bearer abc", b"abc"),
        (b"  Bearer abc ", b"abc"),
        (b"Bearer abc def", b"abc"),
        (b"Basic abc", None),
        (b"Bearer", None),
        (b"Bearer ", None),
        (b"Bearer  abc", None),
        (b"", None),
    ],
)
def test_the_token_is_read_from_the_header(header: bytes, expected: bytes | None) -> None:
    assert bearer_token([(b"authorization", header)]) == expected


def test_the_token_of_an_account_is_the_account_s() -> None:
    entry = access(Objects(account("bot", uid="7")))
    user = who(entry, token(entry))
    assert user is not None
    assert (user.name, user.uid) == ("system:serviceaccount:shop:bot", "7")
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated")
    (identifier,) = user.extra["authentication.kubernetes.io/credential-id"]
    assert identifier.startswith("JTI=")


def test_a_token_of_another_cluster_is_nobody_s() -> None:
    objects = Objects(account("bot"))
    assert who(access(objects), token(access(objects))) is None


def test_a_token_ends_with_its_time() -> None:
    objects = Objects(account("bot"))
    entry = access(objects)
    made = token(entry, expirationSeconds=600)
    objects.time = "2026-01-31T12:11:00Z"
    assert who(entry, made), "clocks differ by up to a minute"
    objects.time = "2026-01-31T12:11:01Z"
    assert who(entry, made) is None


def test_a_token_does_not_begin_before_its_time() -> None:
    objects = Objects(account("bot"))
    entry = access(objects)
    made = token(entry)
    objects.time = "2026-01-31T11:58:59Z"
    assert who(entry, made) is None


def test_a_token_dies_with_its_account_and_a_new_one_of_that_name_does_not_revive_it() -> None:
    objects = Objects(account("bot"))
    entry = access(objects)
    made = token(entry)
    assert who(entry, made)
    objects.remove("", "serviceaccounts", "shop", "bot")
    assert who(entry, made) is None
    objects.put(account("bot"))
    assert who(entry, made) is None
    assert who(entry, token(entry))


def test_a_token_dies_a_minute_after_its_account_is_to_be_deleted() -> None:
    objects = Objects(account("bot"))
    entry = access(objects)
    made = token(entry)
    objects.put(account("bot", uid="uid-1", deletionTimestamp="2026-01-31T12:00:00Z"))
    objects.time = "2026-01-31T12:01:00Z"
    assert who(entry, made)
    objects.time = "2026-01-31T12:01:01Z"
    assert who(entry, made) is None


def pod(**metadata: Any) -> dict[str, Any]:
    spec = {"serviceAccountName": "bot", "nodeName": "n1"}
    return {"kind": "Pod", "metadata": {"name": "web", "namespace": "shop", **metadata}, "spec": spec}


def test_a_token_bound_to_a_pod_says_where_and_dies_with_it() -> None:
    objects = Objects(account("bot"), pod(uid="p1"), {"kind": "Node", "metadata": {"name": "n1", "uid": "n-uid"}})
    entry = access(objects)
    made = token(entry, boundObjectRef={"kind": "Pod", "apiVersion": "v1", "name": "web"})
    user = who(entry, made)
    assert user is not None
    shown = {key.rpartition("/")[2]: value for key, value in user.extra.items() if "credential" not in key}
    assert shown == {"pod-name": ("web",), "pod-uid": ("p1",), "node-name": ("n1",), "node-uid": ("n-uid",)}
    objects.remove("", "nodes", "", "n1")
    assert who(entry, made), "a pod's node may go"
    objects.put(pod(uid="p2"))
    assert who(entry, made) is None
    objects.remove("", "pods", "shop", "web")
    assert who(entry, made) is None


@pytest.mark.parametrize(("kind", "namespace"), [("Secret", "shop"), ("Node", "")])
def test_a_token_bound_to_a_secret_or_node_dies_with_it(kind: str, namespace: str) -> None:
    thing = {"kind": kind, "metadata": {"name": "x", **({"namespace": namespace} if namespace else {})}}
    objects = Objects(account("bot"), thing)
    entry = access(objects)
    made = token(entry, boundObjectRef={"kind": kind, "apiVersion": "v1", "name": "x"})
    assert who(entry, made)
    objects.remove("", f"{kind.lower()}s", namespace, "x")
    assert who(entry, made) is None


def test_a_token_for_others_is_not_taken_by_the_api_server() -> None:
    entry = access(Objects(account("bot")))
    assert who(entry, token(entry, audiences=["vault"])) is None
    assert who(entry, token(entry, audiences=["vault", "https://kubernetes.default.svc"]))


def test_many_tokens_are_verified_and_forgotten() -> None:
    entry = access(Objects(account("bot")))
    first = token(entry)
    entry.tokens._verified = {str(number): {} for number in range(1024)}
    assert who(entry, first)
    assert len(entry.tokens._verified) == 1

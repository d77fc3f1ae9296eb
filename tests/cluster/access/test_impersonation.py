"""Acting as somebody else."""

from __future__ import annotations

import pytest

from poblano.cluster.access.action import Action
from poblano.cluster.access.impersonation import asked_for, impersonated
from poblano.cluster.attributes import User
from poblano.cluster.status import StatusError
from tests.cluster.access.cluster import Objects, access, binding, role, rule

LIST = Action("list", resource="configmaps", namespace="shop")
BOB = User("bob", ("system:authenticated",))
ROOT = User("admin", ("system:masters", "system:authenticated"), "admin")


def headers(**named: str | list[str]) -> list[tuple[bytes, bytes]]:
    found = [(b"accept", b"application/json")]
    for name, values in named.items():
        for value in [values] if isinstance(values, str) else values:
            found.append((name.replace("_", "-").encode(), value.encode()))
    return found


def become(user: User, action: Action = LIST, *, objects: Objects | None = None, **named: str | list[str]) -> User:
    return impersonated(user, headers(**named), action, access(objects or Objects()).authorizer)


def test_nobody_else_asked_for_is_oneself() -> None:
    assert become(BOB) is BOB


def test_a_user_is_authenticated() -> None:
    assert become(ROOT, impersonate_user="zoe") == User("zoe", ("system:authenticated",))


def test_groups_and_uid_and_extra_are_taken_as_given() -> None:
    got = become(
        ROOT,
        impersonate_user="zoe",
        impersonate_group=["dev", "ops"],
        impersonate_uid="7",
        **{"impersonate_extra_example.org%2fscopes": ["a", "b"]},
    )
    assert got == User("zoe", ("dev", "ops", "system:authenticated"), "7", {"example.org/scopes": ("a", "b")})


def test_an_account_has_the_groups_of_accounts() -> None:
    got = become(ROOT, impersonate_user="system:serviceaccount:shop:bot")
    assert got.groups == ("system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated")


def test_a_node_has_the_group_of_nodes() -> None:
    assert become(ROOT, impersonate_user="system:node:n1").groups == ("system:nodes", "system:authenticated")


def test_nobody_is_not_authenticated() -> None:
    assert become(ROOT, impersonate_user="system:anonymous").groups == ("system:unauthenticated",)
    got = become(ROOT, impersonate_user="zoe", impersonate_group="system:unauthenticated")
    assert got.groups == ("system:unauthenticated",)


@pytest.mark.parametrize("name", ["impersonate_group", "impersonate_uid", "impersonate_extra_scopes"])
def test_more_about_nobody_makes_no_sense(name: str) -> None:
    with pytest.raises(StatusError, match="without impersonating a user name") as caught:
        become(ROOT, **{name: "x"})
    assert caught.value.code == 400


def test_who_may_not_is_told_what_this_request_as_that_user_would_need() -> None:
    with pytest.raises(StatusError) as caught:
        become(BOB, impersonate_user="zoe")
    assert caught.value.code == 403
    assert caught.value.message == (
        'configmaps is forbidden: User "bob" cannot impersonate-on:user-info:list resource "configmaps" '
        'in API group "" in the namespace "shop"'
    )


def allow_bob(*rules: dict[str, object]) -> Objects:
    return Objects(role("r", *rules), binding("b", "r", "User:bob"))


def test_the_plain_verb_is_enough() -> None:
    objects = allow_bob(rule("impersonate", "users", names="zoe"))
    assert become(BOB, objects=objects, impersonate_user="zoe").name == "zoe"
    with pytest.raises(StatusError):
        become(BOB, objects=objects, impersonate_user="max")
    with pytest.raises(StatusError):
        become(BOB, objects=objects, impersonate_user="zoe", impersonate_group="dev")


def test_every_part_of_the_user_needs_its_own_permission() -> None:
    objects = allow_bob(
        rule("impersonate", "users groups serviceaccounts"),
        rule("impersonate", "uids userextras/scopes", "authentication.k8s.io"),
    )
    everything = {"impersonate_user": "zoe", "impersonate_group": "dev", "impersonate_uid": "7"}
    assert become(BOB, objects=objects, **everything, impersonate_extra_scopes="a").uid == "7"
    assert become(BOB, objects=objects, impersonate_user="system:serviceaccount:shop:bot").name.endswith(":bot")
    with pytest.raises(StatusError):
        become(BOB, objects=objects, **everything, impersonate_extra_other="a")


def test_a_user_may_be_allowed_for_some_requests_only() -> None:
    objects = allow_bob(
        rule("impersonate:user-info", "users groups", "authentication.k8s.io"),
        rule("impersonate-on:user-info:list", "configmaps"),
    )
    assert become(BOB, objects=objects, impersonate_user="zoe", impersonate_group="dev").name == "zoe"
    with pytest.raises(StatusError, match="cannot impersonate-on:user-info:delete"):
        become(BOB, Action("delete", resource="configmaps", namespace="shop"), objects=objects, impersonate_user="zoe")
    with pytest.raises(StatusError, match="impersonating the system:masters group is not allowed"):
        become(BOB, objects=objects, impersonate_user="zoe", impersonate_group="system:masters")


def test_a_pod_may_be_allowed_to_act_as_its_node() -> None:
    agent = User("system:serviceaccount:shop:agent", extra={"authentication.kubernetes.io/node-name": ("n1",)})
    objects = Objects(
        role(
            "r",
            rule("impersonate:associated-node", "nodes", "authentication.k8s.io", names="*"),
            rule("impersonate-on:associated-node:list", "configmaps"),
        ),
        binding("b", "r", "ServiceAccount:shop/agent"),
    )
    assert become(agent, objects=objects, impersonate_user="system:node:n1").groups[0] == "system:nodes"
    with pytest.raises(StatusError):
        become(agent, objects=objects, impersonate_user="system:node:n2")


def test_an_empty_user_is_none() -> None:
    assert asked_for(headers(impersonate_user="")) is None

"""Role-based decisions: bindings, scopes, reasons; and a naive model that agrees on drawn clusters."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.access.action import Action, Decision
from poblano.cluster.attributes import User
from tests.cluster.access.cluster import Objects, access, allowed, binding, role, rule

ZOE = User("zoe", ("dev", "system:authenticated"))
LIST_PODS = Action("list", resource="pods", namespace="shop")


def test_nobody_may_anything_without_a_binding() -> None:
    entry = access(Objects(role("reader", rule("*", "*", "*"))))
    assert entry.authorizer.authorize(ZOE, LIST_PODS) == Decision(allowed=False)


def test_masters_may_everything_and_no_role_is_asked() -> None:
    entry = access(Objects())
    assert entry.authorizer.authorize(User("x", ("system:masters",)), LIST_PODS) == Decision(allowed=True)


def test_without_roles_whoever_is_known_may_everything() -> None:
    assert allowed(access(Objects(), rbac=False), ZOE, LIST_PODS)


def test_a_binding_in_a_namespace_counts_there_only() -> None:
    entry = access(
        Objects(
            role("reader", rule("list", "pods"), namespace="shop"),
            binding("b", "reader", "User:zoe", namespace="shop"),
        )
    )
    assert entry.authorizer.authorize(ZOE, LIST_PODS).reason == (
        'RBAC: allowed by RoleBinding "b/shop" of Role "reader" to User "zoe"'
    )
    assert not allowed(entry, ZOE, Action("list", resource="pods", namespace="other"))
    assert not allowed(entry, ZOE, Action("list", resource="pods"))


def test_a_cluster_role_may_be_bound_in_a_namespace() -> None:
    entry = access(
        Objects(
            role("reader", rule("list", "pods")),
            binding("b", "reader", "Group:dev", namespace="shop", kind="ClusterRole"),
        )
    )
    assert entry.authorizer.authorize(ZOE, LIST_PODS).reason == (
        'RBAC: allowed by RoleBinding "b/shop" of ClusterRole "reader" to Group "dev"'
    )


def test_paths_are_a_matter_of_cluster_bindings() -> None:
    entry = access(Objects(role("health", rule("get", urls="/healthz/*")), binding("b", "health", "Group:dev")))
    assert allowed(entry, ZOE, Action("get", path="/healthz/log"))
    assert not allowed(entry, ZOE, Action("get", path="/metrics"))


def test_an_account_is_meant_by_name_and_namespace() -> None:
    entry = access(
        Objects(
            role("reader", rule("list", "pods"), namespace="shop"),
            binding("own", "reader", "ServiceAccount:bot", namespace="shop"),
            binding("foreign", "reader", "ServiceAccount:else/bot", namespace="shop"),
            role("wide", rule("get", "nodes")),
            binding("homeless", "wide", "ServiceAccount:bot"),
        )
    )
    own, foreign = User("system:serviceaccount:shop:bot"), User("system:serviceaccount:else:bot")
    assert 'to ServiceAccount "bot/shop"' in entry.authorizer.authorize(own, LIST_PODS).reason
    assert 'to ServiceAccount "bot/else"' in entry.authorizer.authorize(foreign, LIST_PODS).reason
    assert not allowed(entry, User("system:serviceaccount:third:bot"), LIST_PODS)
    assert not allowed(entry, own, Action("get", resource="nodes"))


def test_a_binding_to_a_role_that_is_gone_is_told_and_does_not_hide_the_others() -> None:
    objects = Objects(binding("a", "gone", "User:zoe", namespace="shop"), binding("b", "lost", "User:zoe"))
    entry = access(objects)
    assert entry.authorizer.authorize(ZOE, LIST_PODS) == Decision(
        allowed=False,
        reason='RBAC: [clusterrole.rbac.authorization.k8s.io "lost" not found, '
        'role.rbac.authorization.k8s.io "gone" not found]',
    )
    objects.put(role("gone", rule("list", "pods"), namespace="shop"))
    assert allowed(entry, ZOE, LIST_PODS)


def test_a_change_of_a_role_or_binding_counts_at_once() -> None:
    objects = Objects(role("reader", rule("list", "pods")), binding("b", "reader", "User:zoe"))
    entry = access(objects)
    assert allowed(entry, ZOE, LIST_PODS)
    objects.put(role("reader", rule("get", "pods")))
    assert not allowed(entry, ZOE, LIST_PODS)
    objects.put(role("reader", rule("list", "pods")))
    objects.remove("rbac.authorization.k8s.io", "clusterrolebindings", "", "b")
    assert not allowed(entry, ZOE, LIST_PODS)


def test_an_aggregated_role_allows_what_its_parts_do() -> None:
    selector = {"clusterRoleSelectors": [{"matchLabels": {"to": "whole"}}]}
    objects = Objects(role("whole", aggregationRule=selector, rules=None), binding("b", "whole", "User:zoe"))
    entry = access(objects)
    assert not allowed(entry, ZOE, LIST_PODS)
    part = role("part", rule("list", "pods"))
    part["metadata"]["labels"] = {"to": "whole"}
    objects.put(part)
    assert allowed(entry, ZOE, LIST_PODS)


NAMES = st.sampled_from(["a", "b"])
VERBS = st.lists(st.sampled_from(["get", "list", "*"]), min_size=1, max_size=2).map(" ".join)
RULES = st.builds(
    rule,
    VERBS,
    st.lists(st.sampled_from(["pods", "pods/log", "*/log", "*"]), min_size=1, max_size=2).map(" ".join),
    st.sampled_from(["apps", "*", ""]),
    st.sampled_from(["", "web"]),
) | st.builds(lambda verbs, urls: rule(verbs, urls=urls), VERBS, st.sampled_from(["/x", "/x/*", "*"]))
SUBJECTS = st.lists(
    st.sampled_from(["User:zoe", "Group:dev", "Group:ops", "ServiceAccount:shop/bot", "ServiceAccount:bot"]), max_size=2
)
SCOPES = st.sampled_from(["", "shop", "else"])
ROLES = st.builds(
    lambda name, rules, scope: role(name, *rules, namespace=scope), NAMES, st.lists(RULES, max_size=2), SCOPES
)
BINDINGS = st.builds(
    lambda name, target, subjects, scope, kind: binding(
        name, target, *subjects, namespace=scope, kind=kind if scope else "ClusterRole"
    ),
    NAMES, NAMES, SUBJECTS, SCOPES, st.sampled_from(["Role", "ClusterRole"]),
)  # fmt: skip
ACTIONS = st.builds(
    Action,
    st.sampled_from(["get", "list"]),
    st.sampled_from(["", "apps"]),
    st.just("pods"),
    st.sampled_from(["", "log"]),
    SCOPES,
    st.sampled_from(["", "web"]),
) | st.builds(
    lambda verb, path: Action(verb, path=path), st.sampled_from(["get", "list"]), st.sampled_from(["/x", "/x/y"])
)
USERS = st.sampled_from([ZOE, User("olaf", ("ops",)), User("system:serviceaccount:shop:bot"), User("dev")])


@given(st.lists(ROLES, max_size=4), st.lists(BINDINGS, max_size=4), USERS, ACTIONS)
def test_the_decision_is_that_of_a_naive_reading(roles: Any, bindings: Any, user: User, action: Action) -> None:
    objects = Objects(*roles, *bindings)
    assert allowed(access(objects), user, action) is _naive(objects, user, action)


def _naive(objects: Objects, user: User, action: Action) -> bool:
    """Every binding, every subject, every rule, every word: no index, no cache."""
    group = "rbac.authorization.k8s.io"
    scoped = list(objects.list(group, "rolebindings", action.namespace)) if action.namespace and not action.path else []
    for bound in [*objects.list(group, "clusterrolebindings"), *scoped]:
        namespace = bound["metadata"].get("namespace", "")
        target = bound["roleRef"]
        found = (
            objects.get(group, "roles", namespace, target["name"])
            if target["kind"] == "Role"
            else objects.get(group, "clusterroles", "", target["name"])
        )
        if found and any(_is(one, user, namespace) for one in bound["subjects"]) and _permits(found["rules"], action):
            return True
    return False


def _is(one: dict[str, Any], user: User, namespace: str) -> bool:
    match one["kind"]:
        case "User":
            return bool(one["name"] == user.name)
        case "Group":
            return one["name"] in user.groups
        case _:
            home = one.get("namespace") or namespace
            return home != "" and user.name == f"system:serviceaccount:{home}:{one['name']}"


def _permits(rules: list[dict[str, Any]], action: Action) -> bool:
    for one in rules:
        if not {"*", action.verb} & set(one["verbs"]):
            continue
        if action.path:
            for url in one.get("nonResourceURLs", []):
                if url in {"*", action.path} or (url[-1] == "*" and action.path.startswith(url[:-1])):
                    return True
            continue
        words = {"*", action.resource + (f"/{action.subresource}" if action.subresource else "")}
        if action.subresource:
            words.add(f"*/{action.subresource}")
        fits = {"*", action.group} & set(one.get("apiGroups", [])) and words & set(one.get("resources", []))
        if fits and (not one.get("resourceNames") or action.name in one["resourceNames"]):
            return True
    return False

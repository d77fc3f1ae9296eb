"""The roles that a cluster starts with."""

from __future__ import annotations

import pytest

from poblano.cluster.access import Access, Action
from poblano.cluster.access.bootstrap import documents, plural
from poblano.cluster.attributes import User
from tests.cluster.access.cluster import Objects, access, allowed, binding

KNOWN = User("zoe", ("system:authenticated",))
NOBODY = User("system:anonymous", ("system:unauthenticated",))


@pytest.fixture(name="entry", scope="module")
def fixture_entry() -> Access:
    bound = [
        binding(f"is-{name}", name, f"User:{name}", namespace="shop", kind="ClusterRole")
        for name in ("admin", "edit", "view")
    ]
    return access(Objects(*documents(), *bound))


def test_every_name_is_there_once_with_the_marks_of_the_real_ones() -> None:
    made = documents()
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in made]
    assert len(set(names)) == len(names)
    for one in made:
        assert one["apiVersion"] == "rbac.authorization.k8s.io/v1"
        assert one["metadata"]["labels"]["kubernetes.io/bootstrapping"] == "rbac-defaults"
        assert one["metadata"]["annotations"] == {"rbac.authorization.kubernetes.io/autoupdate": "true"}


def test_every_binding_names_a_role_that_is_there() -> None:
    objects = Objects(*documents())
    for one in documents():
        if "roleRef" in one:
            role, namespace = one["roleRef"], one["metadata"].get("namespace", "")
            where = namespace if role["kind"] == "Role" else ""
            assert objects.get("rbac.authorization.k8s.io", role["kind"].lower() + "s", where, role["name"]), role


def test_the_plural_is_the_resource() -> None:
    assert {plural(one) for one in documents()} == {
        "clusterroles",
        "clusterrolebindings",
        "roles",
        "rolebindings",
    }


def test_aggregated_roles_are_filled() -> None:
    roles = {one["metadata"]["name"]: one for one in documents() if one["kind"] == "ClusterRole"}
    view, edit, admin = (len(roles[name]["rules"]) for name in ("view", "edit", "admin"))
    assert 0 < view < edit < admin


@pytest.mark.parametrize(
    ("user", "action", "expected"),
    [
        (KNOWN, Action("get", path="/api/v1"), True),
        (KNOWN, Action("get", path="/openapi/v3/apis/apps/v1"), True),
        (NOBODY, Action("get", path="/version"), True),
        (NOBODY, Action("get", path="/api"), False),
        (KNOWN, Action("get", path="/metrics"), False),
        (KNOWN, Action("create", "authorization.k8s.io", "selfsubjectaccessreviews"), True),
        (KNOWN, Action("create", "authentication.k8s.io", "selfsubjectreviews"), True),
        (KNOWN, Action("create", "authentication.k8s.io", "tokenreviews"), False),
        (NOBODY, Action("create", "authorization.k8s.io", "selfsubjectaccessreviews"), False),
        (User("view"), Action("list", resource="pods", namespace="shop"), True),
        (User("view"), Action("list", resource="secrets", namespace="shop"), False),
        (User("view"), Action("list", resource="pods", namespace="other"), False),
        (User("edit"), Action("list", resource="secrets", namespace="shop"), True),
        (User("edit"), Action("create", "apps", "deployments", namespace="shop"), True),
        (User("edit"), Action("create", "rbac.authorization.k8s.io", "roles", namespace="shop"), False),
        (User("admin"), Action("create", "rbac.authorization.k8s.io", "roles", namespace="shop"), True),
        (User("admin"), Action("create", resource="resourcequotas", namespace="shop"), False),
        (User("system:serviceaccount:kube-system:job-controller"), Action("update", "batch", "jobs", "status"), True),
        (User("x", ("system:serviceaccounts",)), Action("get", path="/openid/v1/jwks"), True),
    ],
)
def test_the_usual_people_may_the_usual_things(entry: Access, user: User, action: Action, expected: bool) -> None:
    assert allowed(entry, user, action) is expected

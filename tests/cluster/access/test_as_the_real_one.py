"""The same roles, the same questions: a real API server's answers, word by word."""

from __future__ import annotations

import http.client
import itertools
import json
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from poblano.cluster.access import Access
from poblano.cluster.access.authenticator import ADMIN
from tests.cluster.access.cluster import Objects, access, binding, role, rule
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.control_plane import ControlPlane

NAMESPACE = "same-access"
MADE = (
    role("same-reader", rule("get list", "pods configmaps"), namespace=NAMESPACE),
    role(
        "same-named", rule("get update", "secrets", names="one two"), rule("*", "*/scale", "apps"), namespace=NAMESPACE
    ),
    role("same-paths", rule("get", urls="/metrics /debug/*")),
    role("same-all", rule("*", "*", "*")),
    binding("same-b1", "same-reader", "User:ann", "Group:readers", namespace=NAMESPACE),
    binding("same-b2", "same-named", "ServiceAccount:bot", "User:ann", namespace=NAMESPACE),
    binding("same-b3", "same-gone", "Group:lost", namespace=NAMESPACE),
    binding("same-b4", "same-all", f"ServiceAccount:{NAMESPACE}/root", namespace=NAMESPACE, kind="ClusterRole"),
    binding("same-b5", "same-paths", "Group:readers"),
    binding("same-b6", "view", "User:eve", namespace=NAMESPACE, kind="ClusterRole"),
)
WHO: tuple[dict[str, Any], ...] = (
    {"user": "ann"},
    {"user": "bob", "groups": ["readers", "system:authenticated"]},
    {"user": "eve", "groups": ["lost"]},
    {"user": f"system:serviceaccount:{NAMESPACE}:bot", "groups": ["system:serviceaccounts"]},
    {"user": f"system:serviceaccount:{NAMESPACE}:root"},
    {"user": "system:kube-scheduler"},
    {"groups": ["system:masters"]},
    {"user": "system:anonymous", "groups": ["system:unauthenticated"]},
)
RESOURCES: tuple[dict[str, str], ...] = (
    {"resource": "pods"},
    {"resource": "pods", "subresource": "log"},
    {"resource": "pods", "subresource": "eviction"},
    {"resource": "secrets"},
    {"resource": "secrets", "name": "one"},
    {"resource": "configmaps", "name": "x"},
    {"group": "apps", "resource": "deployments", "subresource": "scale"},
    {"group": "apps", "resource": "deployments"},
    {"group": "apps", "resource": "statefulsets", "subresource": "status"},
    {"resource": "*"},
    {"group": "*", "resource": "*"},
)
PATHS = ("/", "/metrics", "/debug/pprof", "/debug", "/healthz", "/api", "/version/")


class Real:
    """The real server, asked as its admin over one connection."""

    def __init__(self, plane: ControlPlane) -> None:
        address = urlsplit(plane.url)
        assert address.hostname is not None
        context = ssl.create_default_context(cafile=str(plane.ca))
        self._connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=90, context=context)
        self._headers = {"Authorization": f"Bearer {plane.token}", "Content-Type": "application/json"}

    def ask(self, path: str, body: object = None) -> Any:
        """The answer to a GET, or to a POST where there is a body."""
        self._connection.request("GET" if body is None else "POST", path, json.dumps(body), self._headers)
        return json.loads(self._connection.getresponse().read())

    def review(self, document: dict[str, Any]) -> Any:
        return self.ask("/apis/authorization.k8s.io/v1/subjectaccessreviews", document)["status"]

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(name="both", scope="module")
def fixture_both(control_plane: ControlPlane) -> Iterator[tuple[Real, Access]]:
    """The real server with our roles in it, and our access with all that the real server has."""
    control_plane.kubectl("create", "namespace", NAMESPACE)
    listed = {"apiVersion": "v1", "kind": "List", "items": list(MADE)}
    control_plane.kubectl("apply", "-f", "-", input=json.dumps(listed))
    real = Real(control_plane)
    last = asking({"user": "eve", "resourceAttributes": {"namespace": NAMESPACE, "verb": "get", "resource": "pods"}})
    eventually(lambda: real.review(last)["allowed"], "the real one has seen the roles")
    objects = Objects()  # from now on: what `view` allows, a controller of the real one has put together by itself
    for plural in ("clusterroles", "clusterrolebindings", "roles", "rolebindings"):
        found = real.ask(f"/apis/rbac.authorization.k8s.io/v1/{plural}")
        for item in found["items"]:
            objects.put({**item, "apiVersion": found["apiVersion"], "kind": found["kind"].removesuffix("List")})
    yield real, access(objects)
    real.close()
    control_plane.kubectl("delete", "-f", "-", input=json.dumps(listed))


def asking(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}


def questions() -> Iterator[dict[str, Any]]:
    for who, what, verb, where in itertools.product(WHO, RESOURCES, ("get", "update"), ("", NAMESPACE)):
        yield {**who, "resourceAttributes": {**what, "verb": verb, **({"namespace": where} if where else {})}}
    for who, path in itertools.product(WHO, PATHS):
        yield {**who, "nonResourceAttributes": {"path": path, "verb": "get"}}


def test_decisions_and_their_reasons_are_those_of_the_real_one(both: tuple[Real, Access]) -> None:
    real, ours = both
    differing: list[object] = []
    verdicts = set()
    for spec in questions():
        theirs = real.review(asking(spec))
        mine = ours.review("authorization.k8s.io", "subjectaccessreviews", asking(spec), user=ADMIN)["status"]
        verdicts.add(theirs["allowed"])
        # Which of several bindings that allow comes first is chance with the real one.
        if mine != theirs and not (mine["allowed"] and theirs["allowed"]):
            differing.append((spec, theirs, mine))
    assert differing == []
    assert verdicts == {True, False}

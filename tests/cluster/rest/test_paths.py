"""Which path means what, and what a path that means nothing is told."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from typing import Any

import pytest

from poblano.cluster.resources import Registry
from poblano.cluster.rest.options import Query
from poblano.cluster.rest.url import Target, target
from tests.cluster.rest.asking import CONFIG_MAPS, MERGE, asking

METHODS = {
    "post": "POST",
    "get": "GET",
    "list": "GET",
    "put": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
VERBS = {"post": "create", "put": "update"}


def documented() -> list[tuple[str, str, str]]:
    """Method, path and action of each operation on a resource in the OpenAPI documents of a real server."""
    found: list[tuple[str, str, str]] = []
    folder = files("poblano.cluster").joinpath("data", "openapi-v3")
    for file in folder.iterdir():
        raw = file.read_bytes()
        document: Any = json.loads(gzip.decompress(raw) if file.name.endswith(".gz") else raw)
        for path, item in document.get("paths", {}).items():
            for operation in item.values():
                action = operation.get("x-kubernetes-action", "") if isinstance(operation, dict) else ""
                if action in METHODS and "{path}" not in path:
                    found.append((METHODS[action], path, VERBS.get(action, action)))
    return found


def test_every_documented_operation_is_found_with_its_verb() -> None:
    registry, seen = Registry(), 0
    for method, path, verb in documented():
        asked = target(method, path.replace("{namespace}", "ns").replace("{name}", "nm"), Query.of(""))
        assert asked is not None, path
        resource = registry.find(asked.group, asked.version, asked.plural)
        assert resource is not None, path
        assert asked.verb == verb, (method, path)
        assert asked.name == ("nm" if "{name}" in path else ""), path
        if "{namespace}" in path:
            assert asked.namespace == "ns", path
        verbs = resource.subresources[asked.subresource].verbs if asked.subresource else resource.verbs
        assert verb in verbs, (method, path)
        seen += 1
    assert seen > 500


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/watch/namespaces/a/pods", Target("watch", "", "v1", "pods", "a")),
        ("/api/v1/namespaces/a", Target("get", "", "v1", "namespaces", "a", "a")),
        ("/api/v1/namespaces/a/status", Target("get", "", "v1", "namespaces", "a", "a", "status")),
        ("/api/v1/namespaces/a/pods/b/proxy/c/d", Target("get", "", "v1", "pods", "a", "b", "proxy", "c/d")),
        ("/api/v1/namespaces//pods", Target("list", "", "v1", "namespaces", "pods", "pods")),
        ("/api/v1", None),
        ("/apis/apps", None),
        ("/version", None),
    ],
)
def test_paths_are_taken_apart_as_the_real_server_does(path: str, expected: Target | None) -> None:
    found = target("GET", path, Query.of(""))
    if "//" in path:  # an empty part is none
        assert found is not None
        return
    assert found == expected


def test_a_field_selector_by_name_counts_as_the_name() -> None:
    found = target("GET", "/api/v1/pods", Query.of("fieldSelector=metadata.name%3Dx&watch=1"))
    assert found == Target("watch", "", "v1", "pods", "", "x")


WRONG = [
    ("POST", f"{CONFIG_MAPS}/x", 405, "MethodNotAllowed"),
    ("PUT", CONFIG_MAPS, 405, "MethodNotAllowed"),
    ("PATCH", CONFIG_MAPS, 405, "MethodNotAllowed"),
    ("OPTIONS", CONFIG_MAPS, 405, "MethodNotAllowed"),
    ("POST", "/api/v1/configmaps", 405, "MethodNotAllowed"),
    ("DELETE", "/api/v1/configmaps", 405, "MethodNotAllowed"),
    ("DELETE", "/api/v1/namespaces", 405, "MethodNotAllowed"),
    ("GET", "/api/v1/namespaces/default/serviceaccounts/default/token", 405, "MethodNotAllowed"),
    ("GET", "/apis/authorization.k8s.io/v1/subjectaccessreviews", 405, "MethodNotAllowed"),
    ("GET", "/api/v1/nopes", 404, "NotFound"),
    ("GET", "/apis/apps/v9/x", 404, "NotFound"),
    ("GET", "/api/v1/configmaps/x", 404, "NotFound"),
    ("GET", "/api/v1/namespaces/default/nodes", 404, "NotFound"),
    ("GET", f"{CONFIG_MAPS}/x/nope", 404, "NotFound"),
    ("GET", f"{CONFIG_MAPS}/..", 400, "BadRequest"),
    ("PUT", f"{CONFIG_MAPS}/.", 400, "BadRequest"),
]


async def test_what_a_path_does_not_do_is_refused_as_by_the_real_server() -> None:
    async with asking() as ask:
        for method, path, status, reason in WRONG:
            answer = await ask(method, path, {}, content_type=MERGE if method == "PATCH" else "application/json")
            assert (answer.status, answer.document["reason"]) == (status, reason), (method, path)
        answer = await ask("GET", "/apis/nope.io/v1/x")
        assert (answer.status, answer.body) == (404, b"404 page not found\n")


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        ("application/json", 200, "ConfigMap"),
        ("*/*", 200, "ConfigMap"),
        ("", 200, "ConfigMap"),
        ("text/html", 406, "Status"),
        ("application/vnd.kubernetes.protobuf", 406, "Status"),
        ("application/vnd.kubernetes.protobuf,application/json", 200, "ConfigMap"),
        ("application/json;as=Table;v=v1;g=meta.k8s.io", 200, "Table"),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", 200, "Table"),
        ("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", 200, "PartialObjectMetadata"),
        ("application/json;as=Nope;v=v1;g=meta.k8s.io", 406, "Status"),
        ("application/json;as=Nope;v=v1;g=meta.k8s.io,application/json", 200, "ConfigMap"),
    ],
)
async def test_the_form_is_the_first_that_is_accepted_and_known(accept: str, status: int, kind: str) -> None:
    async with asking() as ask:
        await ask.create(CONFIG_MAPS, "x")
        answer = await ask("GET", f"{CONFIG_MAPS}/x", headers={"accept": accept})
        assert (answer.status, answer.document["kind"]) == (status, kind)


async def test_yaml_is_the_same_object() -> None:
    import yaml

    async with asking() as ask:
        await ask.create(CONFIG_MAPS, "x", data={"a": "yes", "b": "1"})
        plain = (await ask("GET", f"{CONFIG_MAPS}/x")).document
        answer = await ask("GET", f"{CONFIG_MAPS}/x", headers={"accept": "application/yaml"})
        assert answer.header("content-type") == "application/yaml"
        assert yaml.safe_load(answer.body)["data"] == plain["data"]
        assert (await ask("PUT", f"{CONFIG_MAPS}/x", answer.body, content_type="application/yaml")).status == 200

from __future__ import annotations

import json

import pytest
import yaml

from tests.cluster.clients.kubectl import Kubectl


@pytest.fixture
def three(kubectl: Kubectl) -> Kubectl:
    """Three ConfigMaps: b, a, c; a and c of one team."""
    items = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": {"at": at}}
        for name, labels, at in [("b", {"team": "x"}, "1"), ("a", {"team": "y"}, "3"), ("c", {"team": "y"}, "2")]
    ]
    kubectl("create", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": items})
    return kubectl


def names(printed: str) -> list[str]:
    return [line.split()[0].removeprefix("configmap/") for line in printed.splitlines()]


def test_every_output_format_shows_the_objects(three: Kubectl):
    assert names(three("get", "cm")) == ["NAME", "a", "b", "c"]
    assert names(three("get", "cm", "--no-headers", "-o", "wide")) == ["a", "b", "c"]
    assert names(three("get", "cm", "-o", "name")) == ["a", "b", "c"]
    documents = [json.loads(three("get", "cm", "-o", "json")), yaml.safe_load(three("get", "cm", "-o", "yaml"))]
    assert [item["data"]["at"] for item in documents[0]["items"]] == ["3", "1", "2"]
    assert documents[0] == documents[1]
    assert three("get", "cm", "-o", "jsonpath={.items[*].metadata.name}") == "a b c"
    assert three("get", "cm", "-o", "go-template={{range .items}}{{.data.at}},{{end}}") == "3,1,2,"
    columns = three("get", "cm", "-o", "custom-columns=WHO:.metadata.name,AT:.data.at")
    assert [line.split() for line in columns.splitlines()] == [["WHO", "AT"], ["a", "3"], ["b", "1"], ["c", "2"]]


def test_flags_choose_sort_and_widen(three: Kubectl):
    assert names(three("get", "cm", "-l", "team=y", "-o", "name")) == ["a", "c"]
    assert names(three("get", "cm", "-l", "team notin (y)", "-o", "name")) == ["b"]
    assert names(three("get", "cm", "--field-selector=metadata.name!=a", "-o", "name")) == ["b", "c"]
    assert names(three("get", "cm", "--sort-by=.data.at", "--no-headers")) == ["b", "c", "a"]
    assert names(three("get", "cm", "--chunk-size=1", "-o", "name")) == ["a", "b", "c"]
    assert "team=x" in three("get", "cm", "b", "--show-labels")
    assert three("get", "cm", "b", "-L", "team").split()[:4] == ["NAME", "DATA", "AGE", "TEAM"]
    everywhere = three("get", "cm", "-A")
    assert everywhere.startswith("NAMESPACE")
    assert f"{three.namespace} " in everywhere


def test_what_is_not_there_is_told(three: Kubectl):
    assert three.refused("get", "cm", "d") == 'Error from server (NotFound): configmaps "d" not found\n'
    assert three("get", "cm", "d", "--ignore-not-found") == ""
    assert "doesn't have a resource type" in three.refused("get", "nonsense")
    assert three.run("get", "pods").stderr == f"No resources found in {three.namespace} namespace.\n"
    assert '"data.at" is not a known field selector' in three.refused("get", "cm", "--field-selector=data.at=1")


def test_many_kinds_are_asked_for_at_once(three: Kubectl):
    three("create", "deployment", "web", "--image=nginx")
    three("create", "service", "clusterip", "web", "--tcp=80")
    printed = three("get", "deploy,svc")
    assert "deployment.apps/web" in printed
    assert "service/web" in printed
    assert three("get", "all", "-o", "name").split() == ["service/web", "deployment.apps/web"]
    assert three("get", "deploy/web", "cm/a", "-o", "name").split() == ["deployment.apps/web", "configmap/a"]


def test_a_watch_shows_what_changes(three: Kubectl):
    with three.follow("get", "cm", "-w", "-o", "name") as watch:
        assert watch.stdout is not None
        seen = [watch.stdout.readline().strip() for _ in range(3)]
        three("create", "cm", "d")
        seen.append(watch.stdout.readline().strip())
        three("label", "cm", "a", "new=1")
        seen.append(watch.stdout.readline().strip())
    assert [one.removeprefix("configmap/") for one in seen] == ["a", "b", "c", "d", "a"]


def test_a_watch_tells_that_an_object_no_longer_matches(three: Kubectl):
    with three.follow("get", "cm", "-l", "team=y", "-w", "--output-watch-events", "--no-headers") as watch:
        assert watch.stdout is not None
        seen = [watch.stdout.readline().split()[:2] for _ in range(2)]
        three("label", "cm", "c", "--overwrite", "team=x")
        seen.append(watch.stdout.readline().split()[:2])
    assert seen == [["ADDED", "a"], ["ADDED", "c"], ["DELETED", "c"]]


def test_the_server_answers_raw_paths(three: Kubectl):
    assert three("get", "--raw", "/healthz") == "ok"
    listed = json.loads(three("get", "--raw", f"/api/v1/namespaces/{three.namespace}/configmaps?limit=1"))
    assert [item["metadata"]["name"] for item in listed["items"]] == ["a"]
    assert listed["metadata"]["continue"]
    assert "the server could not find" in three.refused("get", "--raw", "/apis/nonsense/v1")

from __future__ import annotations

import json

import pytest
import yaml

from tests.cluster.clients.kubectl import Kubectl

EXPLAINED = [
    ("pods.spec.containers.image", "Container image name"),
    ("deployments", "enables declarative updates"),
    ("deployment.spec.strategy.rollingUpdate.maxSurge", "maximum number of pods"),
    ("ingress.spec.rules", "list of host rules"),
    ("crd.spec.names", "names specify the resource and kind names"),
    ("configmap.immutable", "<boolean>"),
]
DESCRIBED = {
    "deploy/web": ["RollingUpdate", "nginx:1"],
    "svc/web": ["Selector:", "app=web", "80/TCP"],
    "pod/p": ["Status:", "Pending", "BestEffort"],
    "cm/settings": ["colour:", "blue"],
    "secret/hidden": ["password:", "6 bytes"],
    "sa/robot": ["Name:", "robot"],
    "role/reader": ["pods", "[get]"],
    "rolebinding/readers": ["ann"],
    "quota/limits": ["Resource"],
    "ingress/front": ["shop.example.com", "/cart"],
    "job/once": ["Parallelism:", "busybox"],
    "netpol/closed": ["PodSelector:", "Policy Types: Ingress"],
    "pvc/disk": ["Status:", "Pending", "StorageClass:"],
}
CLOSED = {"podSelector": {}, "policyTypes": ["Ingress"]}
DISK = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def full(kubectl: Kubectl) -> None:
    """A namespace with one of each kind."""
    kubectl("create", "deployment", "web", "--image=nginx:1")
    kubectl("create", "service", "clusterip", "web", "--tcp=80")
    kubectl("run", "p", "--image=nginx")
    kubectl("create", "cm", "settings", "--from-literal=colour=blue")
    kubectl("create", "secret", "generic", "hidden", "--from-literal=password=secret")
    kubectl("create", "sa", "robot")
    kubectl("create", "role", "reader", "--verb=get", "--resource=pods")
    kubectl("create", "rolebinding", "readers", "--role=reader", "--user=ann")
    kubectl("create", "quota", "limits", "--hard=pods=9")
    kubectl("create", "ingress", "front", "--rule=shop.example.com/cart=web:80")
    kubectl("create", "job", "once", "--image=busybox")
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed"},
        "spec": CLOSED,
    }
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "disk"}, "spec": DISK}
    kubectl("create", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": [policy, claim]})


def test_many_kinds_are_described(kubectl: Kubectl):
    full(kubectl)
    for what, words in DESCRIBED.items():
        said = kubectl("describe", what)
        assert [word for word in words if " ".join(word.split()) not in " ".join(said.split())] == [], said
    assert "kubernetes.io/metadata.name=" in kubectl("describe", "ns", kubectl.namespace)
    assert "web" in kubectl("describe", "deploy", "-l", "app=web")
    assert "system:discovery" in kubectl("describe", "clusterrolebinding", "system:discovery")


@pytest.mark.parametrize(("path", "words"), EXPLAINED, ids=[path for path, _ in EXPLAINED])
def test_a_field_is_explained(anywhere: Kubectl, path: str, words: str):
    assert words in " ".join(anywhere("explain", path).split())


def test_a_kind_is_explained_as_a_whole(anywhere: Kubectl):
    said = anywhere("explain", "hpa", "--recursive", "--api-version=autoscaling/v2")
    assert "averageUtilization\t<integer>" in said
    assert 'field "nonsense" does not exist' in anywhere.refused("explain", "pod.nonsense")


def test_an_event_is_shown_and_followed(kubectl: Kubectl):
    kubectl("run", "p", "--image=nginx")
    reference = {"apiVersion": "v1", "kind": "Pod", "name": "p", "namespace": kubectl.namespace}
    reference["uid"] = kubectl.field("pod/p", ".metadata.uid")
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "p.1"},
        "involvedObject": reference,
        "type": "Warning",
        "reason": "Broken",
        "message": "It fell.",
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "count": 3,
    }
    kubectl("create", "-f", "-", stdin=event)
    shown = [kubectl("get", "events"), kubectl("describe", "pod/p")]
    shown.append(kubectl("get", "events", "--field-selector=involvedObject.name=p,type=Warning"))
    if kubectl.minor > 22:
        shown.append(kubectl("events", "--for=pod/p", "--types=Warning"))
    assert all("It fell." in one for one in shown)
    assert kubectl("get", "events", "--field-selector=involvedObject.name=q", "-o", "name") == ""


def test_resources_and_versions_are_listed(anywhere: Kubectl):
    resources = [line.split() for line in anywhere("api-resources", "--no-headers").splitlines()]
    assert {"pods", "deployments", "customresourcedefinitions", "leases"} <= {words[0] for words in resources}
    assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in resources
    namespaced = anywhere("api-resources", "--namespaced=false", "-o", "name").split()
    assert "namespaces" in namespaced
    assert "pods" not in namespaced
    of_apps = anywhere("api-resources", "--api-group=apps", "--verbs=deletecollection", "-o", "name").split()
    assert of_apps[-1] == "statefulsets.apps"
    assert {"v1", "apps/v1", "apiextensions.k8s.io/v1"} <= set(anywhere("api-versions").split())


def test_the_cluster_and_its_version_are_told(anywhere: Kubectl):
    assert json.loads(anywhere("version", "-o", "json"))["serverVersion"]["gitVersion"].startswith("v1.36.")
    assert "is running at" in anywhere("cluster-info")
    shown = yaml.safe_load(anywhere("config", "view"))
    assert shown["clusters"][0]["cluster"]["server"].startswith("https://127.0.0.1:")
    assert anywhere("config", "current-context").strip() == shown["current-context"]
    assert shown["users"][0]["user"]["token"] == "REDACTED"


def test_what_no_node_runs_is_refused_in_plain_words(kubectl: Kubectl):
    kubectl("run", "p", "--image=nginx")
    for command in (["exec", "p", "--", "ls"], ["attach", "p"], ["cp", "p:/a", "a"]):
        assert "does not have a host assigned" in kubectl.refused(*command)
    assert "pod is not running" in kubectl.refused("port-forward", "p", "8080:80")
    assert "Metrics API not available" in kubectl.refused("top", "pods")

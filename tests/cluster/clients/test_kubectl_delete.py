from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.clients.kubectl import Kubectl
from tests.eventually import eventually


def owner_and_child(kubectl: Kubectl) -> None:
    """ConfigMap child belongs to ConfigMap owner."""
    kubectl("create", "cm", "owner")
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": kubectl.field("cm/owner", ".metadata.uid"),
    }
    metadata: dict[str, Any] = {"name": "child", "ownerReferences": [{**reference, "blockOwnerDeletion": True}]}
    kubectl("create", "-f", "-", stdin={"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


@pytest.mark.parametrize("mode", ["background", "foreground", "orphan"])
def test_what_belongs_to_an_object_goes_with_it_or_stays(kubectl: Kubectl, mode: str):
    owner_and_child(kubectl)
    kubectl("delete", "cm", "owner", f"--cascade={mode}")
    if mode == "orphan":
        assert "ownerReferences" not in kubectl.get("cm/child")["metadata"]
    else:
        eventually(lambda: kubectl("get", "cm", "child", "--ignore-not-found") == "", "the child is gone")


def test_many_are_deleted_by_label_field_or_all(kubectl: Kubectl):
    for name in "abcd":
        kubectl("create", "cm", name)
    kubectl("label", "cm", "a", "x=1")
    assert kubectl("delete", "cm", "-l", "x=1").split()[1] == '"a"'
    kubectl("delete", "cm", "--field-selector=metadata.name=b")
    assert kubectl("get", "cm", "-o", "name").split() == ["configmap/c", "configmap/d"]
    assert kubectl("delete", "cm", "c", "d", "--dry-run=server").count("server dry run") == 2
    kubectl("delete", "cm", "--all")
    assert kubectl("get", "cm", "-o", "name") == ""
    assert "NotFound" in kubectl.refused("delete", "cm", "a")
    assert kubectl("delete", "cm", "a", "--ignore-not-found") == ""


def test_a_finalizer_holds_an_object_until_it_is_taken_off(kubectl: Kubectl):
    kubectl("create", "cm", "held")
    kubectl("patch", "cm", "held", "--type=merge", '-p={"metadata":{"finalizers":["example.com/wait"]}}')
    assert "timed out" in kubectl.refused("delete", "cm", "held", "--timeout=1s")
    assert kubectl.field("cm/held", ".metadata.deletionTimestamp")
    with kubectl.follow("wait", "--for=delete", "cm/held", "--timeout=100s") as waiting:
        kubectl("patch", "cm", "held", "--type=json", '-p=[{"op":"remove","path":"/metadata/finalizers"}]')
        if waiting.wait() != 0:  # it began when the object was gone already, which version 1.20 calls an error
            told = waiting.stdout.read() if waiting.stdout else ""
            assert "not found" in told or "no matching resources found" in told
    assert "NotFound" in kubectl.refused("get", "cm", "held")


def test_a_pod_goes_at_once_or_after_its_grace_period(kubectl: Kubectl):
    kubectl("run", "a", "--image=nginx")
    kubectl("delete", "pod", "a", "--grace-period=0", "--force")
    kubectl("run", "b", "--image=nginx")
    kubectl("delete", "pod", "b", "--now")
    kubectl("run", "c", "--image=nginx")
    assert 'pod "c" deleted' in kubectl("delete", "pod/c", "--grace-period=7", "--timeout=100s")
    assert kubectl("get", "pods", "-o", "name") == ""


def test_a_namespace_takes_everything_with_it(kubectl: Kubectl):
    name = f"{kubectl.namespace}-more"
    kubectl("create", "namespace", name)
    inside = kubectl.within(name)
    inside("create", "cm", "a")
    inside("create", "deployment", "web", "--image=nginx")
    assert f'namespace "{name}" deleted' in kubectl("delete", "namespace", name)
    assert "NotFound" in kubectl.refused("get", "namespace", name)
    assert inside("get", "deploy,cm", "-o", "name") == ""


def test_waiting_for_a_condition_or_a_field(kubectl: Kubectl):
    kubectl("run", "p", "--image=nginx")
    ready = '{"status":{"conditions":[{"type":"Ready","status":"True"}],"phase":"Running"}}'
    late = kubectl.refused("wait", "--for=condition=Ready", "pod/p", "--timeout=1s")
    assert "timed out waiting for the condition on pods/p" in late
    with kubectl.follow("wait", "--for=condition=Ready", "pod", "--all", "--timeout=100s") as waiting:
        uri = f"/api/v1/namespaces/{kubectl.namespace}/pods/p/status"
        status = kubectl.get("pod/p") | {
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        }
        if kubectl.minor > 23:
            kubectl("patch", "pod", "p", "--subresource=status", "-p", ready)
        else:
            kubectl("replace", "--raw", uri, "-f", "-", stdin=status)
        assert waiting.wait() == 0
    if kubectl.minor > 22:
        kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod/p", "--timeout=100s")
    else:
        assert "unrecognized condition" in kubectl.refused("wait", "--for=jsonpath={.status.phase}=Running", "pod/p")

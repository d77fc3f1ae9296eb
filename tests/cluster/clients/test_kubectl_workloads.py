from __future__ import annotations

import pytest

from tests.cluster.clients.kubectl import Kubectl
from tests.eventually import eventually

CONTROLLERS = True


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    """With a Deployment of two replicas, all of them running."""
    kubectl("create", "deployment", "web", "--image=nginx:1", "--replicas=2")
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/web", "--timeout=100s")
    return kubectl


def image(kubectl: Kubectl) -> str:
    return kubectl.field("deploy/web", ".spec.template.spec.containers[0].image")


def test_a_rollout_is_followed_undone_and_remembered(web: Kubectl):
    assert web("get", "deploy/web", "--no-headers").split()[:4] == ["web", "2/2", "2", "2"]
    web("set", "image", "deploy/web", "nginx=nginx:2")
    web("rollout", "status", "deploy/web", "--timeout=100s")
    revisions = [line.split()[0] for line in web("rollout", "history", "deploy/web").splitlines()[2:] if line.strip()]
    assert revisions == ["1", "2"]
    assert "nginx:1" in web("rollout", "history", "deploy/web", "--revision=1")
    assert "rolled back" in web("rollout", "undo", "deploy/web", "--to-revision=1")
    web("rollout", "status", "deploy/web", "--timeout=100s")
    assert image(web) == "nginx:1"
    assert web("get", "rs", "-o", "name").count("replicaset.apps/web-") == 2
    assert "NewReplicaSet:" in web("describe", "deploy/web")


def test_a_rollout_is_paused_resumed_and_restarted(web: Kubectl):
    web("rollout", "pause", "deploy/web")
    assert "cannot restart" in web.refused("rollout", "restart", "deploy/web") or web.field(
        "deploy/web", ".spec.paused"
    )
    web("rollout", "resume", "deploy/web")
    before = set(web("get", "pods", "-o", "name").split())
    web("rollout", "restart", "deploy/web")
    web("rollout", "status", "deploy/web", "--timeout=100s")
    eventually(lambda: not before & set(web("get", "pods", "-o", "name").split()), "all Pods are new")


def test_waiting_for_what_controllers_do(web: Kubectl):
    web("wait", "--for=condition=Available", "deploy/web", "--timeout=100s")
    web("wait", "--for=condition=Ready", "pod", "-l", "app=web", "--timeout=100s")
    web("scale", "deploy/web", "--replicas=3")
    web("rollout", "status", "deploy/web", "--timeout=100s")
    assert len(web("get", "pods", "-l", "app=web", "-o", "name").split()) == 3
    web("delete", "deploy", "web", "--timeout=100s")
    eventually(lambda: web("get", "rs,pods", "-o", "name") == "", "ReplicaSets and Pods go with the Deployment")


def test_orphans_of_a_deployment_stay(web: Kubectl):
    web("delete", "deploy", "web", "--cascade=orphan")
    assert "replicaset.apps/web-" in web("get", "rs", "-o", "name")
    web("delete", "rs", "-l", "app=web", "--cascade=foreground", "--timeout=100s")
    eventually(lambda: web("get", "pods", "-o", "name") == "", "the Pods are gone")


def test_a_job_completes(kubectl: Kubectl):
    kubectl("create", "job", "once", "--image=busybox", "--", "true")
    kubectl("wait", "--for=condition=Complete", "job/once", "--timeout=100s")
    assert "1/1" in kubectl("get", "job/once", "--no-headers")


def test_a_node_is_cordoned_tainted_and_drained(web: Kubectl):
    (node,) = web("get", "nodes", "-o", "name").split()
    name = node.removeprefix("node/")
    assert web("get", "nodes", "--no-headers").split()[1] == "Ready"
    try:
        web("cordon", name)
        assert "SchedulingDisabled" in web("get", "nodes", "--no-headers")
        web("taint", "nodes", name, "only=tests:NoSchedule")
        assert "only=tests:NoSchedule" in web("describe", "node", name)
        web("taint", "nodes", name, "only-")
        before = set(web("get", "pods", "-o", "name").split())
        drained = web("drain", name, "--pod-selector=app=web", "--ignore-daemonsets", "--timeout=100s", "--force")
        assert f"node/{name} {'drained' if web.minor > 20 else 'evicted'}" in drained
        assert not before & set(web("get", "pods", "-o", "name").split())
    finally:
        web("uncordon", name)
    assert "SchedulingDisabled" not in web("get", "nodes", "--no-headers")


def test_a_running_pod_takes_a_debugger_but_no_shell(web: Kubectl):
    pod = web("get", "pods", "-o", "name").split()[0].removeprefix("pod/")
    assert "Error from server" in (said := web.refused("exec", pod, "--", "ls")) or "error:" in said
    web.run("logs", pod)
    if web.minor > 22:
        web("debug", pod, "--image=busybox", "--container=look", "--attach=false")
        assert web.field(f"pod/{pod}", ".spec.ephemeralContainers[0].name") == "look"
    else:  # it asks for EphemeralContainers, a kind that is gone since 1.22
        assert "ephemeral containers" in web.refused(
            "debug", pod, "--image=busybox", "--container=look", "--attach=false"
        )

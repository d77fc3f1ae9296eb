from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.eventually import eventually

if TYPE_CHECKING:
    from tests.control_plane import ControlPlane


def test_kubectl_creates_and_reads_an_object(control_plane: ControlPlane):
    control_plane.kubectl("create", "configmap", "fixture", "--from-literal=key=value")

    found = json.loads(control_plane.kubectl("get", "configmap", "fixture", "-o", "json").stdout)

    assert found["data"] == {"key": "value"}


def test_kubectl_takes_standard_input(control_plane: ControlPlane):
    manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: from-stdin}, data: {a: b}}"

    assert "from-stdin" in control_plane.kubectl("apply", "-f", "-", input=manifest).stdout


def test_controllers_make_the_pods_of_a_deployment(control_plane: ControlPlane):
    if not control_plane.has_controllers:
        pytest.skip("cannot run here: these binaries have no kube-controller-manager")
    control_plane.kubectl("create", "namespace", "fixture-pods")
    control_plane.kubectl("create", "deployment", "web", "--image=web:1", "--namespace=fixture-pods")

    def pods() -> list[object]:
        return json.loads(control_plane.kubectl("get", "pods", "-n", "fixture-pods", "-o", "json").stdout)["items"]

    assert len(eventually(pods, "the Deployment has Pods")) == 1


def test_a_user_without_a_role_may_do_nothing(control_plane: ControlPlane):
    refused = control_plane.kubectl("get", "pods", user="stranger", check=False)

    assert refused.returncode == 1
    assert "Forbidden" in refused.stderr
    assert '"stranger"' in refused.stderr


def test_a_user_may_do_what_a_role_grants(control_plane: ControlPlane):
    control_plane.kubectl("create", "rolebinding", "developers", "--clusterrole=view", "--group=developers")

    def allowed() -> bool:
        return control_plane.kubectl("get", "pods", user="developer", check=False).returncode == 0

    assert eventually(allowed, "the API server has seen the role binding")


def test_an_unknown_user_is_refused_by_name(control_plane: ControlPlane):
    with pytest.raises(ValueError, match="no user nobody"):
        control_plane.kubeconfig_for("nobody")

"""What pods may and where they run: the checks of the restricted Pod Security Standard, one by one.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.build.planned import admitting, container, following, keeping, plan_of, pod_spec

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}

PLANS = [
    (plan_of(admitting(), following()), "admission"),
    (plan_of(admitting(), following()), "watcher"),
    (plan_of(keeping(), certificates="cert-manager", archive=None), "admission"),
    (plan_of(admitting(), certificates="provided", kubernetes=(1, 20)), "admission"),
]


@pytest.fixture(params=PLANS, ids=["admission", "watcher", "cert-manager", "old"])
def pod(request: pytest.FixtureRequest) -> dict[str, Any]:
    return pod_spec(*request.param)


def contexts(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [one.get("securityContext", {}) for key in ("containers", "initContainers") for one in pod.get(key, [])]


def test_pods_share_nothing_with_their_node(pod: dict[str, Any]):
    assert not any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
    assert not any("hostPort" in port for one in pod["containers"] for port in one["ports"])
    assert all(set(volume) - {"name"} <= VOLUMES for volume in pod["volumes"])


def test_nobody_is_privileged_nor_can_become_so(pod: dict[str, Any]):
    for context in contexts(pod):
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert not context.keys() & {"privileged", "procMount", "seLinuxOptions", "windowsOptions", "appArmorProfile"}


def test_nobody_is_root(pod: dict[str, Any]):
    security = pod["securityContext"]

    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] == 65532
    assert not any(context.keys() & {"runAsUser", "runAsNonRoot"} for context in contexts(pod))


def test_system_calls_are_filtered_and_no_kernel_setting_is_changed(pod: dict[str, Any]):
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "sysctls" not in pod["securityContext"]


def test_the_root_is_read_only_and_there_is_a_place_to_write(pod: dict[str, Any]):
    (one,) = pod["containers"]

    assert one["securityContext"]["readOnlyRootFilesystem"] is True
    (place,) = [mount["name"] for mount in one["volumeMounts"] if not mount.get("readOnly")]
    assert next(volume for volume in pod["volumes"] if volume["name"] == place)["emptyDir"] == {"sizeLimit": "256Mi"}


def test_pods_are_spread_over_hosts_and_zones_among_their_own_kind():
    plan = plan_of(admitting(), following())

    for role in ("admission", "watcher"):
        spread = pod_spec(plan, role)["topologySpreadConstraints"]
        assert [one["topologyKey"] for one in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
        for one in spread:
            assert one["labelSelector"]["matchLabels"] == {"poblano.dev/uuid": "shop", "poblano.dev/role": role}
            assert one["matchLabelKeys"] == ["pod-template-hash"]
            assert one["whenUnsatisfiable"] == "ScheduleAnyway"


def test_memory_has_a_limit_and_the_processor_has_none():
    resources = container(plan_of(admitting()))["resources"]

    assert resources["limits"].keys() == {"memory"}
    assert resources["requests"].keys() == {"cpu", "memory"}

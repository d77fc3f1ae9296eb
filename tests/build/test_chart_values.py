"""Every value of the pods is set to something, through a real Helm, and a strict API server takes what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import helm_python
import pytest

from poblano.build.helm.values import slots, with_value
from poblano.core.jsonvalue import Document
from tests.build.charts import loaded, rendered, written
from tests.build.planned import admitting, following, parts_of, plan_of
from tests.build.test_accepted import path_of, server

__all__ = ["server"]

PLAN = plan_of(admitting(), following(), certificates="provided")
PEER = {"ipBlock": {"cidr": "10.0.0.0/8"}}
PROBE = {"httpGet": {"path": "/healthz", "port": "health"}, "initialDelaySeconds": 3, "timeoutSeconds": 9}
OF_PODS: dict[str, Any] = {
    "enabled": True,
    "replicas": 3,
    "image": "registry.example.com/other:2",
    "imagePullPolicy": "Always",
    "logLevel": "debug",
    "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
    "envFrom": [{"configMapRef": {"name": "more"}}],
    "port": 9443,
    "healthPort": 9080,
    "startupProbe": PROBE,
    "readinessProbe": PROBE,
    "livenessProbe": PROBE,
    "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}},
    "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi", "cpu": "2"}},
    "containerSecurityContext": {"runAsNonRoot": True},
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca"}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraContainers": [{"name": "proxy", "image": "proxy:1"}],
    "initContainers": [{"name": "wait", "image": "wait:1", "restartPolicy": "Always"}],
    "temporary": {"medium": "Memory"},
    "certificateSecret": "mine",
    "labels": {"team": "rules"},
    "annotations": {"example.com/a": "b"},
    "podLabels": {"team": "rules"},
    "podAnnotations": {"example.com/a": "b"},
    "serviceAnnotations": {"example.com/a": "b"},
    "revisionHistoryLimit": 0,
    "progressDeadlineSeconds": 90,
    "minReadySeconds": 0,
    "strategy": {"rollingUpdate": {"maxSurge": "50%"}},
    "terminationGracePeriodSeconds": 90,
    "priorityClassName": "system-node-critical",
    "resourceQuota.enabled": False,
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "whenNotSpread": "DoNotSchedule",
    "topologySpreadConstraints": [{"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}],
    "schedulerName": "other",
    "runtimeClassName": "gvisor",
    "securityContext": {"supplementalGroups": [1]},
    "hostUsers": True,
    "hostNetwork": True,
    "dnsPolicy": "ClusterFirstWithHostNet",
    "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]},
    "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["registry"]}],
    "podDisruptionBudget.enabled": True,
    "podDisruptionBudget.minAvailable": "50%",
    "podDisruptionBudget.maxUnavailable": None,
    "networkPolicy.egress": [{"to": [PEER]}],
    "serviceMonitor.enabled": True,
    "serviceMonitor.labels": {"release": "prometheus"},
    "serviceMonitor.annotations": {"example.com/a": "b"},
    "serviceMonitor.interval": "1m",
}
OTHERS: dict[str, Any] = {
    "additionalIgnoredNamespaces": ["quiet", "busy"],
    "imagePullSecrets": [{"name": "mine"}],
    "namespace.create": False,
    "namespace.labels": {"a": "b"},
    "namespace.annotations": {"a": "b"},
    "networkPolicy.enabled": True,
    "networkPolicy.webhooksFrom": [PEER],
    "networkPolicy.metricsFrom": [],
    "networkPolicy.apiServers": [PEER],
    "prometheusRule.enabled": True,
    "prometheusRule.labels": {"release": "prometheus"},
    "prometheusRule.annotations": {"example.com/a": "b"},
    "prometheusRule.admissionPods": 3,
    "prometheusRule.rules": [{"record": "a", "expr": "up"}],
}
VALUES = {**OTHERS, **{f"{role}.{key}": value for role in ("admission", "watcher") for key, value in OF_PODS.items()}}


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """What the chart comes to when every value is set."""
    values: Document = {}
    for path in (slot.path for slot in slots(parts_of(PLAN).values())):
        values = with_value(values, path, VALUES[path])
    with loaded(written(tmp_path_factory.mktemp("chart"), list(parts_of(PLAN).values()))) as chart:
        return rendered(chart, values, namespace="shop")


def test_a_server_takes_the_chart_with_every_value_set(server, chart: dict[str, Document]):
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    assert server("POST", path_of(space), space).status in {201, 409}
    for name, document in chart.items():
        reply = server("POST", path_of(document), document, query={"fieldValidation": "Strict"})
        assert reply.status == 201, (name, reply.document)


@pytest.mark.parametrize("role", ["admission", "watcher"])
def test_what_is_set_is_what_the_pods_get(chart: dict[str, Document], role: str):
    deployment = chart[f"{role}-deployment"]["spec"]
    pod = deployment["template"]["spec"]
    one, other = pod["containers"]
    env = {variable["name"]: variable.get("value") for variable in one["env"]}

    assert (deployment["replicas"], deployment["strategy"]["rollingUpdate"]) == (
        3,
        {"maxSurge": "50%", "maxUnavailable": 0},
    )
    assert pod["imagePullSecrets"] == [{"name": "mine"}]
    assert "imagePullSecrets" not in one
    assert (one["image"], other["name"], pod["initContainers"][0]["name"]) == (OF_PODS["image"], "proxy", "wait")
    assert env["POBLANO_ADDITIONAL_IGNORED_NAMESPACES"] == "quiet,busy"
    assert (env["POBLANO_NAMESPACE"], env["POBLANO_LOG_LEVEL"], env["POBLANO_HEALTH_PORT"]) == ("shop", "debug", "9080")
    assert one["ports"][-1]["containerPort"] == 9080
    assert one["readinessProbe"]["timeoutSeconds"] == 9
    assert one["readinessProbe"]["periodSeconds"] == 5
    assert (pod["hostNetwork"], pod["dnsPolicy"], pod["hostUsers"]) == (True, "ClusterFirstWithHostNet", True)
    assert [rule["whenUnsatisfiable"] for rule in pod["topologySpreadConstraints"]] == [
        "DoNotSchedule",
        "ScheduleAnyway",
        "DoNotSchedule",
    ]
    assert {volume["name"] for volume in pod["volumes"]} >= {"tmp", "module", "ca"}
    assert chart[f"{role}-disruption-budget"]["spec"] == {
        "selector": deployment["selector"],
        "minAvailable": "50%",
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }


def test_pods_that_are_switched_off_take_what_is_theirs_with_them(tmp_path: Path):
    parts = list(parts_of(PLAN).values())
    with loaded(written(tmp_path, parts)) as chart:
        left = rendered(chart, {"admission": {"enabled": False}})

    assert not [name for name in left if name.startswith("admission")]
    assert "watcher-deployment" in left


def test_webhooks_that_fail_closed_have_somebody_behind_them(tmp_path: Path):
    with loaded(written(tmp_path, list(parts_of(PLAN).values()))) as chart:
        with pytest.raises(helm_python.HelmError, match="/admission/replicas"):
            rendered(chart, {"admission": {"replicas": 0}})
        assert "replicas" not in rendered(chart, {"admission": {"replicas": None}})["admission-deployment"]["spec"]
        assert rendered(chart, {"watcher": {"replicas": 0}})["watcher-deployment"]["spec"]["replicas"] == 0

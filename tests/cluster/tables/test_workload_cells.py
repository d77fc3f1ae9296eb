from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.tables.showing import NOW, THEN, Cases, cells, named

TEMPLATE = {"spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:2"}]}}
SELECTOR = {"matchLabels": {"app": "web"}}

CASES: Cases = [
    ("v1/configmaps", {"data": {"a": ""}, "binaryData": {"b": "", "c": ""}}, ["x", 3, "60m"]),
    ("v1/secrets", {"type": "Opaque", "data": {"a": ""}}, ["x", "Opaque", 1, "60m"]),
    ("v1/namespaces", {"status": {"phase": "Active"}}, ["x", "Active", "60m"]),
    ("v1/limitranges", {}, ["x", THEN]),
    (
        "v1/nodes",
        {
            "metadata": {"labels": {"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge"}},
            "spec": {"unschedulable": True},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "addresses": [{"type": "InternalIP", "address": "10.0.0.2"}],
                "nodeInfo": {"kubeletVersion": "v1.36.2", "osImage": "Debian"},
            },
        },
        ["x", "Ready,SchedulingDisabled", "edge,worker", "60m", "v1.36.2", "10.0.0.2", "<none>", "Debian"]
        + ["<unknown>"] * 2,
    ),
    (
        "v1/nodes",
        {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}},
        ["x", "NotReady", "<none>", "60m", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"],
    ),
    (
        "v1/services",
        {
            "spec": {
                "type": "NodePort",
                "clusterIPs": ["10.0.0.1"],
                "selector": {"b": "2", "a": "1"},
                "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
            }
        },
        ["x", "NodePort", "10.0.0.1", "<none>", "80:30080/TCP,53/UDP", "60m", "a=1,b=2"],
    ),
    (
        "v1/services",
        {"spec": {"type": "LoadBalancer"}},
        ["x", "LoadBalancer", "<none>", "<pending>", "<none>", "60m", "<none>"],
    ),
    (
        "v1/services",
        {
            "spec": {"type": "LoadBalancer", "externalIPs": ["9.9.9.9"]},
            "status": {"loadBalancer": {"ingress": [{"hostname": "b.example.com"}, {"ip": "1.1.1.1"}]}},
        },
        ["x", "LoadBalancer", "<none>", "1.1.1.1,b.example.com,9.9.9.9", "<none>", "60m", "<none>"],
    ),
    (
        "v1/services",
        {"spec": {"type": "ExternalName", "externalName": "example.com"}},
        ["x", "ExternalName", "<none>", "example.com", "<none>", "60m", "<none>"],
    ),
    ("v1/endpoints", {}, ["x", "<none>", "60m"]),
    (
        "v1/endpoints",
        {"subsets": [{"addresses": [{"ip": f"10.0.0.{i}"} for i in range(4)], "ports": [{"port": 80}]}]},
        ["x", "10.0.0.0:80,10.0.0.1:80,10.0.0.2:80 + 1 more...", "60m"],
    ),
    ("v1/endpoints", {"subsets": [{"addresses": [{"ip": "::1"}], "ports": [{"port": 80}]}]}, ["x", "[::1]:80", "60m"]),
    (
        "v1/persistentvolumes",
        {
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": "n", "name": "c"},
                "storageClassName": "fast",
                "volumeMode": "Filesystem",
            },
            "status": {"phase": "Bound"},
        },
        ["x", "1Gi", "RWO,RWX", "Retain", "Bound", "n/c", "fast", "<unset>", "", "60m", "Filesystem"],
    ),
    (
        "v1/persistentvolumeclaims",
        {"spec": {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"]}, "status": {"phase": "Pending"}},
        ["x", "Pending", "", "", "", "fast", "<unset>", "60m", "<unset>"],
    ),
    (
        "v1/persistentvolumeclaims",
        {
            "metadata": {"deletionTimestamp": NOW},
            "spec": {"volumeName": "v"},
            "status": {"phase": "Bound", "capacity": {"storage": "2Gi"}, "accessModes": ["ReadOnlyMany"]},
        },
        ["x", "Terminating", "v", "2Gi", "ROX", "", "<unset>", "60m", "<unset>"],
    ),
    (
        "v1/resourcequotas",
        {"status": {"hard": {"pods": "4", "limits.cpu": "2", "cpu": "1"}, "used": {"pods": "1"}}},
        ["x", "cpu: 0/1, pods: 1/4", "limits.cpu: 0/2", "60m"],
    ),
    (
        "v1/replicationcontrollers",
        {"spec": {"replicas": 2, "selector": {"a": "b"}, "template": TEMPLATE}, "status": {"replicas": 1}},
        ["x", 2, 1, 0, "60m", "a,b", "x:1,y:2", "a=b"],
    ),
    ("v1/podtemplates", {"template": TEMPLATE}, ["x", "a,b", "x:1,y:2", "<none>"]),
    (
        "v1/componentstatuses",
        {"conditions": [{"type": "Healthy", "status": "True", "message": "ok"}]},
        ["x", "Healthy", "ok", ""],
    ),
    (
        "apps/v1/deployments",
        {
            "spec": {"replicas": 3, "selector": SELECTOR, "template": TEMPLATE},
            "status": {"readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1},
        },
        ["x", "1/3", 2, 1, "60m", "a,b", "x:1,y:2", "app=web"],
    ),
    (
        "apps/v1/replicasets",
        {"spec": {"replicas": 3, "selector": SELECTOR}, "status": {"replicas": 3, "readyReplicas": 2}},
        ["x", 3, 3, 2, "60m", "", "", "app=web"],
    ),
    ("apps/v1/statefulsets", {"spec": {"replicas": 3, "template": TEMPLATE}}, ["x", "0/3", "60m", "a,b", "x:1,y:2"]),
    (
        "apps/v1/daemonsets",
        {"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}, "status": {"desiredNumberScheduled": 2}},
        ["x", 2, 0, 0, 0, 0, "a=b", "60m", "", "", "<none>"],
    ),
    (
        "apps/v1/controllerrevisions",
        {
            "metadata": {
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "controller": True}]
            },
            "revision": 4,
        },
        ["x", "daemonset.apps/d", 4, "60m"],
    ),
    (
        "batch/v1/jobs",
        {
            "spec": {"completions": 2, "selector": SELECTOR, "template": TEMPLATE},
            "status": {"succeeded": 1, "startTime": THEN},
        },
        ["x", "Running", "1/2", "60m", "60m", "a,b", "x:1,y:2", "app=web"],
    ),
    (
        "batch/v1/jobs",
        {
            "spec": {"parallelism": 3},
            "status": {
                "startTime": "2026-01-31T11:00:00Z",
                "completionTime": "2026-01-31T11:00:30Z",
                "conditions": [{"type": "Complete", "status": "True"}],
            },
        },
        ["x", "Complete", "0/1 of 3", "30s", "60m", "", "", "<none>"],
    ),
    (
        "batch/v1/cronjobs",
        {"spec": {"schedule": "* * * * *", "suspend": False, "jobTemplate": {"spec": {"template": TEMPLATE}}}},
        ["x", "* * * * *", "<none>", "False", 0, "<none>", "60m", "a,b", "x:1,y:2", "<none>"],
    ),
    (
        "autoscaling/v1/horizontalpodautoscalers",
        {
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "d"},
                "maxReplicas": 5,
                "targetCPUUtilizationPercentage": 80,
            }
        },
        ["x", "Deployment/d", "cpu: <unknown>/80%", "<unset>", 5, 0, "60m"],
    ),
    (
        "autoscaling/v2/horizontalpodautoscalers",
        {
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "d"},
                "minReplicas": 1,
                "maxReplicas": 5,
                "metrics": [
                    {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}},
                    {"type": "Pods", "pods": {"target": {"averageValue": "1k"}}},
                    {"type": "External", "external": {"target": {"value": "3"}}},
                ],
            },
            "status": {"currentReplicas": 2, "currentMetrics": [{"resource": {"current": {"averageUtilization": 12}}}]},
        },
        ["x", "Deployment/d", "cpu: 12%/80%, <unknown>/1k + 1 more...", "1", 5, 2, "60m"],
    ),
    (
        "v1/events",
        {
            "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec"},
            "type": "Normal",
            "reason": "Pulled",
            "message": " done\n",
            "source": {"component": "kubelet", "host": "n"},
            "firstTimestamp": THEN,
            "lastTimestamp": NOW,
            "count": 3,
        },
        ["0s", "Normal", "Pulled", "pod/p", "spec", "kubelet, n", "done", "60m", 3, "x"],
    ),
    (
        "events.k8s.io/v1/events",
        {
            "regarding": {"kind": "Pod", "name": "p"},
            "note": "done",
            "eventTime": "2026-01-31T11:00:00.000000Z",
            "reportingController": "c",
            "series": {"count": 7, "lastObservedTime": "2026-01-31T11:59:00.000000Z"},
        },
        ["60s", "", "", "pod/p", "", "c", "done", "60m", 7, "x"],
    ),
]


@pytest.mark.parametrize(("path", "fields", "shown"), CASES, ids=named(CASES))
def test_the_cells_are_those_of_the_real_printer(path: str, fields: dict[str, Any], shown: list[Any]) -> None:
    assert cells(path, **fields) == shown

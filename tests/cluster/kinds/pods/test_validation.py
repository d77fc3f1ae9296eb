"""What newcomers trip over in a Pod is answered in the API server's words."""

from __future__ import annotations

import pytest

from poblano.cluster.kinds import strategy
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import created, refused


def pod(spec: Document | None = None, **container: object) -> Document:
    body = {"containers": [{"name": "c", "image": "i", **container}], **(spec or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": body}


@pytest.mark.parametrize(
    ("container", "wrong"),
    [
        ({"name": ""}, ["spec.containers[0].name: Required value"]),
        ({"image": ""}, ["spec.containers[0].image: Required value"]),
        (
            {"image": " i"},
            ['spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace'],
        ),
        (
            {"imagePullPolicy": "Sometimes"},
            [
                (
                    'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", '
                    '"IfNotPresent", "Never"'
                )
            ],
        ),
        ({"ports": [{}]}, ["spec.containers[0].ports[0].containerPort: Required value"]),
        (
            {"ports": [{"containerPort": 70000}]},
            ["spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"],
        ),
        (
            {"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]},
            ['spec.containers[0].ports[1].name: Duplicate value: "a"'],
        ),
        (
            {"ports": [{"containerPort": 1, "protocol": "tcp"}]},
            ['spec.containers[0].ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'],
        ),
        (
            {"ports": [{"containerPort": 1, "hostPort": 9}, {"containerPort": 2, "hostPort": 9}]},
            ['spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//9"'],
        ),
        ({"env": [{"value": "x"}]}, ["spec.containers[0].env[0].name: Required value"]),
        (
            {"env": [{"name": "A", "valueFrom": {}}]},
            [
                (
                    'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, '
                    "`resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
                )
            ],
        ),
        (
            {"env": [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
            ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nope"}}}]},
            [
                (
                    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nope": error converting '
                    "fieldPath: field label not supported: spec.nope"
                )
            ],
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": ""}}}]},
            ["spec.containers[0].env[0].valueFrom.secretKeyRef.key: Required value"],
        ),
        ({"envFrom": [{"secretRef": {}}]}, ["spec.containers[0].envFrom[0].secretRef.name: Required value"]),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/x"}]},
            ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
        ),
        (
            {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}},
            ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
        ),
        (
            {"resources": {"limits": {"gold": "1"}}},
            [
                (
                    'spec.containers[0].resources.limits[gold]: Invalid value: "gold": must be a standard resource type or '
                    "fully qualified"
                ),
                (
                    'spec.containers[0].resources.limits[gold]: Invalid value: "gold": must be a standard resource for '
                    "containers"
                ),
            ],
        ),
        (
            {"resources": {"limits": {"cpu": "-1"}}},
            ['spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
        ),
        ({"livenessProbe": {}}, ["spec.containers[0].livenessProbe: Required value: must specify a handler type"]),
        (
            {"livenessProbe": {"httpGet": {"port": 0}}},
            ["spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive"],
        ),
        (
            {"livenessProbe": {"exec": {"command": ["x"]}, "tcpSocket": {"port": 1}}},
            [
                "spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
            ],
        ),
        (
            {"livenessProbe": {"exec": {"command": ["x"]}, "successThreshold": 2}},
            ["spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"],
        ),
        (
            {"readinessProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": -1}},
            ["spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0"],
        ),
        (
            {"securityContext": {"runAsUser": -1}},
            [
                (
                    "spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, "
                    "inclusive"
                )
            ],
        ),
        (
            {"terminationMessagePolicy": "x"},
            [
                (
                    'spec.containers[0].terminationMessagePolicy: Unsupported value: "x": supported values: "File", '
                    '"FallbackToLogsOnError"'
                )
            ],
        ),
    ],
)
def test_a_container_is_told_what_is_wrong_with_it(container, wrong):
    found = refused(pod(**container))
    assert list(dict.fromkeys(found))[: len(wrong)] == wrong


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({"containers": []}, ["spec.containers: Required value"]),
        (
            {"containers": [{"name": "c", "image": "i"}, {"name": "c", "image": "i"}]},
            ['spec.containers[1].name: Duplicate value: "c"'],
        ),
        (
            {"initContainers": [{"name": "c", "image": "i"}]},
            ['spec.initContainers[0].name: Duplicate value: "c"'],
        ),
        (
            {"initContainers": [{"name": "d", "image": "i", "livenessProbe": {"exec": {"command": ["x"]}}}]},
            [
                (
                    "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without "
                    "restartPolicy=Always"
                )
            ],
        ),
        (
            {"restartPolicy": "Sometimes"},
            ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
        ),
        (
            {"volumes": [{"name": "v"}, {"name": "v"}]},
            ['spec.volumes[1].name: Duplicate value: "v"'],
        ),
        (
            {"volumes": [{"name": "v", "emptyDir": {}, "secret": {"secretName": "s"}}]},
            ["spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type"],
        ),
        (
            {"volumes": [{"name": "v", "configMap": {"name": "m", "items": [{"key": "k", "path": "/abs"}]}}]},
            ['spec.volumes[0].configMap.items[0].path: Invalid value: "/abs": must be a relative path'],
        ),
        (
            {"volumes": [{"name": "v", "secret": {"secretName": "s", "defaultMode": 1000}}]},
            [
                (
                    "spec.volumes[0].secret.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), "
                    "both inclusive"
                )
            ],
        ),
        (
            {"dnsPolicy": "None"},
            ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"],
        ),
        (
            {"activeDeadlineSeconds": 0},
            ["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"],
        ),
        (
            {"tolerations": [{"operator": "Equal"}]},
            [
                (
                    'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, '
                    'which means "match all values and all keys"'
                )
            ],
        ),
        (
            {"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}]},
            ["spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than 0"],
        ),
        (
            {
                "affinity": {
                    "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}
                }
            },
            [
                (
                    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required "
                    "value: must have at least one node selector term"
                )
            ],
        ),
        (
            {"ephemeralContainers": [{"name": "e", "image": "i"}]},
            ["spec.ephemeralContainers: Forbidden: cannot be set on create"],
        ),
        (
            {"nodeName": "n", "schedulingGates": [{"name": "g"}]},
            ["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"],
        ),
    ],
)
def test_a_pod_is_told_what_is_wrong_with_it(spec, wrong):
    assert refused(pod(spec)) == wrong


@pytest.mark.parametrize(
    ("spec", "warned"),
    [
        (
            {
                "containers": [
                    {"name": "c", "image": "i", "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}]}
                ]
            },
            [],
        ),
        (
            {"nodeSelector": {"beta.kubernetes.io/os": "linux"}},
            ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
        ),
        (
            {"imagePullSecrets": [{"name": "s"}, {"name": "s"}]},
            ['spec.imagePullSecrets[1].name: duplicate name "s"'],
        ),
        (
            {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 1}, {"containerPort": 1}]}]},
            ["spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]"],
        ),
        (
            {"containers": [{"name": "c", "image": "i", "resources": {"limits": {"memory": "100m"}}}]},
            [
                'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
                'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
            ],
        ),
        (
            {"terminationGracePeriodSeconds": -1},
            ["spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"],
        ),
    ],
)
def test_a_pod_that_works_but_surely_is_not_meant_is_warned(spec, warned):
    assert strategy("", "Pod").warnings(created(pod(spec))) == warned

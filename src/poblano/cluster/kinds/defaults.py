"""The defaults that are plain data, by kind and path. What depends on other fields stands with the kind.

A path is followed as far as the object goes and never makes anything but its last field; ``[]`` is each item of a list.

Source: the defaults.go of each group in kubernetes/pkg/apis.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from poblano.cluster.kinds.tree import many
from poblano.core.jsonvalue import Document

_ADMISSION: Final = "admissionregistration.k8s.io"
_RBAC: Final = "rbac.authorization.k8s.io"
_WEBHOOK: Final[Mapping[str, Any]] = {
    "webhooks[].failurePolicy": "Fail",
    "webhooks[].matchPolicy": "Equivalent",
    "webhooks[].namespaceSelector": {},
    "webhooks[].objectSelector": {},
    "webhooks[].timeoutSeconds": 10,
    "webhooks[].rules[].scope": "*",
    "webhooks[].clientConfig.service.port": 443,
}
_POLICY: Final[Mapping[str, Any]] = {
    "spec.failurePolicy": "Fail",
    "spec.matchConstraints.matchPolicy": "Equivalent",
    "spec.matchConstraints.namespaceSelector": {},
    "spec.matchConstraints.objectSelector": {},
    "spec.matchConstraints.resourceRules[].scope": "*",
    "spec.matchConstraints.excludeResourceRules[].scope": "*",
}
_POLICY_BINDING: Final[Mapping[str, Any]] = {
    "spec.matchResources.matchPolicy": "Equivalent",
    "spec.matchResources.namespaceSelector": {},
    "spec.matchResources.objectSelector": {},
    "spec.matchResources.resourceRules[].scope": "*",
    "spec.matchResources.excludeResourceRules[].scope": "*",
}
_CLAIM: Final[Mapping[str, Any]] = {"spec.volumeMode": "Filesystem", "status.phase": "Pending"}
_TABLE: Final[Mapping[str, Mapping[str, Any]]] = {
    "/Secret": {"type": "Opaque"},
    "/Namespace": {"status.phase": "Active"},
    "/PersistentVolume": {
        "spec.persistentVolumeReclaimPolicy": "Retain",
        "spec.volumeMode": "Filesystem",
        "spec.hostPath.type": "",
        "status.phase": "Pending",
    },
    "/PersistentVolumeClaim": _CLAIM,
    "/Endpoints": {"subsets[].ports[].protocol": "TCP"},
    "/Service": {"spec.sessionAffinity": "None", "spec.type": "ClusterIP"},
    "apps/Deployment": {
        "spec.replicas": 1,
        "spec.strategy.type": "RollingUpdate",
        "spec.revisionHistoryLimit": 10,
        "spec.progressDeadlineSeconds": 600,
    },
    "apps/ReplicaSet": {"spec.replicas": 1},
    "apps/DaemonSet": {"spec.updateStrategy.type": "RollingUpdate", "spec.revisionHistoryLimit": 10},
    "apps/StatefulSet": {
        "spec.replicas": 1,
        "spec.podManagementPolicy": "OrderedReady",
        "spec.updateStrategy.type": "RollingUpdate",
        "spec.revisionHistoryLimit": 10,
        "spec.persistentVolumeClaimRetentionPolicy": {},
        "spec.persistentVolumeClaimRetentionPolicy.whenDeleted": "Retain",
        "spec.persistentVolumeClaimRetentionPolicy.whenScaled": "Retain",
        "spec.volumeClaimTemplates[].apiVersion": "v1",
        "spec.volumeClaimTemplates[].kind": "PersistentVolumeClaim",
        **{f"spec.volumeClaimTemplates[].{path}": value for path, value in _CLAIM.items()},
    },
    "batch/Job": {
        "spec.completionMode": "NonIndexed",
        "spec.suspend": False,
        "spec.manualSelector": False,
        "spec.podFailurePolicy.rules[].onPodConditions[].status": "True",
    },
    "batch/CronJob": {
        "spec.concurrencyPolicy": "Allow",
        "spec.suspend": False,
        "spec.successfulJobsHistoryLimit": 3,
        "spec.failedJobsHistoryLimit": 1,
        "spec.jobTemplate.spec.podFailurePolicy.rules[].onPodConditions[].status": "True",
    },
    "autoscaling/HorizontalPodAutoscaler": {"spec.minReplicas": 1},
    "networking.k8s.io/NetworkPolicy": {
        "spec.ingress[].ports[].protocol": "TCP",
        "spec.egress[].ports[].protocol": "TCP",
    },
    "networking.k8s.io/IngressClass": {"spec.parameters.scope": "Cluster"},
    f"{_RBAC}/RoleBinding": {"roleRef.apiGroup": _RBAC},
    f"{_RBAC}/ClusterRoleBinding": {"roleRef.apiGroup": _RBAC},
    "scheduling.k8s.io/PriorityClass": {"preemptionPolicy": "PreemptLowerPriority"},
    "storage.k8s.io/StorageClass": {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    "storage.k8s.io/CSIDriver": {
        "spec.attachRequired": True,
        "spec.podInfoOnMount": False,
        "spec.storageCapacity": False,
        "spec.fsGroupPolicy": "ReadWriteOnceWithFSType",
        "spec.volumeLifecycleModes": ["Persistent"],
        "spec.requiresRepublish": False,
        "spec.seLinuxMount": False,
    },
    "discovery.k8s.io/EndpointSlice": {"ports[].name": "", "ports[].protocol": "TCP"},
    f"{_ADMISSION}/ValidatingWebhookConfiguration": _WEBHOOK,
    f"{_ADMISSION}/MutatingWebhookConfiguration": {**_WEBHOOK, "webhooks[].reinvocationPolicy": "Never"},
    f"{_ADMISSION}/ValidatingAdmissionPolicy": _POLICY,
    f"{_ADMISSION}/MutatingAdmissionPolicy": _POLICY,
    f"{_ADMISSION}/ValidatingAdmissionPolicyBinding": _POLICY_BINDING,
    f"{_ADMISSION}/MutatingAdmissionPolicyBinding": _POLICY_BINDING,
    "flowcontrol.apiserver.k8s.io/FlowSchema": {"spec.matchingPrecedence": 1000},
    "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": {
        "spec.limited.nominalConcurrencyShares": 30,
        "spec.limited.lendablePercent": 0,
        "spec.limited.limitResponse.queuing.queues": 64,
        "spec.limited.limitResponse.queuing.handSize": 8,
        "spec.limited.limitResponse.queuing.queueLengthLimit": 50,
        "spec.exempt.nominalConcurrencyShares": 0,
        "spec.exempt.lendablePercent": 0,
    },
    "apiregistration.k8s.io/APIService": {"spec.service.port": 443},
}


def fill(obj: Document, group: str, kind: str) -> None:
    """Fills in the plain defaults of a kind.

    >>> schedule = {"spec": {}}
    >>> fill(schedule, "networking.k8s.io", "IngressClass"); schedule
    {'spec': {}}
    """
    for path, value in _TABLE.get(f"{group}/{kind}", {}).items():
        set_default(obj, path, value)


def set_default(node: Any, path: str, value: Any) -> None:
    """Sets the field at the end of `path` wherever it is absent (or, for a text, empty) and its parent is there.

    >>> claim = {"items": [{"mode": ""}, {"mode": "x"}]}
    >>> set_default(claim, "items[].mode", "y"); claim
    {'items': [{'mode': 'y'}, {'mode': 'x'}]}
    """
    head, dot, rest = path.partition(".")
    if not isinstance(node, dict):
        return
    parent: Document = node  # pyright: ignore[reportUnknownVariableType]
    if head.endswith("[]"):
        for item in many(parent, head[:-2]):
            set_default(item, rest, value)
    elif dot:
        set_default(parent.get(head), rest, value)
    elif parent.get(head) in (None, ""):
        parent[head] = deepcopy(value)

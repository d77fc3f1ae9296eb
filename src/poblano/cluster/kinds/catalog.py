"""Which module has the strategy of a kind. A module is imported when one of its kinds is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final

from poblano.cluster.kinds.strategy import Strategy

_MODULES: Final[Mapping[str, str]] = {
    "/Pod": "pods.kinds",
    "/PodTemplate": "pods.kinds",
    "apps/Deployment": "workloads",
    "apps/ReplicaSet": "workloads",
    "apps/DaemonSet": "workloads",
    "/ReplicationController": "workloads",
    "apps/StatefulSet": "stateful",
    "apps/ControllerRevision": "stateful",
    "batch/Job": "jobs",
    "batch/CronJob": "jobs",
    "/ConfigMap": "config",
    "/Secret": "config",
    "/ServiceAccount": "config",
    "/Namespace": "namespaces",
    "/Node": "namespaces",
    "/LimitRange": "namespaces",
    "/ResourceQuota": "namespaces",
    "/Service": "services",
    "/Endpoints": "endpoints",
    "discovery.k8s.io/EndpointSlice": "endpoints",
    "/PersistentVolume": "claims",
    "/PersistentVolumeClaim": "claims",
    "storage.k8s.io/StorageClass": "storage",
    "storage.k8s.io/VolumeAttributesClass": "storage",
    "storage.k8s.io/CSIDriver": "storage",
    "storage.k8s.io/CSINode": "storage",
    "storage.k8s.io/CSIStorageCapacity": "storage",
    "storage.k8s.io/VolumeAttachment": "storage",
    "/Event": "events",
    "events.k8s.io/Event": "events",
    "rbac.authorization.k8s.io/Role": "rbac",
    "rbac.authorization.k8s.io/ClusterRole": "rbac",
    "rbac.authorization.k8s.io/RoleBinding": "rbac",
    "rbac.authorization.k8s.io/ClusterRoleBinding": "rbac",
    "networking.k8s.io/NetworkPolicy": "networking",
    "networking.k8s.io/IngressClass": "networking",
    "networking.k8s.io/IPAddress": "networking",
    "networking.k8s.io/ServiceCIDR": "networking",
    "networking.k8s.io/Ingress": "ingress",
    "autoscaling/HorizontalPodAutoscaler": "autoscaling",
    "policy/PodDisruptionBudget": "autoscaling",
    "coordination.k8s.io/Lease": "small",
    "scheduling.k8s.io/PriorityClass": "small",
    "node.k8s.io/RuntimeClass": "small",
    "admissionregistration.k8s.io/ValidatingWebhookConfiguration": "webhook_configurations",
    "admissionregistration.k8s.io/MutatingWebhookConfiguration": "webhook_configurations",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicy": "policies",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": "policies",
    "admissionregistration.k8s.io/MutatingAdmissionPolicy": "policies",
    "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding": "policies",
    "flowcontrol.apiserver.k8s.io/FlowSchema": "flowcontrol",
    "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": "flowcontrol",
    "resource.k8s.io/ResourceClaim": "devices",
    "resource.k8s.io/ResourceClaimTemplate": "devices",
    "resource.k8s.io/DeviceClass": "devices",
    "resource.k8s.io/ResourceSlice": "devices",
    "certificates.k8s.io/CertificateSigningRequest": "certificates",
    "apiregistration.k8s.io/APIService": "apiservices",
}
"""``group/Kind`` -> the module of this package with a class of that name."""


@cache
def strategy(group: str, kind: str) -> Strategy:
    """The strategy of a built-in kind. A kind without rules of its own has the common ones.

    >>> strategy("", "ConfigMap") is strategy("", "ConfigMap")
    True
    """
    if (group, kind) == ("apiextensions.k8s.io", "CustomResourceDefinition"):
        from poblano.cluster.custom.definition_strategy import CustomResourceDefinition

        return CustomResourceDefinition(group, kind)
    module = _MODULES.get(f"{group}/{kind}")
    if module is None:
        return Strategy(group, kind)
    found: type[Strategy] = getattr(import_module(f"poblano.cluster.kinds.{module}"), kind)
    return found(group, kind)

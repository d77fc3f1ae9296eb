"""What Go calls the types of built-in kinds: they appear in the decoder's refusals."""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.schema import Node

PREFIX: Final = "#/components/schemas/"
_PRIMITIVES: Final = {"string": "string", "boolean": "bool", "number": "float64", "integer": "int"}
_NAMED: Final = {
    "Container.imagePullPolicy": "v1.PullPolicy",
    "Container.terminationMessagePolicy": "v1.TerminationMessagePolicy",
    "Container.restartPolicy": "v1.ContainerRestartPolicy",
    "ContainerPort.protocol": "v1.Protocol",
    "PodSpec.restartPolicy": "v1.RestartPolicy",
    "PodSpec.dnsPolicy": "v1.DNSPolicy",
    "PodSpec.preemptionPolicy": "v1.PreemptionPolicy",
    "PodStatus.phase": "v1.PodPhase",
    "PodStatus.qosClass": "v1.PodQOSClass",
    "Toleration.operator": "v1.TolerationOperator",
    "Toleration.effect": "v1.TaintEffect",
    "Taint.effect": "v1.TaintEffect",
    "HTTPGetAction.scheme": "v1.URIScheme",
    "Volume.hostPath.type": "v1.HostPathType",
    "HostPathVolumeSource.type": "v1.HostPathType",
    "EmptyDirVolumeSource.medium": "v1.StorageMedium",
    "Secret.type": "v1.SecretType",
    "ServiceSpec.type": "v1.ServiceType",
    "ServiceSpec.sessionAffinity": "v1.ServiceAffinity",
    "ServiceSpec.externalTrafficPolicy": "v1.ServiceExternalTrafficPolicy",
    "ServiceSpec.internalTrafficPolicy": "v1.ServiceInternalTrafficPolicy",
    "ServiceSpec.ipFamilyPolicy": "v1.IPFamilyPolicy",
    "ServicePort.protocol": "v1.Protocol",
    "NamespaceStatus.phase": "v1.NamespacePhase",
    "PersistentVolumeClaimSpec.volumeMode": "v1.PersistentVolumeMode",
    "PersistentVolumeSpec.persistentVolumeReclaimPolicy": "v1.PersistentVolumeReclaimPolicy",
    "DeploymentStrategy.type": "v1.DeploymentStrategyType",
    "StatefulSetUpdateStrategy.type": "v1.StatefulSetUpdateStrategyType",
    "StatefulSetSpec.podManagementPolicy": "v1.PodManagementPolicyType",
    "DaemonSetUpdateStrategy.type": "v1.DaemonSetUpdateStrategyType",
    "JobSpec.completionMode": "v1.CompletionMode",
    "CronJobSpec.concurrencyPolicy": "v1.ConcurrencyPolicy",
    "NetworkPolicyPort.protocol": "v1.Protocol",
    "HTTPIngressPath.pathType": "v1.PathType",
    "LabelSelectorRequirement.operator": "v1.LabelSelectorOperator",
    "ObjectMeta.uid": "types.UID",
    "OwnerReference.uid": "types.UID",
    "CustomResourceDefinitionSpec.scope": "v1.ResourceScope",
    "CustomResourceConversion.strategy": "v1.ConversionStrategyType",
    "MutatingWebhook.failurePolicy": "v1.FailurePolicyType",
    "ValidatingWebhook.failurePolicy": "v1.FailurePolicyType",
}
"""The fields that people mistype and whose type has a name of its own, which the OpenAPI document does not tell."""


def reference(node: Node) -> str:
    """The name of the definition that a node refers to; empty for none."""
    found: Any = node.get("$ref")
    parts: Any = node.get("allOf")
    if found is None and parts and len(parts) == 1:
        found = parts[0].get("$ref")
    return str(found).removeprefix(PREFIX) if found else ""


def struct_name(definition: str) -> str:
    """The bare name of a struct.

    >>> struct_name("io.k8s.api.core.v1.PodSpec")
    'PodSpec'
    """
    return definition.rpartition(".")[2]


def go_type(node: Node, where: str = "") -> str:
    """The type of a field in Go.

    Args:
        where: the struct and the field, for types with a name.

    >>> go_type({"type": "array", "items": {"$ref": "#/components/schemas/io.k8s.api.core.v1.Container"}})
    '[]v1.Container'
    """
    name = reference(node)
    if name:
        package, _, struct = name.rpartition(".")
        return f"{package.rpartition('.')[2]}.{struct}"
    kind = node.get("type")
    if kind == "array":
        return f"[]{go_type(node.get('items', {}))}"
    if kind == "object":
        values: Any = node.get("additionalProperties")
        return f"map[string]{go_type(values)}" if values.__class__ is dict else "map[string]interface {}"
    if node.get("format") == "byte":
        return "[]uint8"
    if kind == "integer":
        return str(node.get("format") or "int")
    return _NAMED.get(where) or _PRIMITIVES.get(str(kind), "interface {}")

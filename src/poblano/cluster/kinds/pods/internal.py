"""A PodSpec as the API server's own types have it, and how two of them differ: what a refused update shows.

The internal types have no JSON names, so fields appear under Go's, in Go's order, absent ones included.

Source: kubernetes/pkg/apis/core/types.go, k8s.io/apimachinery pkg/util/diff
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any, Final

from poblano.cluster.kinds.tree import struct
from poblano.core.jsonvalue import Document

_POD: Final = """
    Volumes InitContainers Containers EphemeralContainers RestartPolicy TerminationGracePeriodSeconds
    ActiveDeadlineSeconds DNSPolicy NodeSelector ServiceAccountName="" AutomountServiceAccountToken NodeName=""
    SecurityContext ImagePullSecrets Hostname="" Subdomain="" SetHostnameAsFQDN Affinity SchedulerName="" Tolerations
    HostAliases PriorityClassName="" Priority PreemptionPolicy DNSConfig ReadinessGates RuntimeClassName Overhead
    EnableServiceLinks TopologySpreadConstraints OS SchedulingGates ResourceClaims Resources HostnameOverride
    SchedulingGroup
"""
_SECURITY: Final = """
    HostNetwork=false HostPID=false HostIPC=false ShareProcessNamespace HostUsers SELinuxOptions WindowsOptions
    RunAsUser RunAsGroup RunAsNonRoot SupplementalGroups SupplementalGroupsPolicy FSGroup FSGroupChangePolicy Sysctls
    SeccompProfile AppArmorProfile SELinuxChangePolicy
"""
_CONTAINER: Final = """
    Name="" Image="" Command Args WorkingDir="" Ports EnvFrom Env Resources={} ResizePolicy RestartPolicy
    RestartPolicyRules VolumeMounts VolumeDevices LivenessProbe ReadinessProbe StartupProbe Lifecycle
    TerminationMessagePath="" TerminationMessagePolicy="" ImagePullPolicy="" SecurityContext Stdin=false
    StdinOnce=false TTY=false
"""
_VOLUME: Final = """
    Name="" HostPath EmptyDir GCEPersistentDisk AWSElasticBlockStore GitRepo Secret NFS ISCSI Glusterfs
    PersistentVolumeClaim RBD Quobyte FlexVolume Cinder CephFS Flocker DownwardAPI FC AzureFile ConfigMap VsphereVolume
    AzureDisk PhotonPersistentDisk Projected PortworxVolume ScaleIO StorageOS CSI Ephemeral Image
"""
_PROBE: Final = """
    Exec HTTPGet TCPSocket GRPC InitialDelaySeconds=0 TimeoutSeconds=0 PeriodSeconds=0 SuccessThreshold=0
    FailureThreshold=0 TerminationGracePeriodSeconds
"""
_CONTAINER_SECURITY: Final = """
    Capabilities Privileged SELinuxOptions WindowsOptions RunAsUser RunAsGroup RunAsNonRoot ReadOnlyRootFilesystem
    AllowPrivilegeEscalation ProcMount SeccompProfile AppArmorProfile
"""
_TYPES: Final[Mapping[str, str]] = {
    "PodSpec": _POD,
    "PodSpec.SecurityContext": _SECURITY,
    "Containers": _CONTAINER,
    "InitContainers": _CONTAINER,
    "Volumes": _VOLUME,
    "LivenessProbe": _PROBE,
    "ReadinessProbe": _PROBE,
    "StartupProbe": _PROBE,
    "SecurityContext": _CONTAINER_SECURITY,
    "Resources": "Limits Requests Claims",
    "Env": 'Name="" Value="" ValueFrom',
    "Ports": 'Name="" HostPort=0 ContainerPort=0 Protocol="" HostIP=""',
    "VolumeMounts": 'Name="" ReadOnly=false RecursiveReadOnly MountPath="" SubPath="" MountPropagation SubPathExpr=""',
    "Tolerations": 'Key="" Operator="" Value="" Effect="" TolerationSeconds',
    "Affinity": "NodeAffinity PodAffinity PodAntiAffinity",
}
_IN_SECURITY_CONTEXT: Final = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
_MAPS: Final = frozenset({"NodeSelector", "Overhead", "Limits", "Requests"})


def difference(old: Document, new: Document) -> str:
    """What changed between two PodSpecs, as a unified diff of the internal type.

    >>> print(difference({"nodeName": ""}, {"nodeName": "n1"}).splitlines()[4])
    - "NodeName": "",
    """
    before, after = (json.dumps(_pod(spec), indent=1, ensure_ascii=False).splitlines() for spec in (old, new))
    lines = list(difflib.unified_diff(before, after, lineterm=""))[2:]
    return "".join(f"{line}\n" for line in lines)


def _pod(spec: Document) -> Document:
    moved: Document = {key: spec[key] for key in _IN_SECURITY_CONTEXT if key in spec}
    kept = {key: value for key, value in spec.items() if key not in moved and key != "serviceAccount"}
    if "securityContext" in spec:
        inner = _shown({**struct(spec, "securityContext"), **moved}, "PodSpec.SecurityContext")
        return {**_shown(kept, "PodSpec"), "SecurityContext": inner}
    return _shown(kept, "PodSpec")


def _shown(node: Document, name: str) -> Document:
    given = {key.lower(): value for key, value in node.items()}
    known = (field.partition("=") for field in _TYPES.get(name, "").split())
    fields = {field: zero for field, _, zero in known} or {key[:1].upper() + key[1:]: "" for key in node}
    found: Document = {}
    for field, zero in fields.items():
        value = given.get(field.lower())
        found[field] = _empty(field, zero) if value is None else _inner(value, field)
    return found


def _empty(field: str, zero: str) -> Any:
    return _shown({}, field) if zero == "{}" else json.loads(zero) if zero else None


def _inner(value: Any, field: str) -> Any:
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return [_inner(item, field) for item in items]
    if isinstance(value, dict) and field not in _MAPS:
        return _shown(value, field)  # pyright: ignore[reportUnknownArgumentType]
    return value  # pyright: ignore[reportUnknownVariableType]

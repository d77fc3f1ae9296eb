"""What a client is warned of when it writes a Pod or a template of one.

Source: kubernetes/pkg/api/pod/warnings.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from poblano.cluster.kinds import checks, quantity
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_LABELS: Final = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}
_ANNOTATIONS: Final = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_VOLUMES: Final = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_SPELLED: Final = {"storageos": "storageOS"}
_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")


def warnings(pod: Document, path: str = "") -> list[str]:
    """The warnings about a Pod, or about the template at `path`.

    >>> warnings({"spec": {"containers": [{"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}]}})
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply']
    """
    prefix = f"{path}." if path else ""
    spec, where = struct(pod, "spec"), f"{prefix}spec"
    return [
        *_nodes(spec, where),
        *_annotations(pod, prefix),
        *_volumes(spec, where),
        *_twice(spec, "hostAliases", "ip", where),
        *_twice(spec, "imagePullSecrets", "name", where),
        *_empty_secrets(spec, where),
        *_containers(spec, where),
        *_ports(spec, where),
        *_grace(spec, where),
    ]


def _nodes(spec: Document, path: str) -> Iterator[str]:
    for key in struct(spec, "nodeSelector"):
        if key in _LABELS:
            yield f"{path}.nodeSelector[{key}]: {_LABELS[key]}"
    for where, one in checks.indexed(many(spec, "topologySpreadConstraints"), f"{path}.topologySpreadConstraints"):
        key = one.get("topologyKey") or ""
        if key in _LABELS:
            yield f"{where}.topologyKey: {key} is {_LABELS[key]}"
        if one.get("labelSelector") is None:
            yield f"{where}.labelSelector: a null labelSelector results in matching no pod"


def _annotations(pod: Document, prefix: str) -> Iterator[str]:
    given = struct(pod, "metadata", "annotations")
    for key, text in _ANNOTATIONS.items():
        if key in given:
            yield f"{prefix}metadata.annotations[{key}]: {text}"


def _volumes(spec: Document, path: str) -> Iterator[str]:
    for where, volume in checks.indexed(many(spec, "volumes"), f"{path}.volumes"):
        for kind, text in _VOLUMES.items():
            if volume.get(kind) is not None:
                yield f"{where}.{_SPELLED.get(kind, kind)}: {text}"


def _twice(spec: Document, key: str, name: str, path: str) -> Iterator[str]:
    seen: set[str] = set()
    for where, item in checks.indexed(many(spec, key), f"{path}.{key}"):
        value = item.get(name) or ""
        if value in seen:
            yield f'{where}.{name}: duplicate {name} "{value}"'
        seen.add(value)


def _empty_secrets(spec: Document, path: str) -> Iterator[str]:
    for where, item in checks.indexed(many(spec, "imagePullSecrets"), f"{path}.imagePullSecrets"):
        if not item.get("name"):
            yield f'{where}.name: invalid empty name ""'


def _all(spec: Document, path: str) -> Iterator[tuple[str, Any]]:
    for key in _CONTAINERS:
        yield from checks.indexed(many(spec, key), f"{path}.{key}")


def _containers(spec: Document, path: str) -> Iterator[str]:
    for where, container in _all(spec, path):
        for part in ("limits", "requests"):
            for name in ("memory", "ephemeral-storage"):
                amount = struct(container, "resources", part).get(name)
                if quantity.number(amount or 0).denominator != 1:
                    text = f'fractional byte value "{amount}" is invalid, must be an integer'
                    yield f"{where}.resources.{part}[{name}]: {text}"
        yield from _environment(container, where)


def _environment(container: Document, path: str) -> Iterator[str]:
    seen: set[str] = set()
    for where, variable in checks.indexed(many(container, "env"), f"{path}.env"):
        name, value = variable.get("name") or "", variable.get("value") or ""
        reference = f"$({name})"
        builds_on = variable.get("valueFrom") is None and reference in value and value != reference
        if name in seen and not builds_on:
            yield f'{where}: hides previous definition of "{name}", which may be dropped when using apply'
        seen.add(name)


def _ports(spec: Document, path: str) -> Iterator[str]:
    seen: dict[tuple[int, str], list[tuple[str, Any]]] = {}
    for where, container in _all(spec, path):
        for port_path, port in checks.indexed(many(container, "ports"), f"{where}.ports"):
            key = (port.get("containerPort") or 0, port.get("protocol") or "")
            for other_path, other in seen.get(key, ()):
                same = all(port.get(name) == other.get(name) for name in ("hostIP", "hostPort"))
                if same:
                    yield f"{port_path}: duplicate port definition with {other_path}"
                elif not port.get("hostPort") or not other.get("hostPort"):
                    yield f"{port_path}: overlapping port definition with {other_path}"
            seen.setdefault(key, []).append((port_path, port))


def _grace(spec: Document, path: str) -> Iterator[str]:
    grace = spec.get("terminationGracePeriodSeconds")
    if isinstance(grace, int) and grace < 0:
        text = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{path}.terminationGracePeriodSeconds: {text}"

"""What is filled into a Pod, and into the template of one.

Source: kubernetes/pkg/apis/core/v1/defaults.go
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any, Final

from poblano.cluster.kinds.defaults import set_default
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

CONTAINER_LISTS: Final = ("initContainers", "containers", "ephemeralContainers")
PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS: Final = ("postStart", "preStop")
_REPOSITORY: Final = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_DOMAIN: Final = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?\.?)+(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?")
_TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_SPEC: Final[dict[str, Any]] = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_CONTAINER: Final = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
_PROBE: Final = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_VOLUME: Final = {
    "secret.defaultMode": 0o644,
    "configMap.defaultMode": 0o644,
    "downwardAPI.defaultMode": 0o644,
    "projected.defaultMode": 0o644,
    "downwardAPI.items[].fieldRef.apiVersion": "v1",
    "downwardAPI.items[].resourceFieldRef.divisor": "0",
    "projected.sources[].downwardAPI.items[].fieldRef.apiVersion": "v1",
    "projected.sources[].downwardAPI.items[].resourceFieldRef.divisor": "0",
    "projected.sources[].serviceAccountToken.expirationSeconds": 3600,
    "projected.sources[].podCertificate.maxExpirationSeconds": 86400,
    "hostPath.type": "",
    "azureDisk.readOnly": False,
    "ephemeral.volumeClaimTemplate.spec.volumeMode": "Filesystem",
}


def default_pod(pod: Document) -> None:
    """Fills in a Pod: what a template gets, and requests from limits."""
    spec = pod["spec"]
    default_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    if spec.get("hostNetwork"):
        _host_ports(spec)
    for container in (*many(spec, "containers"), *many(spec, "initContainers")):
        _requests_from_limits(container.get("resources", {}))


def default_spec(spec: Document) -> None:
    """Fills in a PodSpec, of a Pod or of a template."""
    _fill(spec, _SPEC)
    _service_account(spec)
    for name in CONTAINER_LISTS:
        for container in spec.get(name) or ():
            _container(container)
    for volume in many(spec, "volumes"):
        _volume(volume)


def _fill(node: Document, values: dict[str, Any]) -> None:
    for key, value in values.items():
        if node.get(key) in (None, ""):
            node[key] = deepcopy(value)


def _service_account(spec: Document) -> None:
    # serviceAccount is the old spelling; both are always written (Convert_v1_PodSpec_To_core_PodSpec).
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name:
        spec["serviceAccountName"] = spec["serviceAccount"] = name


def _container(container: Document) -> None:
    _fill(container, _CONTAINER)
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = pull_policy(container.get("image") or "")
    for name in PROBES:
        probe = container.get(name)
        if isinstance(probe, dict):
            _fill(probe, _PROBE)  # pyright: ignore[reportUnknownArgumentType]
            _http_get(probe)  # pyright: ignore[reportUnknownArgumentType]
    for hook in _HOOKS:
        _http_get(struct(container, "lifecycle").get(hook))
    set_default(container, "env[].valueFrom.fieldRef.apiVersion", "v1")
    set_default(container, "env[].valueFrom.resourceFieldRef.divisor", "0")


def _http_get(handler: Document | None) -> None:
    http_get = (handler or {}).get("httpGet")
    if http_get is not None:
        _fill(http_get, {"path": "/", "scheme": "HTTP"})


def _volume(volume: Document) -> None:
    if not any(isinstance(value, dict) for key, value in volume.items() if key != "name"):
        volume["emptyDir"] = {}
    for path, value in _VOLUME.items():
        set_default(volume, path, value)
    image = volume.get("image")
    if image is not None and not image.get("pullPolicy"):
        image["pullPolicy"] = pull_policy(image.get("reference") or "")


def pull_policy(image: str) -> str:
    """When an image is pulled if nobody says: always for ``latest`` and for no tag at all.

    >>> pull_policy("nginx"), pull_policy("nginx:1"), pull_policy("nginx:latest"), pull_policy("localhost:5000/x")
    ('Always', 'IfNotPresent', 'Always', 'Always')
    """
    name, _, digest = image.partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        path, tag = name, ""
    if not _is_reference(path) or (tag and not _TAG.fullmatch(tag)):
        return "IfNotPresent"
    return "Always" if tag == "latest" or not (tag or digest) else "IfNotPresent"


def _is_reference(path: str) -> bool:
    domain, slash, rest = path.partition("/")
    if slash and ("." in domain or ":" in domain or domain == "localhost" or domain.lower() != domain):
        return bool(_DOMAIN.fullmatch(domain) and _REPOSITORY.fullmatch(rest))
    return bool(_REPOSITORY.fullmatch(path))


def _requests_from_limits(resources: Document) -> None:
    limits = resources.get("limits")
    if limits:
        resources["requests"] = {
            **resources.get("requests", {}),
            **{name: value for name, value in limits.items() if name not in resources.get("requests", {})},
        }


def _host_ports(spec: Document) -> None:
    for container in (*many(spec, "containers"), *many(spec, "initContainers")):
        for port in many(container, "ports"):
            if not port.get("hostPort") and port.get("containerPort"):
                port["hostPort"] = port["containerPort"]

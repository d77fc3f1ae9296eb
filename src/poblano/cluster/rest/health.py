"""/healthz, /livez and /readyz: whether the server is well, in a word, or check by check when it is asked to be verbose.

Source: k8s.io/apiserver/pkg/server/healthz/healthz.go; the names are those of a kube-apiserver 1.36
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from poblano.cluster.rest.encoding import plain
from poblano.cluster.rest.exchange import Response
from poblano.cluster.rest.options import Query

_HOOKS: Final = (
    "start-apiserver-admission-initializer",
    "generic-apiserver-start-informers",
    "priority-and-fairness-config-consumer",
    "priority-and-fairness-filter",
    "storage-object-count-tracker-hook",
    "start-apiextensions-informers",
    "start-apiextensions-controllers",
    "crd-informer-synced",
    "start-system-namespaces-controller",
    "start-cluster-authentication-info-controller",
    "start-kube-apiserver-identity-lease-controller",
    "start-kube-apiserver-identity-lease-garbage-collector",
    "start-legacy-token-tracking-controller",
    "start-service-ip-repair-controllers",
    "rbac/bootstrap-roles",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "bootstrap-controller",
    "start-kubernetes-service-cidr-controller",
    "aggregator-reload-proxy-client-cert",
    "start-kube-aggregator-informers",
    "apiservice-status-local-available-controller",
    "apiservice-status-remote-available-controller",
    "apiservice-registration-controller",
    "apiservice-discovery-controller",
    "kube-apiserver-autoregistration",
)
_LATE_HOOKS: Final = ("apiservice-openapi-controller", "apiservice-openapiv3-controller")
_STARTED: Final = (
    *(f"poststarthook/{one}" for one in _HOOKS),
    "autoregister-completion",
    *(f"poststarthook/{one}" for one in _LATE_HOOKS),
)
_CHECKS: Final = {
    "healthz": ("ping", "log", "etcd", *_STARTED),
    "livez": ("ping", "log", "etcd", *_STARTED),
    "readyz": ("ping", "log", "etcd", "etcd-readiness", "informer-sync", *_STARTED, "shutdown"),
}
PATHS: Final = tuple(f"/{name}" for name in _CHECKS)


def is_health(path: str) -> bool:
    """Whether a path asks for health."""
    return path.split("/")[1] in _CHECKS


def health(path: str, query: Query) -> Response:
    """The answer: all is well; 404 for a check that there is not."""
    _, name, check = f"{path}/".split("/", 2)
    check = check.rstrip("/")
    if check:
        return plain("ok") if check in _CHECKS[name] else plain("404 page not found\n", status=404)
    if not query.all("verbose"):
        return plain("ok")
    return plain(_told(name, query.all("exclude")))


def _told(name: str, excluded: Sequence[str]) -> str:
    lines = [f"[+]{one} {'excluded: ok' if one in excluded else 'ok'}" for one in _CHECKS[name]]
    unknown = sorted(set(excluded) - set(_CHECKS[name]))
    if unknown:
        quoted = ",".join(f'"{one}"' for one in unknown)
        lines.append(f"warn: some health checks cannot be excluded: no matches for {quoted}")
    return "\n".join([*lines, f"{name} check passed", ""])

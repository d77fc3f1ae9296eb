"""The pods of a Deployment: all of them but the container that runs the module."""

from __future__ import annotations

from typing import Final

from poblano.build.containers import container, has_certificate_files
from poblano.build.lifetime import grace_seconds
from poblano.build.metadata import Role, labels, name_of, selected
from poblano.build.plan import Plan
from poblano.build.podvalues import PodValues
from poblano.build.replacements import MATCH_LABEL_KEYS
from poblano.build.schemas import COUNT, MAP, MAPS, MAYBE_BOOLEAN, NAMED, TEXT, TEXTS, one_of
from poblano.build.tree import Joined, Slot, Tree
from poblano.core.deployed import CONTAINER
from poblano.core.jsonvalue import Document

NOBODY: Final = 65532
"""The user and group "nonroot" of distroless images: no account of a node has that number."""

SECURITY: Final[Document] = {
    "runAsNonRoot": True,
    "runAsUser": NOBODY,
    "runAsGroup": NOBODY,
    "fsGroup": NOBODY,
    "seccompProfile": {"type": "RuntimeDefault"},
}

CRITICAL: Final = "system-cluster-critical"
"""The highest class that is not of a node itself. Source: k8s.io/api/scheduling/v1, SystemClusterCritical."""

_POLICIES: Final = ("", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_HOSTS: Final = "kubernetes.io/hostname"
_ZONES: Final = "topology.kubernetes.io/zone"


def template(plan: Plan, values: PodValues) -> Tree:
    """The pods that a Deployment makes."""
    return {
        "metadata": {
            "labels": values.more(labels(plan, values.role), "podLabels", TEXTS, "Further labels of the pods."),
            "annotations": values.more(
                {
                    "kubectl.kubernetes.io/default-container": CONTAINER,
                    # Else a node with such a pod is never scaled away, for the sake of what is in /tmp.
                    "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
                },
                "podAnnotations",
                TEXTS,
                "Further annotations of the pods.",
            ),
        },
        "spec": _spec(plan, values),
    }


def priority_class(plan: Plan, role: Role) -> str:
    """What pods ask for by default: while a webhook that fails closed has no pod, nothing of its kind can be written, and what
    would make room for it may be among that.
    """
    return CRITICAL if role == "admission" and any(entry.policy == "Fail" for entry in plan.entries) else ""


def _spec(plan: Plan, values: PodValues) -> Tree:
    return {
        "serviceAccountName": name_of(plan, values.role),
        "automountServiceAccountToken": True,
        # Else a Service of the namespace that is called poblano-https sets POBLANO_HTTPS_PORT in every pod.
        "enableServiceLinks": False,
        "imagePullSecrets": Slot(
            "imagePullSecrets",
            [{"name": name} for name in plan.options.pull_secrets],
            NAMED,
            "Secrets with which images are pulled.",
        ),
        "terminationGracePeriodSeconds": values.slot(
            "terminationGracePeriodSeconds",
            grace_seconds(plan, values.role),
            COUNT,
            "How long a pod may take to end. With less it is killed in the midst of an answer; see docs/pods.md for the sum.",
        ),
        **_placing(plan, values),
        **_networking(values),
        "securityContext": values.slot(
            "securityContext",
            SECURITY,
            MAP,
            "What the containers of a pod may. On OpenShift set runAsUser, runAsGroup and fsGroup to null: it has its own.",
        ),
        "hostUsers": values.slot("hostUsers", None, MAYBE_BOOLEAN, "false gives a pod a user namespace of its own."),
        "runtimeClassName": values.slot("runtimeClassName", "", TEXT, "What runs the pods, where not the usual."),
        "initContainers": values.slot("initContainers", [], NAMED, "Containers that run before it, and sidecars."),
        "containers": Joined(
            (container(plan, values),), values.slot("extraContainers", [], NAMED, "Containers that run beside it.")
        ),
        "volumes": _volumes(plan, values),
    }


def _placing(plan: Plan, values: PodValues) -> dict[str, Tree]:
    """Where pods run."""
    return {
        "priorityClassName": values.slot(
            "priorityClassName",
            priority_class(plan, values.role),
            TEXT,
            "Whom pods take the place of, where a node is full. The default is system-cluster-critical where writes fail "
            "without the pods, and else none.",
        ),
        "nodeSelector": values.slot("nodeSelector", {}, TEXTS, "Labels of the nodes that pods may run on."),
        "tolerations": values.slot("tolerations", [], MAPS, "Taints of nodes that pods may run on all the same."),
        "affinity": values.slot("affinity", {}, MAP, "Nodes and pods that they are drawn to, or kept away from."),
        "topologySpreadConstraints": Joined(
            tuple(_spread(plan, values)),
            values.slot("topologySpreadConstraints", [], MAPS, "Further rules on how pods are spread."),
        ),
        "schedulerName": values.slot("schedulerName", "", TEXT, "Who finds a node for them, where not the usual."),
    }


def _spread(plan: Plan, values: PodValues) -> list[Tree]:
    """One pod a host, and the hosts in several zones: of this module's pods of one kind, and while they are replaced of the new
    ones only.
    """
    whose = {"labelSelector": {"matchLabels": selected(plan, values.role)}}
    keys = {"matchLabelKeys": ["pod-template-hash"]} if MATCH_LABEL_KEYS.is_there(plan) else {}
    unless = values.slot(
        "whenNotSpread",
        "ScheduleAnyway",
        one_of("ScheduleAnyway", "DoNotSchedule"),
        "What happens to a pod for which there is no host without one: DoNotSchedule lets it wait for a host.",
    )
    return [
        {"maxSkew": 1, "topologyKey": _HOSTS, "whenUnsatisfiable": unless, **whose, **keys},
        {"maxSkew": 1, "topologyKey": _ZONES, "whenUnsatisfiable": "ScheduleAnyway", **whose, **keys},
    ]


def _networking(values: PodValues) -> dict[str, Tree]:
    about = "For a cluster whose API server cannot reach pods, but can reach nodes. Set dnsPolicy to ClusterFirstWithHostNet then."
    if values.role == "watcher":
        about = "Whether pods have the network of their node."
    return {
        "hostNetwork": values.slot("hostNetwork", None, MAYBE_BOOLEAN, about),
        "dnsPolicy": values.slot(
            "dnsPolicy", "", one_of(*_POLICIES), "How names are looked up; empty is ClusterFirst."
        ),
        "dnsConfig": values.slot("dnsConfig", {}, MAP, "Name servers, and how they are asked."),
        "hostAliases": values.slot("hostAliases", [], MAPS, "Names that need no look-up."),
    }


def _volumes(plan: Plan, values: PodValues) -> Joined:
    temporary = values.slot(
        "temporary",
        {"sizeLimit": "256Mi"},
        MAP,
        "Where the container may write, as an emptyDir: /tmp. The module is unpacked there.",
    )
    volumes: list[Tree] = [{"name": "tmp", "emptyDir": temporary}]
    if plan.archive is not None:
        volumes.append({"name": "module", "secret": {"secretName": plan.module_secret}})
    if has_certificate_files(plan, values):
        volumes.append({"name": "certificates", "secret": {"secretName": _certificate_secret(plan, values)}})
    return Joined(tuple(volumes), values.slot("extraVolumes", [], NAMED, "Volumes for extraVolumeMounts."))


def _certificate_secret(plan: Plan, values: PodValues) -> Tree:
    if plan.options.certificates == "cert-manager":
        return plan.names.certificates
    about = "The Secret with tls.crt, tls.key and ca.crt, which somebody makes before the pods."
    return values.slot("certificateSecret", plan.names.certificates, TEXT, about)

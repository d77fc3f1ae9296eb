"""What a cluster itself cannot do without: a webhook in the way of it locks the cluster up when nobody answers.

Each is told with the incident that it was learned from. What wakes a cluster up, and who asks for it: Gardener's list of what
keeps one from that (pkg/gardenlet/operation/botanist/matchers), and the hooks after the start of an API server, which is not
ready before they are through (kubernetes#97119).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from poblano.build.reach import ELSEWHERE, Asker, Reaching

NODE: Final = Asker("system:node:a-node", ("system:nodes", "system:authenticated"))
NEW_NODE: Final = Asker("system:bootstrap:a-token", ("system:bootstrappers", "system:authenticated"))
SERVER: Final = Asker("system:apiserver", ("system:masters", "system:authenticated"))
MANAGER: Final = Asker("system:kube-controller-manager", ("system:authenticated",))
CONTROLLER: Final = Asker(
    "system:serviceaccount:kube-system:a-controller",
    ("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"),
)
SCHEDULER: Final = Asker("system:kube-scheduler", ("system:authenticated",))
CLUSTER: Final = (NODE, NEW_NODE, SERVER, MANAGER, CONTROLLER, SCHEDULER)
DEPLOYER: Final = Asker("who-deploys-it", ("system:authenticated",))

CHANGES: Final = frozenset({"CREATE", "UPDATE"})

IN_SYSTEM: Final = frozenset(
    {
        *(
            ("", one)
            for one in ("configmaps", "endpoints", "namespaces", "pods", "pods/binding", "pods/status", "secrets")
        ),
        *(("", one) for one in ("serviceaccounts", "serviceaccounts/token", "services", "services/status")),
        *(("apps", one) for one in ("controllerrevisions", "daemonsets", "daemonsets/status", "deployments")),
        *(("apps", one) for one in ("deployments/scale", "deployments/status", "replicasets", "replicasets/status")),
        *(("apps", one) for one in ("statefulsets", "statefulsets/status")),
        *(("rbac.authorization.k8s.io", one) for one in ("roles", "rolebindings")),
        ("discovery.k8s.io", "endpointslices"),
        ("networking.k8s.io", "networkpolicies"),
    }
)
"""What the system's own pods are made of; a module's own pods are made of the same."""

OWN: Final = IN_SYSTEM | {
    ("coordination.k8s.io", "leases"),
    ("policy", "poddisruptionbudgets"),
    ("poblano.dev", "poblanostores"),
}

AT_START: Final = frozenset(
    {
        *(("rbac.authorization.k8s.io", one) for one in ("clusterroles", "clusterrolebindings")),
        *(("apiregistration.k8s.io", one) for one in ("apiservices", "apiservices/status")),
        *(("flowcontrol.apiserver.k8s.io", one) for one in ("flowschemas", "prioritylevelconfigurations")),
        *(("apiextensions.k8s.io", one) for one in ("customresourcedefinitions", "customresourcedefinitions/status")),
        ("scheduling.k8s.io", "priorityclasses"),
    }
)
"""What an API server writes itself before it is ready."""

REVIEWS: Final = frozenset(
    {
        *(("authentication.k8s.io", one) for one in ("tokenreviews", "selfsubjectreviews")),
        *(("authorization.k8s.io", one) for one in ("subjectaccessreviews", "localsubjectaccessreviews")),
        *(("authorization.k8s.io", one) for one in ("selfsubjectaccessreviews", "selfsubjectrulesreviews")),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """Something that a webhook should not be in the way of.

    Args:
        name: by which it can be accepted.
        resources: groups and plurals, with subresources.
        operations: what is asked for; None for anything.
        reaching: who asks, about what.
        problem: what happens when nobody answers.
        instead: what to write.
        learned: where that was learned, as repository and number.
        also_ignored: whether a webhook that may be passed over is in the way as well: each call takes its time.
        refused: whether it stops a build.
    """

    name: str
    resources: frozenset[tuple[str, str]]
    reaching: Reaching
    problem: str
    instead: str
    learned: str
    operations: frozenset[str] | None = CHANGES
    also_ignored: bool = False
    refused: bool = True


def hazards(namespace: str) -> tuple[Hazard, ...]:
    """All of them, for a module that lives in `namespace`."""
    return (*ALWAYS, *IN_PLACES, own_namespace(namespace))


FOR_PEOPLE: Final = 'limit it to people, as by .by_group("developers")'
UNHARMFUL: Final = 'write on_error="audit", so that it may be passed over'

ALWAYS: Final = (
    Hazard(
        name="nodes",
        resources=frozenset({("", "nodes"), ("", "nodes/status")}),
        reaching=Reaching((NODE, NEW_NODE, MANAGER, CONTROLLER)),
        problem="a node that cannot register or report is none: once all have stopped, none comes back to run what answers",
        instead=f"watch or reconcile nodes, or {FOR_PEOPLE}",
        learned="kyverno#16177",
        also_ignored=True,
    ),
    Hazard(
        name="certificate-requests",
        resources=frozenset(
            ("certificates.k8s.io", f"certificatesigningrequests{part}") for part in ("", "/approval", "/status")
        ),
        reaching=Reaching((NODE, NEW_NODE, MANAGER, CONTROLLER)),
        problem="a node asks for its certificate in this way, and without one it is none",
        instead=f"watch or reconcile them, or {FOR_PEOPLE}",
        learned="kyverno#16177",
        also_ignored=True,
    ),
    Hazard(
        name="leases",
        resources=frozenset({("coordination.k8s.io", "leases")}),
        reaching=Reaching(CLUSTER, ("kube-system", "kube-node-lease", ELSEWHERE)),
        problem="the control plane and all nodes renew theirs every few seconds, and give up when that takes long",
        instead='limit it to namespaces, as by .in_namespace("shop")',
        learned="kubernetes#90217",
        operations=None,
        also_ignored=True,
    ),
    Hazard(
        name="reviews",
        resources=REVIEWS,
        reaching=Reaching(CLUSTER, ("", ELSEWHERE)),
        problem="the cluster asks these of each token and each request that it is not sure of",
        instead=f"{FOR_PEOPLE}",
        learned="kyverno#918",
        operations=None,
        also_ignored=True,
    ),
)
"""What no webhook is asked about, whatever its policy is."""

IN_PLACES: Final = (
    Hazard(
        name="scheduling",
        resources=frozenset({("", "pods/binding"), ("", "bindings"), ("", "pods/status")}),
        reaching=Reaching((SCHEDULER, NODE), (ELSEWHERE,)),
        problem="no pod of the cluster comes to a node, or is known to run there",
        instead=f'limit it to namespaces, as by .in_namespace("shop"), or {UNHARMFUL}',
        learned="slurm-operator#189",
    ),
    Hazard(
        name="tokens",
        resources=frozenset({("", "serviceaccounts/token")}),
        reaching=Reaching((NODE,), (ELSEWHERE,)),
        problem="no pod of the cluster gets its token, and so none begins to run, those of its network included",
        instead=f"{FOR_PEOPLE}, or {UNHARMFUL}",
        learned="kyverno#4686",
    ),
    Hazard(
        name="kube-system",
        resources=IN_SYSTEM,
        reaching=Reaching(CLUSTER, ("kube-system",)),
        problem="what keeps the cluster running cannot be started any more",
        instead=f'write additional_webhooks = [{{ namespace = "kube-system", failure_policy = "Ignore" }}], or {UNHARMFUL}',
        learned="kyverno#1780",
    ),
    Hazard(
        name="default-services",
        resources=frozenset({("", "services"), ("", "endpoints"), ("discovery.k8s.io", "endpointslices")}),
        reaching=Reaching((SERVER,), ("default",), ("kubernetes",)),
        problem="the API server keeps its own address up to date in this way, by which all pods find it",
        instead='write .not_by_user("system:apiserver"), or .not_in_namespace("default")',
        learned="kong-operator#2544",
    ),
    Hazard(
        name="start-of-the-api-server",
        resources=AT_START,
        reaching=Reaching((SERVER,)),
        problem="an API server is not ready before it has brought its own ones up to date",
        instead='write .not_by_user("system:apiserver")',
        learned="kubernetes#97119",
    ),
    Hazard(
        name="own-definition",
        resources=frozenset({("apiextensions.k8s.io", "customresourcedefinitions")}),
        reaching=Reaching((DEPLOYER,), names=("poblanostores.poblano.dev",)),
        problem="a module that is broken cannot be mended by deploying it anew: its own definition would not be taken",
        instead='write .without_name("poblanostores.poblano.dev")',
        learned="tektoncd/pipeline#4542",
    ),
    Hazard(
        name="events",
        resources=frozenset({("", "events"), ("events.k8s.io", "events")}),
        reaching=Reaching(CLUSTER, (ELSEWHERE,)),
        problem="every part of the cluster writes them, and the more of them the less well it is",
        instead='watch them, or limit it to namespaces, as by .in_namespace("shop")',
        learned="kyverno#918",
        also_ignored=True,
    ),
    Hazard(
        name="addresses",
        resources=frozenset({("", "endpoints"), ("discovery.k8s.io", "endpointslices")}),
        reaching=Reaching((MANAGER, CONTROLLER), (ELSEWHERE,)),
        problem="no Service of the cluster hears of pods that come and go",
        instead=f"limit it to namespaces, or {UNHARMFUL}",
        learned="cozystack#3125",
    ),
    Hazard(
        name="pods-everywhere",
        resources=frozenset({("", "pods"), ("apps", "daemonsets"), ("apps", "replicasets")}),
        reaching=Reaching((NODE, MANAGER, CONTROLLER), (ELSEWHERE,)),
        problem="pods of networks, storage and DNS that are not in kube-system cannot start, and what answers may need them",
        instead='write additional_webhooks = [{ namespace = "calico-system", failure_policy = "Ignore" }] for theirs',
        learned="cozystack#3125",
        refused=False,
    ),
    Hazard(
        name="evictions",
        resources=frozenset({("", "pods/eviction")}),
        reaching=Reaching((DEPLOYER, CONTROLLER), (ELSEWHERE,)),
        problem="no node can be drained, and an upgrade goes node by node",
        instead=f"limit it to namespaces, or {UNHARMFUL}",
        learned="kyverno#2796",
        refused=False,
    ),
    Hazard(
        name="ways-in",
        resources=frozenset(("", f"pods/{one}") for one in ("attach", "exec", "portforward", "proxy")),
        reaching=Reaching((DEPLOYER,), (ELSEWHERE,)),
        problem="nobody can look into a pod any more to see what is wrong",
        instead=f'write .not_by_group("system:masters"), or {UNHARMFUL}',
        learned="Kubernetes' good practices for admission webhooks",
        operations=None,
        refused=False,
    ),
)


OWN_NAMESPACE: Final = "own-namespace"


def own_namespace(namespace: str) -> Hazard:
    """What the module's own pods are made of."""
    return Hazard(
        name=OWN_NAMESPACE,
        resources=OWN,
        reaching=Reaching((*CLUSTER, DEPLOYER), (namespace,)),
        problem="what answers cannot be started while nothing answers",
        instead=f"leave {namespace} out of its namespaces, or let the module live elsewhere: namespace = ... in [tool.poblano]",
        learned="kyverno#16177",
    )

"""A module whose rules match every recorded review: it changes what it mutates, and refuses a few of what it validates."""

from __future__ import annotations

from poblano import Capability, Decision, Module, MutateRequest, Resource, Struct, ValidateRequest, a


class WebAppSpec(Struct):
    """What a web app is to be."""


class WebApp(Resource, group="example.com", version="v1alpha1", plural="webapps"):
    """The custom kind of the recordings."""

    spec: WebAppSpec


KINDS: tuple[type[Resource], ...] = (
    a.APIService,
    a.ClusterRole,
    a.ConfigMap,
    a.CoreEvent,
    a.CronJob,
    a.CustomResourceDefinition,
    a.Deployment,
    a.Endpoints,
    a.EndpointSlice,
    a.IPAddress,
    a.Ingress,
    a.Namespace,
    a.Pod,
    a.ReplicaSet,
    a.Secret,
    a.SelfSubjectAccessReview,
    a.Service,
    a.ServiceAccount,
    WebApp,
)

ONLY_ANSWERED = (a.SelfSubjectAccessReview,)
"""Nothing is stored of them, so there is nothing to delete."""

SUBRESOURCES: tuple[tuple[type[Resource], str], ...] = (
    (a.CustomResourceDefinition, "status"),
    (a.Deployment, "status"),
    (a.Namespace, "finalize"),
    (a.Namespace, "status"),
    (a.Pod, "binding"),
    (a.Pod, "ephemeralcontainers"),
    (a.Pod, "eviction"),
    (a.ReplicaSet, "status"),
    (a.ServiceAccount, "token"),
    (WebApp, "scale"),
    (WebApp, "status"),
)

everything = Capability("everything", description="Every kind, each way")


def mark(request: MutateRequest[Resource]) -> None:
    """Leave a label and an annotation on it."""
    request.set_label("everything.example.com/seen", "yes").set_annotation(
        "everything.example.com/note", "seen by the soak"
    )


def judge(request: ValidateRequest[Resource]) -> Decision:
    """Refuse the deletion of Secrets, allow the rest."""
    if request.request.operation == "DELETE" and request.request.kind.kind == "Secret":
        return request.deny("Secrets stay", 409)
    return request.approve()


def define(kind: type[Resource]) -> None:
    """The rules for objects of a kind."""
    name = kind.__name__.lower()
    everything.when(kind).is_created_or_updated().mutate(name=f"mark-{name}")(mark)
    everything.when(kind).is_created_or_updated().validate(name=f"judge-{name}")(judge)
    if kind not in ONLY_ANSWERED:
        everything.when(kind).is_deleted().validate(name=f"judge-deleted-{name}")(judge)


def define_subresource(kind: type[Resource], subresource: str) -> None:
    """The rules for a subresource of a kind."""
    name = f"{kind.__name__.lower()}-{subresource}"
    part = everything.when(kind).for_subresource(subresource)
    part.is_created_or_updated().mutate(name=f"mark-{name}")(mark)
    part.is_created_or_updated().validate(name=f"judge-{name}")(judge)


for each in KINDS:
    define(each)
for whose, which in SUBRESOURCES:
    define_subresource(whose, which)
everything.when(a.Pod).for_subresource("exec").validate(name="judge-exec")(lambda run: run.approve())
module = Module(everything)

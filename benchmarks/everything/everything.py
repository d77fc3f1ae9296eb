"""A module whose rules match every recorded review: it changes what it mutates, and refuses a few of what it validates."""

from __future__ import annotations

from collections.abc import Iterable

from poblano import Capability, Decision, Module, MutateRequest, Resource, ValidateRequest, a

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


def define(kinds: Iterable[type[Resource]]) -> None:
    """The same rules for each kind."""
    for kind in kinds:
        everything.when(kind).is_created_or_updated().mutate(name=f"mark-{kind.__name__.lower()}")(mark)
        everything.when(kind).is_created_or_updated().validate(name=f"judge-{kind.__name__.lower()}")(judge)
        everything.when(kind).is_deleted().validate(name=f"judge-deleted-{kind.__name__.lower()}")(judge)


define(KINDS)
module = Module(everything)

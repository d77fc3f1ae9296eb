"""Finalize, sources, predicates and options, as an editor sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from poblano import Capability, Context, Requeue, a, field_changed, generation_changed, labels_changed

shop = Capability("shop")
pods = shop.when(a.Pod)

reveal_type(pods.owns(a.Deployment))  # revealed: When[Pod]
reveal_type(pods.is_created_or_updated().owns(a.Deployment))  # revealed: Bound[Pod]
reveal_type(pods.watches(a.ConfigMap, lambda one: one.metadata.name))  # revealed: When[Pod]
reveal_type(pods.watches(a.ConfigMap, lambda one: [one.metadata.name, ("shop", "web"), a.Pod()]))  # revealed: When[Pod]
reveal_type(pods.when_changed(generation_changed() | ~labels_changed("tier")))  # revealed: When[Pod]
reveal_type(pods.when_changed(lambda old, new: old.spec.node_name != new.spec.node_name))  # revealed: When[Pod]
reveal_type(pods.metadata_only())  # revealed: When[Pod]
reveal_type(pods.is_deleted().with_managed_fields())  # revealed: Bound[Pod]
reveal_type(generation_changed() & field_changed("spec.replicas"))  # revealed: Predicate
reveal_type(pods.reconcile(lambda pod, ctx: None, timeout=5, concurrency=1, queue="kind_ns"))  # revealed: Reconciled[Pod, None]
reveal_type(pods.reconcile(lambda pod, ctx: None).finalize(lambda pod, ctx: None, name="bye"))  # revealed: Finalized[Pod, None]
reveal_type(pods.is_created().watch(lambda pod, phase: None).finalize(lambda pod, ctx: None, name="gone"))  # revealed: Finalized[Pod, None]


def users_of(config: a.ConfigMap) -> Iterator[str]:
    yield config.metadata.name


@pods.watches(a.ConfigMap, users_of).owns(a.Deployment).reconcile(timeout=timedelta(minutes=1))
async def deploy(pod: a.Pod, ctx: Context[a.Pod]) -> None: ...


@deploy.finalize
async def clean(pod: a.Pod, ctx: Context[a.Pod]) -> Requeue | None: ...


def test_clean(ctx: Context[a.Pod]) -> None:
    reveal_type(clean(a.Pod(), ctx))  # revealed: Coroutine[Any, Any, Requeue | None]


@pods.finalize(name="again")
def again(pod: a.Pod, ctx: Context[a.Pod]) -> Requeue:
    return Requeue()


pods.watches(  # error: - | reportCallIssue
    a.Secret,
    users_of,  # error: arg-type | reportArgumentType
)
pods.owns(a.Deployment()) # error: arg-type | reportArgumentType
pods.reconcile(lambda pod, ctx: None, queue="any")  # error: call-overload | reportArgumentType


@pods.finalize  # error: type-var | reportArgumentType
def with_a_wrong_answer(pod: a.Pod, ctx: Context[a.Pod]) -> bool:
    return False

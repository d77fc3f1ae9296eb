"""Watch and reconcile, as an editor sees them."""

from __future__ import annotations

from datetime import timedelta

from poblano import Capability, Context, Phase, Requeue, a

shop = Capability("shop")
pods = shop.when(a.Pod)

reveal_type(pods.is_created().watch(lambda pod, phase: pod.spec.host_network))  # revealed: Watched[Pod, bool | None]
reveal_type(pods.is_created().watch(lambda pod, phase: phase))  # revealed: Watched[Pod, Phase]
reveal_type(pods.reconcile(lambda pod, ctx: None))  # revealed: Reconciled[Pod, None]
pods.is_created().mutate(lambda pod: None).validate(lambda pod: pod.approve()).watch(lambda pod, phase: None)


@pods.reconcile
async def deploy(pod: a.Pod, ctx: Context[a.Pod]) -> Requeue | None:
    reveal_type(await ctx.apply(a.ConfigMap()))  # revealed: ConfigMap
    await ctx.save_status()
    return Requeue(after=timedelta(minutes=5))


@pods.is_deleted().watch(name="gone")
def gone(pod: a.Pod, phase: Phase) -> None: ...


reveal_type(gone(a.Pod(), Phase.DELETED))  # revealed: None
pods.watch(gone)  # error: attr-defined | reportAttributeAccessIssue


@pods.reconcile  # error: arg-type | reportArgumentType
def for_another_kind(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None: ...


@pods.reconcile  # error: type-var | reportArgumentType
def with_a_wrong_answer(pod: a.Pod, ctx: Context[a.Pod]) -> int:
    return 5

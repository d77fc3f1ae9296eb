"""What an action uses, as an editor sees it."""

from __future__ import annotations

from datetime import timedelta

from poblano import Capability, Context, MutateRequest, Uses, a

shop = Capability("shop")
pods = shop.when(a.Pod)

reveal_type(Uses(a.ConfigMap, "get", namespaces=["shop"]).verbs)  # revealed: tuple[str, ...]


@pods.is_created().mutate(uses=[a.ConfigMap, Uses(a.Secret, "get", names=["token"])])
def label(pod: MutateRequest[a.Pod]) -> None: ...


@pods.reconcile(uses=[Uses(a.Pod, "get", subresource="log")])
async def follow(pod: a.Pod, ctx: Context[a.Pod]) -> None: ...


@shop.on_schedule("tidy", every=timedelta(hours=1), uses=[Uses(a.Pod, "deletecollection")])
async def tidy() -> None: ...


reveal_type(label)  # revealed: Mutated[Pod, None]
pods.is_created().watch(name="x", uses=["pods"])(lambda pod, phase: None)  # error: list-item | reportArgumentType
pods.is_created().validate(uses=a.Pod)  # error: call-overload | reportArgumentType

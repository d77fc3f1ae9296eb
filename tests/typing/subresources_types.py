"""A subresource has an object of its own, and an editor knows which."""

from __future__ import annotations

from poblano import Capability, a

shop = Capability("shop")

reveal_type(shop.when(a.Deployment).for_subresource("scale"))  # revealed: When[Scale]
reveal_type(shop.when(a.Deployment).is_updated().for_subresource("scale"))  # revealed: Bound[Scale]
reveal_type(shop.when(a.Pod).for_subresource("eviction").is_created())  # revealed: Bound[Eviction]
reveal_type(shop.when(a.Pod).for_subresource("exec"))  # revealed: Bound[PodExecOptions]
reveal_type(shop.when(a.Pod).for_subresource("status"))  # revealed: When[Pod]
reveal_type(shop.when(a.Pod).is_updated().for_subresource("status"))  # revealed: Bound[Pod]
reveal_type(shop.when(a.Pod).for_subresource("proxy", a.GenericKind))  # revealed: Bound[GenericKind]

shop.when(a.Deployment).for_subresource("scale").is_updated().validate(
    lambda scale: scale.deny("too many") if (scale.raw.spec.replicas or 0) > 10 else scale.approve()
)
shop.when(a.Pod).for_subresource("exec").validate(lambda run: run.deny(" ".join(run.raw.command)))
shop.when(a.Pod).for_subresource("exec").is_created()  # error: attr-defined | reportAttributeAccessIssue

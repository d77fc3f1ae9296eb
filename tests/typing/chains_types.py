"""Chains, lambdas and decorators: what an editor knows while a rule is written."""

from __future__ import annotations

from poblano import Capability, Decision, MutateRequest, ValidateRequest, a, containers

shop = Capability("shop")
pods = shop.when(a.Pod)

reveal_type(pods)  # revealed: When[Pod]
reveal_type(pods.in_namespace("a").with_label("b"))  # revealed: When[Pod]
reveal_type(pods.is_created())  # revealed: Bound[Pod]
reveal_type(pods.is_created_or_updated().with_name("a", "b").without_label("c"))  # revealed: Bound[Pod]
reveal_type(pods.is_created().mutate(lambda pod: pod.set_label("a", "b")))  # revealed: Mutated[Pod, MutateRequest[Pod]]
reveal_type(pods.is_created().validate(lambda pod: pod.approve()))  # revealed: Validated[Pod, Decision]
reveal_type(pods.is_created().mutate(lambda pod: None).validate(lambda pod: pod.deny("no")))  # revealed: Validated[Pod, Decision]
reveal_type(pods.is_created().mutate(lambda pod: pod.raw.spec.host_network))  # revealed: Mutated[Pod, bool | None]
pods.is_created().where(lambda pod: pod.spec.host_network).mutate(lambda pod: pod.warn("host network"))


@pods.is_created().mutate
def label(pod: MutateRequest[a.Pod]) -> None:
    reveal_type(pod.raw)  # revealed: Pod
    reveal_type(pod.old_resource)  # revealed: Pod | None
    reveal_type(pod.set_label("a", "b").merge({"spec": {}}))  # revealed: MutateRequest[Pod]
    reveal_type([c.image for c in containers(pod)])  # revealed: list[str | None]


@pods.is_created().validate(name="judge", on_error="audit", mode="warn", timeout=3)
def judge(pod: ValidateRequest[a.Pod]) -> Decision:
    return pod.deny("no", code=422, warnings=["w"])


@pods.is_deleted().validate
async def judge_later(pod: ValidateRequest[a.Pod]) -> Decision:
    return pod.warn("careful").approve()


@pods.is_created().mutate(name="later")
async def label_later(pod: MutateRequest[a.Pod]) -> None: ...


reveal_type(label)  # revealed: Mutated[Pod, None]
reveal_type(judge)  # revealed: Validated[Pod, Decision]


def called(mutate: MutateRequest[a.Pod], validate: ValidateRequest[a.Pod]) -> None:
    reveal_type(judge(validate))  # revealed: Decision
    reveal_type(judge_later(validate))  # revealed: Coroutine[Any, Any, Decision]
    reveal_type(label_later(mutate))  # revealed: Coroutine[Any, Any, None]
    judge(mutate)  # error: arg-type | reportArgumentType


pods.mutate(label)  # error: attr-defined | reportAttributeAccessIssue
pods.is_created().in_namespace(5)  # error: arg-type | reportArgumentType
pods.is_created().mutate(lambda pod: None).mutate(lambda pod: None)  # error: attr-defined | reportAttributeAccessIssue
pods.is_created().mutate(on_error="fail")  # error: call-overload | reportArgumentType
shop.when("Pod")  # error: arg-type | reportArgumentType


@pods.is_created().validate  # error: type-var | reportArgumentType
def no_decision(pod: ValidateRequest[a.Pod]) -> bool:
    return True


@pods.is_created().mutate  # error: arg-type | reportArgumentType
def for_another_kind(pod: MutateRequest[a.ConfigMap]) -> None: ...


reveal_type(MutateRequest.of(a.Pod()))  # revealed: MutateRequest[Pod]
reveal_type(ValidateRequest.of(a.Pod(), old=a.Pod(), user="alice"))  # revealed: ValidateRequest[Pod]
judge(ValidateRequest.of(a.Pod()))

"""Watch and reconcile rules where they are written: what becomes of them, and what is refused."""

from __future__ import annotations

import pytest

from poblano import Capability, Context, InvalidDefinition, MalformedObject, Module, Phase, Requeue, Terminal, a
from poblano.core.entries import entries


class Api:
    """Remembers what is written, and answers with it."""

    def __init__(self):
        self.applied, self.patched = [], []

    async def apply(self, kind, obj, namespace="", *, subresource="", force=False):
        self.applied.append((kind.kind, obj, subresource, force))
        return {**obj, "metadata": {**obj["metadata"], "resourceVersion": "7"}}

    async def patch(self, kind, name, patch, namespace="", *, subresource=""):
        self.patched.append((kind.kind, namespace, name, patch, subresource))
        return {"metadata": {"name": name, "resourceVersion": "7"}, **patch}


OWNER = a.ConfigMap(metadata={"name": "web", "namespace": "shop", "uid": "1f9b"})
KIND = a.ConfigMap.__kind__


def context(api):
    return Context(OWNER, KIND, api)


def only(shop):
    (binding,) = shop.bindings
    return binding


def test_a_watch_rule_keeps_its_event_and_is_no_webhook():
    shop = Capability("shop")
    shop.when(a.Pod).is_deleted().with_name("web").watch(lambda pod, phase: None)
    binding = only(shop)
    assert (binding.phase, binding.operations, binding.rule) == ("watch", {"DELETE"}, "watch-pod")
    assert entries(Module(shop).bindings, on_error="reject", timeout=10, ignored=()) == []


def test_a_reconcile_rule_needs_no_event():
    shop = Capability("shop")

    @shop.when(a.Pod).reconcile
    async def deploy(pod: a.Pod, ctx: Context[a.Pod]) -> None: ...

    binding = only(shop)
    assert (binding.phase, binding.operations, binding.rule) == ("reconcile", {"CREATE", "UPDATE"}, "deploy")
    assert binding.is_async


def test_a_chain_goes_from_mutate_over_validate_to_watch_and_each_is_a_rule():
    shop = Capability("shop")
    chain = shop.when(a.Pod).is_created().with_name("web").mutate(lambda pod: None).validate(lambda pod: pod.approve())
    chain.watch(lambda pod, phase: None)
    assert [binding.phase for binding in shop.bindings] == ["mutate", "validate", "watch"]
    assert len({binding.filters for binding in shop.bindings}) == 1
    Module(shop).check_finished()


def test_options_come_by_call_and_the_function_stays_one():
    shop = Capability("shop")

    @shop.when(a.Pod).is_created().watch(name="hello")
    def told(pod: a.Pod, phase: Phase) -> str:
        return f"{phase} {pod.metadata.name}"

    assert only(shop).rule == "hello"
    assert told(a.Pod(metadata={"name": "web"}), Phase.ADDED) == "ADDED web"
    assert told.__name__ == "told"
    Module(shop).check_finished()


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda shop: shop.when(a.Pod).is_deleted().reconcile(lambda pod, ctx: None), r"is_deleted\(\)\.watch"),
        (lambda shop: shop.when(a.Pod).is_created().reconcile(lambda pod, ctx: None), "not with what happened"),
        (lambda shop: shop.when(a.Pod).is_created().watch(lambda pod: None), "with the object and the phase"),
        (lambda shop: shop.when(a.Pod).reconcile(lambda pod: None), "with the object and the ctx"),
        (lambda shop: shop.when(a.Pod).reconcile(5), "takes a function"),
        (
            lambda shop: shop.when(a.Pod).is_created().by_user("x").watch(lambda pod, phase: None),
            "nobody says in a watch",
        ),
        (
            lambda shop: shop.when(a.Pod).for_subresource("status").is_updated().watch(lambda pod, phase: None),
            "follows objects",
        ),
        (
            lambda shop: (
                shop.when(a.Pod)
                .is_created()
                .in_namespace("x")
                .with_label("a", "1")
                .with_label("a", "2")
                .watch(lambda pod, phase: None)
            ),
            "no request can meet both",
        ),
    ],
)
def test_what_could_never_work_is_refused_where_it_is_written(write, message):
    with pytest.raises(InvalidDefinition, match=message) as caught:
        write(Capability("shop"))
    assert "test_following.py" in str(caught.value)


def test_a_cluster_scoped_kind_in_a_capability_with_namespaces_is_refused():
    with pytest.raises(InvalidDefinition, match="cluster-scoped"):
        Capability("shop", namespaces=["shop"]).when(a.Node).reconcile(lambda node, ctx: None)


def test_a_reconcile_that_was_begun_and_never_given_an_action_is_found():
    shop = Capability("shop")
    shop.when(a.Pod).reconcile(name="nothing")
    with pytest.raises(InvalidDefinition, match="has no action"):
        Module(shop).check_finished()


async def test_w1_w6_what_is_applied_is_owned_and_forced_and_goes_where_its_owner_is():
    api = Api()
    wanted = a.ConfigMap(metadata={"name": "copy"}, data={"a": "1"})
    applied = await context(api).apply(wanted)
    ((kind, document, subresource, force),) = api.applied
    assert (kind, subresource, force) == ("ConfigMap", "", True)
    assert document["metadata"]["namespace"] == "shop"
    (owner,) = document["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == ("1f9b", True)
    assert applied.metadata.resource_version == "7"
    assert wanted.metadata.owner_references == []


async def test_w6_nothing_is_owned_across_namespaces():
    api = Api()
    for wanted in (a.ConfigMap(metadata={"name": "x", "namespace": "other"}), a.Namespace(metadata={"name": "x"})):
        with pytest.raises(MalformedObject, match="cannot own it"):
            await context(api).apply(wanted)
    assert api.applied == []


async def test_w2_a_status_is_written_to_its_subresource_alone():
    api = Api()
    pod = a.Pod(metadata={"name": "web", "namespace": "shop", "labels": {"a": "b"}})
    ctx = Context(pod, a.Pod.__kind__, api)
    pod.status.phase = "Running"
    await ctx.save_status()
    assert api.patched == [("Pod", "shop", "web", {"status": {"phase": "Running"}}, "status")]


def test_what_a_reconcile_may_answer():
    assert Requeue().seconds == 0
    assert issubclass(Terminal, Exception)

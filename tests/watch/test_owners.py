"""Whom an object may have as its owner, and what of a rule about others is refused where it is written: engines' W6."""

from __future__ import annotations

import asyncio

import pytest

from poblano import Capability, Context, InvalidDefinition, MalformedObject, a


def test_w6_an_object_has_one_controller_and_an_owner_in_its_own_namespace():
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": "2"}

    async def apply(obj, kind=a.ConfigMap):
        ctx = Context(
            a.ConfigMap(metadata={"name": "web", "namespace": "shop", "uid": "1"}), a.ConfigMap.__kind__, Remembering()
        )
        made = await ctx.apply(obj)
        return [(one.uid, one.controller) for one in made.metadata.owner_references]

    run = asyncio.run
    assert run(apply(a.ConfigMap(metadata={"name": "x", "ownerReferences": [owner]}))) == [("2", None), ("1", True)]
    with pytest.raises(MalformedObject, match="one controller at most"):
        run(apply(a.ConfigMap(metadata={"name": "x", "ownerReferences": [{**owner, "controller": True}]})))
    with pytest.raises(MalformedObject, match="not in the namespace"):
        run(apply(a.ConfigMap(metadata={"name": "x", "namespace": "other"})))
    with pytest.raises(MalformedObject, match="is in no namespace"):
        run(apply(a.Namespace(metadata={"name": "x"})))


def test_what_cannot_be_applied_says_why():
    ctx = Context(
        a.ConfigMap(metadata={"name": "web", "namespace": "shop", "uid": "1"}), a.ConfigMap.__kind__, Remembering()
    )
    for given, error, message in (
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}},
            TypeError,
            r"is a dict: .*ConfigMap\.of",
        ),
        (a.ConfigMap, TypeError, "is the class ConfigMap"),
        (None, TypeError, "is a NoneType"),
        (a.ConfigMap(), MalformedObject, "that is applied needs a name"),
        (a.ConfigMap(metadata={"generateName": "x-"}), MalformedObject, "made up by the server"),
    ):
        with pytest.raises(error, match=message):
            asyncio.run(ctx.apply(given))


class Remembering:
    """Answers with what is applied."""

    async def apply(self, kind, obj, namespace="", *, subresource="", force=False):
        return obj


def test_w6_a_rule_cannot_own_what_its_objects_cannot_own():
    with pytest.raises(InvalidDefinition, match="in no namespace") as caught:
        Capability("shop").when(a.ConfigMap).owns(a.Namespace).reconcile(lambda one, ctx: None)
    assert "test_owners.py" in str(caught.value)
    Capability("shop").when(a.Namespace).owns(a.ConfigMap).reconcile(lambda one, ctx: None)


@pytest.mark.parametrize(
    ("write_", "message"),
    [
        (lambda chain: chain.owns(5), "owns takes a kind"),
        (lambda chain: chain.owns(a.GenericKind), "does not say which kind"),
        (lambda chain: chain.watches(a.ConfigMap, 5), "watches takes a function"),
        (lambda chain: chain.watches(a.ConfigMap, lambda: None), "cannot be called with the object alone"),
        (lambda chain: chain.watches(a.ConfigMap, lambda x, y, z: None), "nor with those of the rule beside it"),
        (lambda chain: chain.owns(a.Secret).is_created().watch(lambda pod, phase: None), "has a reconcile action run"),
        (lambda chain: chain.reconcile(lambda pod, ctx: None, queue="all"), "queue is 'all'"),
        (lambda chain: chain.reconcile(lambda pod, ctx: None, timeout=0), "timeout is 0"),
        (lambda chain: chain.reconcile(lambda pod, ctx: None, concurrency=0), "concurrency is 0"),
        (lambda chain: chain.finalize(lambda pod, ctx: None), "a finalize rule has a name"),
        (
            lambda chain: chain.with_deletion_timestamp().finalize(lambda pod, ctx: None, name="x"),
            "leaves nothing to finalize",
        ),
    ],
)
def test_what_could_never_work_is_refused_where_it_is_written(write_, message):
    with pytest.raises(InvalidDefinition, match=message) as caught:
        write_(Capability("shop").when(a.Pod))
    assert "test_owners.py" in str(caught.value)

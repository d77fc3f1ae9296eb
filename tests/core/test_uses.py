"""What an action says that it uses, where it is written: what becomes of it, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from poblano import Capability, InvalidDefinition, K8s, Resource, Struct, Uses, a
from poblano.core.uses import READ, VERBS


class ShopSpec(Struct):
    size: int | None


class Shop(Resource, group="shop.example.com", version="v1", plural="shops", scope="Cluster"):
    spec: ShopSpec


def test_a_kind_alone_means_that_it_is_read():
    shop = Capability("shop")
    shop.when(a.Pod).is_created().watch(uses=[a.ConfigMap])(lambda pod, phase: None)
    (use,) = shop.bindings[0].uses
    assert (use.kind.plural, use.verbs, use.namespaces, use.names) == ("configmaps", READ, (), ())


def test_every_action_can_say_what_it_uses():
    shop, uses = Capability("shop"), [Uses(a.Secret, "get", names=["token"])]
    pods = shop.when(a.Pod)
    pods.is_created().mutate(uses=uses)(lambda pod: None).validate(uses=uses)(lambda pod: pod.approve())
    pods.is_created().validate(name="alone", uses=uses)(lambda pod: pod.approve())
    pods.is_created().watch(uses=uses)(lambda pod, phase: None)
    pods.reconcile(uses=uses)(lambda pod, ctx: None)
    pods.finalize(name="gone", uses=uses)(lambda pod, ctx: None)

    @shop.on_schedule("refresh", every=timedelta(hours=1), uses=uses)
    def refresh() -> None: ...

    assert [binding.uses for binding in shop.bindings] == [tuple(uses)] * 6
    assert shop.schedules[0].uses == tuple(uses)


def test_verbs_come_in_one_order_and_once():
    assert Uses(a.Pod, "delete", "get", "delete", "create").verbs == ("get", "create", "delete")


def test_a_subresource_is_a_resource_of_its_own():
    assert Uses(a.Pod, "get", subresource="log").resource == "pods/log"


def test_any_kind_can_be_named():
    use = Uses(a.GenericKind, "get", group="x.dev", version="v1", kind="Unicorn", plural="unicorns", scope="Cluster")
    assert (use.kind.group, use.resource, use.kind.namespaced) == ("x.dev", "unicorns", False)


WRONG = {
    "no verb": (lambda: Uses(a.Pod, "lists"), "'lists' is no verb of the API server; did you mean 'list'?"),
    "apply": (lambda: Uses(a.Pod, "apply"), 'write "create", "patch"'),
    "logs": (lambda: Uses(a.Pod, "logs"), 'write "get", subresource="log"'),
    "star": (lambda: Uses(a.Pod, "*"), f"the verbs are {', '.join(VERBS)}"),
    "one string": (
        lambda: Uses(a.Pod, "get", namespaces="shop"),
        "namespaces is 'shop', and takes a list; write namespaces=[\"shop\"]",
    ),
    "no namespace": (lambda: Uses(a.Pod, "get", namespaces=["Shop"]), "no namespace can be called 'Shop'"),
    "cluster scope": (
        lambda: Uses(Shop, "get", namespaces=["shop"]),
        "a Shop is in no namespace; leave namespaces out",
    ),
    "named create": (lambda: Uses(a.Secret, "create", names=["x"]), "a create says no name"),
    "empty name": (lambda: Uses(a.Secret, "get", names=[""]), "'' is none of names"),
    "subresource": (lambda: Uses(a.Pod, "get", subresource="Log"), "'Log' is no subresource"),
    "no kind": (lambda: Uses("pods", "get"), "Uses() takes a kind, not 'pods'"),
    "not a list": (lambda: given(Uses(a.Pod, "get")), "and takes a list; write uses=[Uses(a.ConfigMap"),
    "a kind not in a list": (lambda: given(a.Pod), "uses is Pod, and takes a list"),
    "a string": (lambda: given(["pods"]), "uses takes Uses(...) and kinds, not 'pods'"),
    "a chain": (lambda: given([K8s(a.Pod)]), "uses takes Uses(...) and kinds, not <K8s Pod>"),
}


def given(uses):
    Capability("shop").when(a.Pod).is_created().mutate(uses=uses)(lambda pod: None)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_fails_where_it_is_written(name):
    make, message = WRONG[name]
    with pytest.raises(InvalidDefinition) as raised:
        make()
    assert message in str(raised.value)
    assert str(raised.value.location).startswith(__file__)


def test_a_name_may_be_made_by_an_apply():
    assert Uses(a.Secret, "create", "patch", names=["x"]).names == ("x",)

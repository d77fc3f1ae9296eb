"""A store is kept where code speaks of it, and nowhere else: a module that keeps nothing needs nothing in the cluster."""

from __future__ import annotations

from poblano import Capability, Store, a
from poblano.store.speaking import speaks_of_store


def of(code):
    """What a file with that code has as its capability."""
    space = {"__name__": "rules"}
    exec("from poblano import Capability, a\nshop = Capability('shop')\n" + code, space)
    return space["shop"]


def test_a_capability_that_says_what_it_keeps_has_one():
    assert speaks_of_store(Capability("shop", store=Store(secret=True)))


def test_an_action_speaks_of_it():
    assert speaks_of_store(
        of("@shop.when(a.Pod).is_created().mutate\ndef count(pod):\n    shop.store.set_item('k', 'v')")
    )
    assert speaks_of_store(of("shop.when(a.Pod).is_created().mutate(lambda pod: shop.store.set_item('k', 'v'))"))
    assert speaks_of_store(
        of("@shop.when(a.Pod).is_created().watch\nasync def f(pod, phase):\n    await shop.store.set('k', 'v')")
    )


def test_a_schedule_and_a_function_beside_it_speak_of_it():
    every = "from datetime import timedelta\n"
    assert speaks_of_store(
        of(every + "@shop.on_schedule('x', every=timedelta(hours=1))\ndef f():\n    return shop.store.items()")
    )
    assert speaks_of_store(
        of("def helper():\n    shop.store.clear()\nshop.when(a.Pod).is_created().mutate(lambda pod: helper())")
    )
    assert speaks_of_store(
        of(
            "def f(pod):\n    def inner():\n        shop.store.clear()\n    inner()\nshop.when(a.Pod).is_created().mutate(f)"
        )
    )


def test_rules_that_keep_nothing_have_none():
    assert not speaks_of_store(of("shop.when(a.Pod).is_created().mutate(lambda pod: pod.set_label('a', 'b'))"))
    shop = Capability("shop")
    shop.when(a.Pod).is_created().validate(lambda pod: pod.approve())
    assert not speaks_of_store(Capability("empty"))
    assert not speaks_of_store(shop)

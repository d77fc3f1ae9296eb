"""What `poblano dev` says of the rules that it runs beside the webhooks."""

from __future__ import annotations

from types import SimpleNamespace

from poblano import Capability, a
from poblano.cli import followers


def test_the_filters_that_stay_are_named_with_the_reason(monkeypatch):
    def in_a_hurry(pod):
        return True

    shop, said = Capability("shop"), []
    shop.when(a.Pod).with_label("tier").where(in_a_hurry).reconcile(lambda pod, ctx: None, name="hurry")
    shop.when(a.Pod).with_label("tier").reconcile(lambda pod, ctx: None, name="plain")
    shop.when(a.Pod).is_created().where(in_a_hurry).validate(lambda pod: pod.approve())
    monkeypatch.setattr(followers, "Log", SimpleNamespace(debug=lambda message, **fields: said.append(fields)))
    followers._say_what_stays(shop.bindings)
    reason = "the predicate in_a_hurry is evaluated here, not by the API server: no API server can select by that"
    assert said == [{"rule": "shop/hurry", "kind": "Pod", "filters": [reason]}]

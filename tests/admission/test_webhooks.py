"""Webhook configurations: as narrow as the bindings and the API server allow, and never narrower than the bindings."""

from __future__ import annotations

from typing import Any

import pytest

from poblano import Capability, Decision, Module, ValidateRequest, a
from poblano.admission.webhooks import Abilities, configurations, narrowing, webhook
from poblano.core.entries import ALWAYS_IGNORED, Entry, entries

OLD, NEW = Abilities.of((1, 20)), Abilities.of((1, 36))


def approve(request: ValidateRequest[Any]) -> Decision:
    return request.approve()


def made(*capabilities: Capability, ignored: tuple[str, ...] = ALWAYS_IGNORED) -> list[Entry]:
    return entries(Module(*capabilities).bindings, ignored=ignored)


def client(path: str) -> dict[str, Any]:
    return {"url": f"https://here{path}"}


def the_webhook(capability: Capability, abilities: Abilities = NEW) -> dict[str, Any]:
    (entry,) = made(capability)
    return webhook(entry, "shop", client, abilities)


def selected(webhook: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = webhook["namespaceSelector"].get("matchExpressions", [])
    return [{key: value for key, value in each.items() if key != "key"} for each in found]


def test_both_configurations_are_there_and_each_has_its_own_phase() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("a", "b"))
    found = configurations(made(shop), "shop", client, NEW)
    assert [each["name"] for each in found["mutate"]] == ["mutate-fail-10.shop.poblano.dev"]
    assert found["validate"] == []


def test_the_policy_is_the_entry_s_own_unless_another_is_asked_for() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().validate(approve)
    found = made(shop)
    assert configurations(found, "shop", client, NEW)["validate"][0]["failurePolicy"] == "Fail"
    assert configurations(found, "shop", client, NEW, policy="Ignore")["validate"][0]["failurePolicy"] == "Ignore"


def test_namespaces_of_the_capability_select() -> None:
    shop = Capability("shop", namespaces=["shop", "stage"])
    shop.when(a.Pod).is_created().validate(approve)
    assert selected(the_webhook(shop)) == [{"operator": "In", "values": ["shop", "stage"]}]


def test_without_namespaces_only_those_that_nobody_wants_are_left_out() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().not_in_namespace("quiet").validate(approve)
    assert selected(the_webhook(shop)) == [{"operator": "NotIn", "values": ["kube-system", "quiet"]}]


def test_kube_system_is_looked_at_by_the_binding_that_names_it_and_by_no_other() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().validate(approve)
    shop.when(a.Pod).is_created().in_namespace("kube-system").alias("system").validate(approve)
    (entry,) = made(shop)
    assert selected(webhook(entry, "shop", client, NEW)) == []
    general, system = (str(binding.filters) for binding in entry.bindings)
    assert "kube-system" in general
    assert "negated=True" in general
    assert "negated=True" not in system


def test_the_namespace_kube_system_itself_is_looked_at_when_it_is_named() -> None:
    shop = Capability("shop")
    shop.when(a.Namespace).is_updated().with_name("kube-system").validate(approve)
    assert selected(the_webhook(shop)) == []


def test_a_server_that_does_not_label_namespaces_gets_no_selector_for_them() -> None:
    shop = Capability("shop", namespaces=["shop"])
    shop.when(a.Pod).is_created().validate(approve)
    assert the_webhook(shop, OLD)["namespaceSelector"] == {}


def test_conditions_are_for_servers_that_have_them() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().with_name("db").validate(approve)
    assert "matchConditions" not in the_webhook(shop, OLD)
    (condition,) = the_webhook(shop)["matchConditions"]
    assert '"db"' in condition["expression"]


def test_labels_that_all_bindings_want_select_objects() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().with_label("tier", "data").validate(approve)
    assert the_webhook(shop, OLD)["objectSelector"] == {
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["data"]}]
    }
    shop.when(a.Pod).is_created().alias("all").validate(approve)
    assert the_webhook(shop, OLD)["objectSelector"] == {}


@pytest.mark.parametrize(
    ("abilities", "by_server", "in_python"),
    (
        (NEW, ("label", "name", "namespace"), ("where",)),
        (OLD, ("label",), ("name", "namespace", "where")),
    ),
)
def test_it_is_told_who_evaluates_what(
    abilities: Abilities, by_server: tuple[str, ...], in_python: tuple[str, ...]
) -> None:
    shop = Capability("shop", namespaces=["shop"])
    rule = shop.when(a.Pod).is_created().with_label("tier").with_name("db").where(lambda pod: pod.has_label("x"))
    rule.validate(approve)
    (entry,) = made(shop)
    found = narrowing(entry, abilities)
    assert (found.by_server, found.in_python) == (by_server, in_python)


def test_what_no_condition_asks_for_is_told_to_be_left_to_python() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().validate(name="all")(approve)
    shop.when(a.Pod).is_created().with_name("db").validate(name="one")(approve)
    (entry,) = made(shop, ignored=())

    assert "matchConditions" not in webhook(entry, "hello", client, NEW)
    assert (narrowing(entry, NEW).by_server, narrowing(entry, NEW).in_python) == ((), ("name",))


def test_a_server_of_unknown_version_is_trusted_with_nothing() -> None:
    assert Abilities.of((0, 0)) == Abilities(namespace_labels=False, match_conditions=False)

"""What only the API server writes is never in a patch: a rule that changes it has failed, and is told which field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import Capability, MutateRequest, a, document
from tests.core.driving import POD, answered, patched, review, shop

STORED: dict[str, Any] = {
    **POD,
    "metadata": {
        **POD["metadata"],
        "uid": "u-7",
        "resourceVersion": "12",
        "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
    },
    "status": {"phase": "Running", "conditions": []},
}


def of(*changes: Any, **options: Any) -> Capability:
    rules = shop()
    for number, change in enumerate(changes):
        rules.when(a.Pod).is_created_or_updated().mutate(name=f"r{number}", **options)(change)
    return rules


def updated() -> bytes:
    return review(STORED, old=STORED, operation="UPDATE")


def label(pod: MutateRequest[a.Pod]) -> None:
    pod.raw.metadata.labels["new"] = "1"


def setting(change: Any) -> Any:
    def action(pod: MutateRequest[a.Pod]) -> None:
        pod.set_label("gone", "1")
        change(pod.raw)

    return action


CHANGES = {
    "metadata.uid": lambda pod: setattr(pod.metadata, "uid", "u-8"),
    "metadata.resourceVersion": lambda pod: setattr(pod.metadata, "resource_version", "13"),
    "metadata.managedFields": lambda pod: pod.metadata.managed_fields.clear(),
    "status": lambda pod: setattr(pod.status, "phase", "Failed"),
}


@pytest.mark.parametrize("field", CHANGES)
@pytest.mark.parametrize("others", [(), (label,)])
def test_a_rule_that_changes_it_has_failed_and_is_told_the_field(field: str, others: tuple[Any, ...]):
    answer = answered(of(setting(CHANGES[field]), *others), updated())

    assert not answer.allowed
    assert answer.message.startswith(f"shop/r0 failed: MalformedObject: it changes {field}, which ")


@pytest.mark.parametrize("field", CHANGES)
def test_its_other_changes_go_as_well_and_those_of_others_stay(field: str):
    rules = of(label, setting(CHANGES[field]), on_error="ignore")
    labels = patched(STORED, answered(rules, updated()))["metadata"]["labels"]

    assert labels == {"tier": "data", "new": "1"}


@pytest.mark.parametrize("others", [(), (label,)])
def test_what_is_left_out_stays_as_it_is(others: tuple[Any, ...]):
    def replaced(pod: MutateRequest[a.Pod]) -> None:
        pod.raw = a.Pod(metadata={"name": "db", "namespace": "shop"}, spec={"host_network": True})

    made = patched(STORED, answered(of(replaced, *others), updated()))

    assert made["status"] == STORED["status"]
    assert {key: made["metadata"].get(key) for key in ("uid", "resourceVersion", "managedFields")} == {
        key: STORED["metadata"][key] for key in ("uid", "resourceVersion", "managedFields")
    }
    assert "labels" not in made["metadata"] or made["metadata"]["labels"] == {"new": "1"}


@pytest.mark.parametrize("others", [(), (label,)])
def test_none_of_it_can_be_given_to_a_new_object(others: tuple[Any, ...]):
    answer = answered(of(setting(CHANGES["metadata.uid"]), *others))
    assert "it changes metadata.uid" in answer.message


def test_the_status_is_changed_where_it_is_the_subresource_that_is_written():
    rules = shop()
    rules.when(a.Pod).is_updated().for_subresource("status").mutate(name="r")(
        lambda pod: setattr(pod.raw.status, "phase", "Failed")
    )
    body = review(STORED, old=STORED, operation="UPDATE", subResource="status")

    assert patched(STORED, answered(rules, body))["status"]["phase"] == "Failed"


def test_the_status_of_a_kind_that_may_have_it_beside_the_rest_is_left_to_the_rule():
    rules = shop()
    rules.when(a.GenericKind, version="v1", kind="Pod").is_updated().mutate(name="known")(lambda pod: None)
    rules.when(a.GenericKind, group="x.example.com", version="v1", kind="Thing").is_updated().mutate(name="r")(
        lambda thing: document(thing.raw).update(status={"ready": True})
    )
    known, thing = rules.bindings

    assert (known.status_apart, thing.status_apart) == (True, False)


@given(st.permutations(list(STORED["metadata"])))
def test_the_order_of_keys_is_no_change(order: list[str]):
    def reorder(pod: MutateRequest[a.Pod]) -> None:
        metadata = document(pod.raw)["metadata"]
        kept = {key: metadata.pop(key) for key in order}
        metadata.update(kept)

    assert answered(of(reorder, label), updated()).allowed

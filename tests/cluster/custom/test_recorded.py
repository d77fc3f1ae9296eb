"""Definitions and carts as a real API server took or refused them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from poblano.cluster.custom import CustomKind
from poblano.cluster.custom.conditions import settled, terminating
from poblano.cluster.decoding import read_object
from poblano.cluster.status import invalid
from poblano.core.jsonvalue import Document
from tests.cluster.custom.definitions import STRATEGY, prepared, transcript

INVALID = transcript("crd-invalid")
CARTS = transcript("custom-resources")
WRITES = [
    number
    for number, step in enumerate(CARTS)
    if step["request"]["path"].endswith("/crs/carts") and "body" in step["request"]
]
MOMENT = "2026-11-22T23:02:45Z"


def cart_kind() -> CustomKind:
    return CustomKind(settled(prepared(CARTS[1]["request"]["body"]), [], MOMENT))


def in_order(status: Document) -> Document:
    """Go's maps have no order, and so have causes."""
    status["details"]["causes"].sort(key=json.dumps)
    return {**status, "message": ""}


@pytest.mark.parametrize("number", range(len(INVALID)))
def test_a_definition_is_refused_in_the_words_of_the_real_server(number: int):
    step = INVALID[number]
    made = prepared(step["request"]["body"])
    errors = STRATEGY.validate(made)
    status = invalid("CustomResourceDefinition", made["metadata"]["name"], errors, group="apiextensions.k8s.io")
    assert status.document() == step["response"]["body"]


def test_a_definition_is_stored_as_there():
    made, stored = prepared(CARTS[1]["request"]["body"]), CARTS[1]["response"]["body"]
    assert (made["spec"], made["status"], made["metadata"]["generation"]) == (stored["spec"], stored["status"], 1)


def test_a_definition_comes_into_force_as_there():
    made = settled(
        prepared(CARTS[1]["request"]["body"]), [], CARTS[2]["response"]["body"]["metadata"]["creationTimestamp"]
    )
    assert made["status"] == CARTS[2]["response"]["body"]["status"]


def test_a_definition_ends_as_there():
    made = settled(prepared(CARTS[1]["request"]["body"]), [], MOMENT)
    ended = CARTS[25]["response"]["body"]
    assert terminating(made, ended["metadata"]["deletionTimestamp"])["status"] == ended["status"]


@pytest.mark.parametrize("number", WRITES)
def test_a_cart_is_taken_or_refused_as_there(number: int):
    step: dict[str, Any] = CARTS[number]
    kind = cart_kind()
    strategy, raw = kind.strategy("v1"), json.dumps(step["request"]["body"]).encode()
    made, warnings = read_object(raw, "application/json", kind.resource("v1"))
    made["metadata"]["namespace"] = "crs"
    strategy.default(made)
    strategy.prepare_for_create(made, None)  # type: ignore[arg-type]
    errors = strategy.validate(made)
    answer = step["response"]["body"]
    if answer["kind"] == "Status":
        status = invalid("Cart", made["metadata"]["name"], errors, group="shop.example.com")
        assert in_order(status.document()) == in_order(answer)
    else:
        said = [f'299 - "{warning}"'.replace('"spec', '\\"spec').replace('n"', 'n\\"', 1) for warning in warnings]
        assert ([str(one) for one in errors], made["spec"], said) == ([], answer["spec"], step["response"]["warnings"])


def test_a_write_to_the_status_takes_the_status_alone():
    before, after = CARTS[17]["response"]["body"], CARTS[18]["response"]["body"]
    strategy = cart_kind().strategy("v1")
    made = json.loads(json.dumps(CARTS[18]["request"]["body"]))
    strategy.prepare_for_status_update(made, before)
    assert (made["spec"], made["status"]) == (after["spec"], after["status"])
    assert made["metadata"]["generation"] == after["metadata"]["generation"]


def test_discovery_is_told_what_it_was_told_there():
    found = cart_kind().resource("v1")
    listed, status, scale = CARTS[3]["response"]["body"]["resources"]
    assert [found.plural, found.singular, found.kind, list(found.verbs)] == [
        listed["name"],
        listed["singularName"],
        listed["kind"],
        listed["verbs"],
    ]
    assert list(found.subresources["status"].verbs) == status["verbs"]
    assert found.subresources["scale"].kind == (scale["group"], scale["version"], scale["kind"])

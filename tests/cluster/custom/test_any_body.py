"""Whatever is sent: a refusal with a Status, never a stack trace."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from poblano.cluster.custom import CustomKind
from poblano.cluster.custom.conditions import settled
from poblano.cluster.decoding import read_object
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, copied
from tests.cluster.custom.definitions import NOW, STRATEGY, WILD, kind_of, resource, transcript, wild

BODIES: list[Document] = [wild(name) for name in WILD] + [transcript("custom-resources")[1]["request"]["body"]]
LEAVES = st.sampled_from(
    [None, True, False, 0, -1, 1.5, 2**70, "", "a", "(", ".x", "object", "array", [], {}, [None], {"a": None}]
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "a"]), inner, max_size=2),
    max_leaves=3,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            found += places(item, (*path, at))
    return found


PLACES = [(number, path) for number, body in enumerate(BODIES) for path in places(body) if path]


def with_another(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    made = copied(body)
    at = made
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return made


@settings(max_examples=400)
@given(st.sampled_from(PLACES), VALUES)
def test_a_definition_with_anything_anywhere_is_taken_or_refused(place, value):
    number, path = place
    body = with_another(BODIES[number], path, value)
    try:
        made, _ = read_object(json.dumps(body).encode(), "application/json", resource())
    except StatusError:
        return
    STRATEGY.default(made)
    made.setdefault("metadata", {})
    STRATEGY.prepare_for_create(made, None)  # type: ignore[arg-type]
    if STRATEGY.validate(made):
        return
    kind = CustomKind(settled(made, [], NOW))
    for one in kind.resources():
        assert one.schema is not None
        kind.strategy(one.version)


CARTS = kind_of(BODIES[-1])
CART = transcript("custom-resources")[7]["request"]["body"]
CART_PLACES = [path for path in places(CART) if path]


@settings(max_examples=300)
@given(st.sampled_from(CART_PLACES), VALUES, st.sampled_from(CART_PLACES), VALUES)
def test_an_object_with_anything_anywhere_is_taken_or_refused(path, value, other, another):
    strategy, found = CARTS.strategy("v1"), []
    for body in (with_another(CART, path, value), with_another(CART, other, another)):
        try:
            made, _ = read_object(json.dumps(body).encode(), "application/json", CARTS.resource("v1"))
        except StatusError:
            return
        strategy.default(made)
        strategy.validate(made)
        found.append(made)
    strategy.validate_update(*found)
    strategy.prepare_for_status_update(*found)

"""Owners from before the schema changed own what that became."""

from __future__ import annotations

from poblano.cluster.managed.fields import Fields
from poblano.cluster.managed.migrating import migrated
from poblano.cluster.managed.types import DEDUCED, type_of
from tests.cluster.managed.shop import CART

KIND = type_of(CART)


def test_what_was_owned_piece_by_piece_and_is_atomic_now_is_owned_as_a_whole() -> None:
    fields: Fields = {"f:spec": {"f:address": {".": {}, "f:street": {}}, "f:steps": {'v:"a"': {}}, "f:owner": {}}}
    assert migrated(KIND, fields) == {"f:spec": {"f:address": {}, "f:steps": {}, "f:owner": {}}}


def test_what_was_owned_as_a_whole_and_is_granular_now_is_owned_without_what_is_in_it() -> None:
    fields: Fields = {"f:spec": {"f:items": {}, "f:notes": {}, "f:tags": {}}}
    assert migrated(KIND, fields) is fields


def test_within_the_items_of_a_list_too() -> None:
    fields: Fields = {"f:spec": {"f:items": {'k:{"name":"a"}': {".": {}, "f:price": {}}}, "f:steps": {"i:0": {}}}}
    assert migrated(KIND, fields) == {
        "f:spec": {"f:items": {'k:{"name":"a"}': {".": {}, "f:price": {}}}, "f:steps": {}}
    }


def test_a_set_of_today_is_the_very_same() -> None:
    fields: Fields = {
        "f:spec": {".": {}, "f:any": {"f:x": {"f:y": {}}}, "f:tags": {".": {}, 'v:"x"': {}}},
        "f:nope": {"f:x": {}},
    }
    assert migrated(KIND, fields) is fields
    assert migrated(DEDUCED, fields) is fields

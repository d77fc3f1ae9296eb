"""Admission may change owners, but not break them."""

from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.managed import checked_after_admission, reset_fields
from poblano.core.jsonvalue import Document
from tests.cluster.managed.shop import cart, updated


def test_owners_that_admission_left_readable_stay() -> None:
    document = updated(None, cart(owner="ann"))
    before = document["metadata"]["managedFields"]
    document["metadata"]["managedFields"] = []
    assert checked_after_admission(document, before) is None
    assert document["metadata"]["managedFields"] == []


@pytest.mark.parametrize("wrong", [[{"manager": "x"}], 7, ["x"]])
def test_owners_that_admission_broke_are_put_back_with_a_warning(wrong: Any) -> None:
    document = updated(None, cart(owner="ann"))
    before = document["metadata"]["managedFields"]
    document["metadata"]["managedFields"] = wrong
    warning = checked_after_admission(document, before)
    assert warning is not None
    assert warning.startswith(".metadata.managedFields was in an invalid state after admission")
    assert document["metadata"]["managedFields"] is before


def test_where_there_were_none_there_are_none() -> None:
    document: Document = {"metadata": {"managedFields": [{}]}}
    assert checked_after_admission(document, None) is not None
    assert document == {"metadata": {}}


def test_each_subresource_resets_what_it_does_not_write() -> None:
    assert reset_fields("", "Pod", "status") == {
        "f:metadata": {"f:deletionTimestamp": {}, "f:ownerReferences": {}},
        "f:spec": {},
    }
    assert reset_fields("apiextensions.k8s.io", "CustomResourceDefinition", "status") == {
        "f:metadata": {},
        "f:spec": {},
    }
    assert reset_fields("shop.example.com", "Cart", has_status=False) == {}
    assert reset_fields("apps", "Deployment", "scale") == {}

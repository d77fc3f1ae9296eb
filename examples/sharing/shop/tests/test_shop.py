"""The rules of the shop, and that those of the package are in the module."""

from __future__ import annotations

import shop

from poblano import ValidateRequest, a


def test_six_are_too_many() -> None:
    assert shop.not_too_many(ValidateRequest.of(a.Deployment(spec={"replicas": 5}))).allowed
    refused = shop.not_too_many(ValidateRequest.of(a.Deployment(spec={"replicas": 6})))
    assert refused.message == "6 replicas are too many, take 5"


def test_the_rules_of_the_package_are_in_the_module() -> None:
    titles = [binding.title for binding in shop.module.bindings]
    assert titles == ["shop/not-too-many", "team-labels/label-pods", "team-labels/named-team"]

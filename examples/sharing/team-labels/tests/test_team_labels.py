"""The rules are functions: a test calls them. And the capability is one for whoever calls for it."""

from __future__ import annotations

from team_labels import LABEL, judge_team, label_pods, team_labels

from poblano import MutateRequest, ValidateRequest, a


def deployment(**labels: str) -> a.Deployment:
    return a.Deployment(metadata={"name": "web", "namespace": "shop", "labels": labels})


def test_pods_belong_to_the_team_of_their_deployment() -> None:
    request = MutateRequest.of(deployment(team="shop"))
    label_pods(request)
    assert request.raw.spec.template.metadata.labels[LABEL] == "shop"


def test_without_a_team_nothing_is_put_on_them() -> None:
    request = MutateRequest.of(deployment())
    label_pods(request)
    assert not request.raw.spec.template


def test_a_team_must_be_one_that_there_is() -> None:
    assert judge_team(ValidateRequest.of(deployment(team="shop")), ["shop", "stock"]).allowed
    refused = judge_team(ValidateRequest.of(deployment(team="shoop")), ["shop", "stock"])
    assert refused.message == "the label team must name one of shop, stock, not shoop"
    assert not judge_team(ValidateRequest.of(deployment()), ["shop"]).allowed


def test_each_module_has_a_capability_of_its_own() -> None:
    one, other = team_labels(["a"], namespaces=["one"]), team_labels(["b"])
    assert [binding.title for binding in one.bindings] == ["team-labels/label-pods", "team-labels/named-team"]
    assert one is not other

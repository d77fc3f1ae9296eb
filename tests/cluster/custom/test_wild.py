from __future__ import annotations

import json

import pytest

from poblano.cluster.custom.jsonpath import jsonpath
from poblano.cluster.decoding import read_object
from poblano.core.jsonvalue import copied
from tests.cluster.custom.definitions import WILD, complaints, kind_of, prepared, wild


@pytest.mark.parametrize("name", WILD)
def test_a_definition_found_in_the_wild_is_valid(name: str):
    assert complaints(wild(name)) == []


@pytest.mark.parametrize("name", WILD)
def test_preparing_a_definition_twice_changes_nothing(name: str):
    once = prepared(wild(name))
    assert prepared(once) == once


def test_a_certificate_keeps_what_it_says():
    kind = kind_of(wild("certificates"))
    spec = {"secretName": "tls", "issuerRef": {"name": "ca"}, "dnsNames": ["a.example.com"], "usages": ["server auth"]}
    made = {"apiVersion": "certs.example.com/v1", "kind": "Certificate", "spec": spec}
    made["metadata"] = {"name": "a", "namespace": "b"}
    before = copied(made)
    strategy = kind.strategy("v1")
    assert strategy.prune(made) == []
    strategy.default(made)
    assert (made, strategy.validate(made)) == (before, [])


def test_the_ready_column_of_a_certificate_finds_its_condition():
    kind = kind_of(wild("certificates"))
    status = {"conditions": [{"type": "Issuing", "status": "False"}, {"type": "Ready", "status": "True"}]}
    assert jsonpath(kind.columns("v1")[0]["jsonPath"])({"status": status}) == ["True"]


def test_a_service_monitor_gets_its_defaults_and_takes_numbers_and_names_for_ports():
    strategy = kind_of(wild("servicemonitors")).strategy("v1")
    endpoints = [
        {"targetPort": 80, "metricRelabelings": [{"regex": "a"}]},
        {"targetPort": "http"},
        {"interval": "soon"},
    ]
    made = {
        "apiVersion": "monitoring.example.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "a", "namespace": "b"},
    }
    made["spec"] = {"selector": {"matchLabels": {"a": "b"}}, "endpoints": endpoints}
    strategy.default(made)
    assert made["spec"]["endpoints"][0]["metricRelabelings"] == [{"action": "replace", "regex": "a"}]
    assert [one.field for one in strategy.validate(made)] == ["spec.endpoints[2].interval"]


def rollout(**spec: object) -> dict[str, object]:
    meta = {"name": "a", "namespace": "b", "resourceVersion": "1"}
    return {"apiVersion": "deploy.example.com/v1", "kind": "Rollout", "metadata": meta, "spec": spec}


def test_a_rollout_gets_nested_defaults_and_keeps_what_is_free_form():
    strategy = kind_of(wild("rollouts")).strategy("v1")
    made = rollout(template={"spec": {"containers": [{"image": "a", "bogus": None}]}}, extra=1)
    assert strategy.prune(made) == ["spec.extra"]
    strategy.default(made)
    assert made["spec"] == {
        "template": {"spec": {"containers": [{"image": "a", "bogus": None}]}},
        "paused": False,
        "replicas": 1,
        "strategy": {"canary": {"maxSurge": "25%"}},
    }
    assert strategy.validate(made) == []


def test_the_rules_of_a_rollout_are_about_its_changes_too():
    strategy = kind_of(wild("rollouts")).strategy("v1")
    old, new = rollout(selector={"matchLabels": {"a": "b"}}), rollout(selector={"matchLabels": {"a": "c"}})
    for one in (old, new):
        strategy.default(one)
    found = strategy.validate_update(new, old)
    assert [str(one) for one in found] == ["spec.selector: Invalid value: selector is immutable"]


def test_a_step_of_a_rollout_is_one_thing():
    strategy = kind_of(wild("rollouts")).strategy("v1")
    made = rollout(strategy={"canary": {"steps": [{"setWeight": 5}, {"setWeight": 5, "pause": {}}]}})
    said = '"spec.strategy.canary.steps[1]" must validate one and only one schema (oneOf). Found 2 valid alternatives'
    assert [str(one) for one in strategy.validate(made)] == [f'<nil>: Invalid value: "": {said}']


def test_an_embedded_object_needs_a_kind():
    strategy = kind_of(wild("rollouts")).strategy("v1")
    made = rollout(analysis={"apiVersion": "v1", "metadata": {"name": "x", "bogus": 1}, "free": 1})
    assert strategy.prune(made) == ["spec.analysis.metadata.bogus"]
    assert "spec.analysis.kind: Required value: must not be empty" in map(str, strategy.validate(made))


def test_a_version_says_that_it_is_deprecated():
    kind = kind_of(wild("rollouts"))
    said = "deploy.example.com/v1alpha1 Rollout is on its way out; use v1"
    assert (kind.deprecation("v1alpha1"), kind.deprecation("v1")) == (said, None)


def test_the_best_version_comes_first_and_has_the_subresources():
    first, second = kind_of(wild("rollouts")).resources()
    assert (first.version, sorted(first.subresources)) == ("v1", ["scale", "status"])
    assert (second.version, dict(second.subresources)) == ("v1alpha1", {})


async def test_a_version_without_a_schema_keeps_everything_and_conversion_renames_it():
    kind = kind_of(wild("rollouts"))
    body = {**rollout(anything={"at": "all"}), "apiVersion": "deploy.example.com/v1alpha1"}
    made, warnings = read_object(json.dumps(body).encode(), "application/json", kind.resource("v1alpha1"))
    (converted,) = await kind.convert([made], "v1")
    assert (made, warnings) == (body, [])
    assert converted == {**body, "apiVersion": "deploy.example.com/v1"}

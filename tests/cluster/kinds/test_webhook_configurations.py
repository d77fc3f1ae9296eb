"""Webhook configurations are checked before anybody calls a webhook."""

from __future__ import annotations

from typing import Any

import pytest

from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import created, refused, updated, with_revision

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}


def configuration(kind: str = "Validating", **hook: Any) -> Document:
    entry = {
        "name": "a.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"url": "https://localhost/x"},
        **hook,
    }
    version = "admissionregistration.k8s.io/v1"
    return {
        "apiVersion": version,
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": "w"},
        "webhooks": [entry],
    }


def service(**fields: Any) -> Document:
    return {"clientConfig": {"service": {"name": "s", "namespace": "n", **fields}}}


@pytest.mark.parametrize(
    ("hook", "wrong"),
    [
        ({"name": "short"}, 'name: Invalid value: "short": should be a domain with at least three segments'),
        ({"sideEffects": None}, "sideEffects: Required value: must specify one of None, NoneOnDryRun"),
        (
            {"timeoutSeconds": 31},
            "timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
        ),
        ({"failurePolicy": "Maybe"}, 'failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"'),
        ({"clientConfig": {}}, "clientConfig: Required value: exactly one of url or service is required"),
        ({"clientConfig": {"url": "https://u@h/x"}}, 'clientConfig.url: Invalid value: "u": user information is not'),
        ({"clientConfig": {"url": "https://h/x?y"}}, 'clientConfig.url: Invalid value: "y": query parameters are not'),
        (
            {"clientConfig": {"url": "https://h/x#y"}},
            'clientConfig.url: Invalid value: "y": fragments are not permitted',
        ),
        ({"clientConfig": {"url": "https:///x"}}, 'clientConfig.url: Invalid value: "": host must be specified'),
        (service(name=""), "clientConfig.service.name: Required value: service name is required"),
        (service(port=70000), "clientConfig.service.port: Invalid value: 70000: port is not valid: must be between"),
        (service(path="x"), "clientConfig.service.path: Invalid value: \"x\": must start with a '/'"),
        (service(path="/a//b"), 'clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty'),
        ({"admissionReviewVersions": []}, "admissionReviewVersions: Required value: must specify one of v1, v1beta1"),
        (
            {"admissionReviewVersions": ["v1", "v1"]},
            'admissionReviewVersions[1]: Invalid value: "v1": duplicate version',
        ),
        ({"rules": [{**RULE, "operations": []}]}, "rules[0].operations: Required value"),
        (
            {"rules": [{**RULE, "operations": ["*", "CREATE"]}]},
            'rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
        ),
        (
            {"rules": [{**RULE, "apiGroups": ["*", "apps"]}]},
            'rules[0].apiGroups: Invalid value: ["*","apps"]: if \'*\' is present, must not specify other API groups',
        ),
        (
            {"rules": [{**RULE, "resources": ["pods/*", "pods/status"]}]},
            "rules[0].resources[1]: Invalid value: \"pods/status\": if 'pods/*' is present, must not specify pods/status",
        ),
        ({"rules": [{**RULE, "scope": "Pod"}]}, 'rules[0].scope: Unsupported value: "Pod": supported values: "*"'),
        ({"namespaceSelector": {"matchLabels": {"a b": ""}}}, 'namespaceSelector.matchLabels: Invalid value: "a b"'),
        ({"matchConditions": [{"name": "c", "expression": ""}]}, "matchConditions[0].expression: Required value"),
        (
            {"matchConditions": [{"name": "c", "expression": "true"}] * 2},
            'matchConditions[1].name: Duplicate value: "c"',
        ),
        (
            {"matchConditions": [{"name": "c", "expression": "("}]},
            'matchConditions[0].expression: Invalid value: "(": compilation failed: ERROR: <input>:1:2: Syntax error',
        ),
    ],
)
def test_a_webhook_is_told_what_is_wrong_with_it(hook, wrong):
    found = refused(configuration(**hook))
    assert found
    assert found[0].startswith(f"webhooks[0].{wrong}")


def test_two_webhooks_have_two_names():
    obj = configuration()
    obj["webhooks"] *= 2
    assert refused(obj) == ['webhooks[1].name: Duplicate value: "a.example.com"']


def test_reinvocation_is_for_those_that_mutate():
    assert refused(configuration("Mutating", reinvocationPolicy="Always")) == [
        'webhooks[0].reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"'
    ]


def test_another_webhook_is_another_generation():
    old = with_revision(created(configuration()))
    new = configuration(timeoutSeconds=5)
    new["metadata"] |= old["metadata"]
    obj, wrong = updated(old, new)
    assert wrong == []
    assert obj["metadata"]["generation"] == 2

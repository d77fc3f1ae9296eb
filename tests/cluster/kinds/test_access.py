"""Roles, bindings and events: what is refused, and how often an update repeats it."""

from __future__ import annotations

import pytest

from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import created, refused, updated, with_revision

RBAC = "rbac.authorization.k8s.io"
ROLE = {"kind": "Role", "name": "r", "apiGroup": RBAC}


def rbac(kind: str, **fields: object) -> Document:
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": {"name": "x"}, **fields}


def event(version: str = "v1", **fields: object) -> Document:
    return {"apiVersion": version, "kind": "Event", "metadata": {"name": "e", "namespace": "kinds"}, **fields}


@pytest.mark.parametrize(
    ("obj", "wrong"),
    [
        (
            rbac("Role", rules=[{"apiGroups": [""], "resources": ["pods"]}]),
            ["rules[0].verbs: Required value: verbs must contain at least one value"],
        ),
        (
            rbac("Role", rules=[{"verbs": ["get"], "nonResourceURLs": ["/x"]}]),
            [
                'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
            ],
        ),
        (
            rbac("ClusterRole", rules=[{"verbs": ["get"]}]),
            [
                "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
                "rules[0].resources: Required value: resource rules must supply at least one resource",
            ],
        ),
        (
            rbac("RoleBinding", roleRef={"kind": "Nope", "name": "r"}),
            ['roleRef.kind: Unsupported value: "Nope": supported values: "Role", "ClusterRole"'],
        ),
        (
            rbac("ClusterRoleBinding", roleRef=ROLE),
            ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
        ),
        (
            rbac("RoleBinding", roleRef=ROLE, subjects=[{"kind": "ServiceAccount", "name": "a"}]),
            ["subjects[0].namespace: Required value"],
        ),
        (
            rbac("RoleBinding", roleRef=ROLE, subjects=[{"kind": "Robot", "name": "a"}]),
            [
                'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
            ],
        ),
        (
            event(involvedObject={"namespace": "other", "name": "x"}),
            ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
        ),
        (
            event("events.k8s.io/v1", regarding={"namespace": "kinds"}, type="Odd"),
            ["eventTime: Required value", 'type: Invalid value: "": has invalid value: Odd'],
        ),
        (
            event(
                "events.k8s.io/v1",
                regarding={"namespace": "kinds"},
                type="Normal",
                eventTime="2026-01-01T00:00:00.000000Z",
                reportingController="x",
                reportingInstance="i" * 129,
                action="a",
                reason="r",
                deprecatedCount=1,
            ),
            [
                'reportingInstance: Invalid value: "": can have at most 128 characters',
                'count: Invalid value: "": needs to be unset',
            ],
        ),
    ],
)
def test_each_is_told_what_is_wrong_with_it(obj, wrong):
    assert refused(obj) == wrong


def test_an_event_about_what_has_no_namespace_belongs_to_the_default_one():
    obj = event(involvedObject={"kind": "Node", "name": "n"})
    assert refused(obj) == ['involvedObject.namespace: Invalid value: "": does not match event.namespace']
    obj["metadata"]["namespace"] = "default"
    assert refused(obj) == []


def test_the_role_of_a_binding_does_not_change():
    old = with_revision(created(rbac("RoleBinding", roleRef=ROLE)))
    other = {**ROLE, "name": "s"}
    assert updated(old, {**old, "roleRef": other})[1] == [
        'roleRef: Invalid value: {"kind":"Role","name":"s","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef'
    ]


def test_the_rules_of_a_role_are_judged_twice_in_an_update_as_the_real_server_does():
    old = with_revision(created(rbac("Role")))
    _, wrong = updated(old, {**old, "rules": [{"apiGroups": [""], "resources": ["pods"]}]})
    assert len(wrong) == 2
    assert len(set(wrong)) == 1

from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.resources import built_in_resources
from poblano.cluster.tables import table
from tests.cluster.tables.showing import NOW, Cases, cells, named

CASES: Cases = [
    (
        "discovery.k8s.io/v1/endpointslices",
        {
            "addressType": "IPv4",
            "ports": [{"port": 80}, {"name": "web"}, {}],
            "endpoints": [{"addresses": ["10.0.0.1", "10.0.0.2"]}, {"addresses": ["10.0.0.3", "10.0.0.4"]}],
        },
        ["x", "IPv4", "80,web,*", "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...", "60m"],
    ),
    ("discovery.k8s.io/v1/endpointslices", {"addressType": "IPv4"}, ["x", "IPv4", "<unset>", "<unset>", "60m"]),
    (
        "networking.k8s.io/v1/ingresses",
        {"spec": {"ingressClassName": "nginx", "rules": [{"host": f"{c}.io"} for c in "abcde"], "tls": [{}]}},
        ["x", "nginx", "a.io,b.io,c.io + 2 more...", "", "80, 443", "60m"],
    ),
    ("networking.k8s.io/v1/ingresses", {"spec": {"rules": [{}]}}, ["x", "<none>", "*", "", "80", "60m"]),
    (
        "networking.k8s.io/v1/ingressclasses",
        {"spec": {"controller": "c", "parameters": {"apiGroup": "g.io", "kind": "K", "name": "n"}}},
        ["x", "c", "K.g.io/n", "60m"],
    ),
    (
        "networking.k8s.io/v1/networkpolicies",
        {"spec": {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}},
        ["x", "a", "60m"],
    ),
    (
        "networking.k8s.io/v1/servicecidrs",
        {"spec": {"cidrs": ["10.0.0.0/24", "fd00::/64"]}},
        ["x", "10.0.0.0/24,fd00::/64", "60m"],
    ),
    (
        "networking.k8s.io/v1/ipaddresses",
        {"spec": {"parentRef": {"resource": "services", "namespace": "n", "name": "s"}}},
        ["x", "services/n/s", "60m"],
    ),
    (
        "policy/v1/poddisruptionbudgets",
        {"spec": {"minAvailable": "50%"}, "status": {"disruptionsAllowed": 1}},
        ["x", "50%", "N/A", 1, "60m"],
    ),
    (
        "rbac.authorization.k8s.io/v1/rolebindings",
        {
            "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [
                {"kind": "User", "name": "ann"},
                {"kind": "ServiceAccount", "name": "bot", "namespace": "n"},
                {"kind": "User", "name": "bob"},
            ],
        },
        ["x", "Role/r", "60m", "ann, bob", "", "n/bot"],
    ),
    (
        "storage.k8s.io/v1/storageclasses",
        {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "p"},
        ["x (default)", "p", "Delete", "Immediate", False, "60m"],
    ),
    (
        "storage.k8s.io/v1/csidrivers",
        {
            "spec": {
                "attachRequired": False,
                "tokenRequests": [{"audience": "a"}],
                "volumeLifecycleModes": ["Persistent"],
            }
        },
        ["x", False, False, False, "a", False, "Persistent", "60m"],
    ),
    ("storage.k8s.io/v1/csinodes", {"spec": {"drivers": [{}]}}, ["x", 1, "60m"]),
    (
        "storage.k8s.io/v1/volumeattachments",
        {
            "spec": {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": "v"}},
            "status": {"attached": True},
        },
        ["x", "a", "v", "n", True, "60m"],
    ),
    ("admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {"webhooks": [{}, {}]}, ["x", 2, "60m"]),
    (
        "admissionregistration.k8s.io/v1/validatingadmissionpolicies",
        {"spec": {"validations": [{}], "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}},
        ["x", 1, "v1/ConfigMap", "60m"],
    ),
    (
        "admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
        {"spec": {"policyName": "p", "paramRef": {"name": "n"}}},
        ["x", "p", "*/n", "60m"],
    ),
    (
        "admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
        {"spec": {"policyName": "p", "paramRef": {"selector": {"matchLabels": {"a": "b"}}}}},
        [
            "x",
            "p",
            "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}",
            "60m",
        ],
    ),
    (
        "apiregistration.k8s.io/v1/apiservices",
        {
            "spec": {"service": {"namespace": "n", "name": "s"}},
            "status": {"conditions": [{"type": "Available", "status": "False", "reason": "Down"}]},
        },
        ["x", "n/s", "False (Down)", "60m"],
    ),
    ("apiregistration.k8s.io/v1/apiservices", {}, ["x", "Local", "Unknown", "60m"]),
    (
        "certificates.k8s.io/v1/certificatesigningrequests",
        {
            "spec": {"signerName": "s", "username": "ann", "expirationSeconds": 3600},
            "status": {"conditions": [{"type": "Approved"}], "certificate": "eA=="},
        },
        ["x", "60m", "s", "ann", "60m", "Approved,Issued"],
    ),
    (
        "scheduling.k8s.io/v1/priorityclasses",
        {"value": -5, "preemptionPolicy": "Never"},
        ["x", -5, False, "60m", "Never"],
    ),
    ("coordination.k8s.io/v1/leases", {"spec": {"holderIdentity": "h"}}, ["x", "h", "60m"]),
    ("node.k8s.io/v1/runtimeclasses", {"handler": "h"}, ["x", "h", "60m"]),
    (
        "resource.k8s.io/v1/resourceclaims",
        {"status": {"allocation": {}, "reservedFor": [{}]}, "metadata": {"deletionTimestamp": NOW}},
        ["x", "deleted,allocated,reserved", "60m"],
    ),
    ("resource.k8s.io/v1/resourceclaims", {}, ["x", "pending", "60m"]),
    (
        "resource.k8s.io/v1/resourceslices",
        {"spec": {"nodeName": "n", "driver": "d", "pool": {"name": "p"}}},
        ["x", "n", "d", "p", "60m"],
    ),
    (
        "flowcontrol.apiserver.k8s.io/v1/flowschemas",
        {
            "spec": {"priorityLevelConfiguration": {"name": "l"}, "matchingPrecedence": 10},
            "status": {"conditions": [{"type": "Dangling", "status": "False"}]},
        },
        ["x", "l", 10, "<none>", "60m", "False"],
    ),
    (
        "flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
        {
            "spec": {
                "type": "Limited",
                "limited": {"nominalConcurrencyShares": 0, "limitResponse": {"queuing": {"queues": 8}}},
            }
        },
        ["x", "Limited", 0, 8, 0, 0, "60m"],
    ),
]


@pytest.mark.parametrize(("path", "fields", "shown"), CASES, ids=named(CASES))
def test_the_cells_are_those_of_the_real_printer(path: str, fields: dict[str, Any], shown: list[Any]) -> None:
    assert cells(path, **fields) == shown


def test_flow_schemas_are_listed_in_the_order_in_which_they_are_tried() -> None:
    schemas = next(one for one in built_in_resources() if one.plural == "flowschemas")
    made = [
        {"metadata": {"name": name}, "spec": {"matchingPrecedence": precedence}}
        for name, precedence in (("a", 9), ("c", 1), ("b", 1))
    ]
    rows = table(schemas, made, list_metadata={}, now=NOW)["rows"]
    assert [row["cells"][0] for row in rows] == ["b", "c", "a"]

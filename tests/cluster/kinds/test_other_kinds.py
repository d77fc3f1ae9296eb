"""One promise or two of each of the kinds that have few rules."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from poblano.cluster.kinds import strategy
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import Stored, created, refused, updated, with_revision

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def obj(version: str, kind: str, **fields: Any) -> Document:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, **fields}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        (
            obj("coordination.k8s.io/v1", "Lease", spec={"leaseDurationSeconds": 0, "leaseTransitions": -1}),
            [
                "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
                "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
            ],
        ),
        (
            obj("v1", "PersistentVolumeClaim", spec={}),
            [
                "spec.accessModes: Required value: at least 1 access mode is required",
                "spec.resources[storage]: Required value",
            ],
        ),
        (
            obj("v1", "PersistentVolume", spec={"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}),
            ["spec: Required value: must specify a volume type"],
        ),
        (
            obj("scheduling.k8s.io/v1", "PriorityClass", value=2_000_000_000),
            ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
        ),
        (obj("storage.k8s.io/v1", "StorageClass"), ["provisioner: Required value"]),
        (
            obj("networking.k8s.io/v1", "Ingress"),
            ["spec: Invalid value: []: either `defaultBackend` or `rules` must be specified"],
        ),
        (
            obj(
                "networking.k8s.io/v1",
                "Ingress",
                spec={"rules": [{"host": "10.0.0.1", "http": {"paths": [{"path": "x", "pathType": "Exact"}]}}]},
            ),
            [
                'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
                'spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path',
                "spec.rules[0].http.paths[0].backend: Required value: service or resource backend is required",
            ],
        ),
        (
            obj("networking.k8s.io/v1", "NetworkPolicy", spec={"policyTypes": ["In"]}),
            ['spec.policyTypes[0]: Unsupported value: "In": supported values: "Egress", "Ingress"'],
        ),
        (
            obj("networking.k8s.io/v1", "IngressClass", spec={"controller": "x"}),
            [
                'spec.controller: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")',
            ],
        ),
        (
            obj("policy/v1", "PodDisruptionBudget", spec={"minAvailable": 1, "maxUnavailable": "120%"}),
            [
                (
                    'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"120%",'
                    '"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot '
                    "be both set"
                ),
                'spec.maxUnavailable: Invalid value: "120%": must not be greater than 100%',
            ],
        ),
        (
            obj("autoscaling/v2", "HorizontalPodAutoscaler", spec={"minReplicas": 3, "maxReplicas": 2}),
            [
                "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`",
                "spec.scaleTargetRef.kind: Required value",
                "spec.scaleTargetRef.name: Required value",
            ],
        ),
        (
            obj("discovery.k8s.io/v1", "EndpointSlice", addressType="IPv4", endpoints=[{"addresses": ["x"]}]),
            [
                (
                    'endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or '
                    "2001:db8::ffff)"
                )
            ],
        ),
        (
            obj("v1", "Endpoints", subsets=[{"addresses": [{"ip": "127.0.0.1"}]}]),
            [
                (
                    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, '
                    "::1/128)"
                )
            ],
        ),
        (
            obj("v1", "LimitRange", spec={"limits": [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}}]}),
            ['spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
        ),
        (
            obj("v1", "ResourceQuota", spec={"hard": {"pods": "1.5"}}),
            ['spec.hard[pods]: Invalid value: "1500m": must be an integer'],
        ),
        (
            obj("apps/v1", "ControllerRevision", revision=-1),
            [
                "data: Required value: data is mandatory",
                "revision: Invalid value: -1: must be greater than or equal to 0",
            ],
        ),
    ],
)
def test_each_kind_tells_what_is_wrong(sent, wrong):
    assert set(wrong) <= set(refused(sent))


def test_a_claim_that_names_no_class_gets_the_default_one():
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    fast = {"metadata": {"name": "fast", "annotations": annotations}}
    lookup = Stored(("storage.k8s.io", "storageclasses", fast))
    assert created(obj("v1", "PersistentVolumeClaim", spec=CLAIM), lookup)["spec"]["storageClassName"] == "fast"
    asked = obj("v1", "PersistentVolumeClaim", spec={**CLAIM, "storageClassName": ""})
    assert created(asked, lookup)["spec"]["storageClassName"] == ""


def test_a_claim_grows_once_it_is_bound_and_changes_no_further():
    old = with_revision(created(obj("v1", "PersistentVolumeClaim", spec=CLAIM)))
    old["status"] = {"phase": "Bound"}
    grown = deepcopy(old)
    grown["spec"]["resources"]["requests"]["storage"] = "2Gi"
    assert updated(old, grown)[1] == []
    moved = deepcopy(old)
    moved["spec"]["accessModes"] = ["ReadOnlyMany"]
    assert updated(old, moved)[1][0].startswith("spec: Forbidden: spec is immutable after creation except")


def test_an_ingress_that_names_no_class_gets_the_default_one():
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"}
    lookup = Stored(
        ("networking.k8s.io", "ingressclasses", {"metadata": {"name": "nginx", "annotations": annotations}})
    )
    sent = obj("networking.k8s.io/v1", "Ingress", spec={"defaultBackend": {"service": {"name": "s"}}})
    assert created(sent, lookup)["spec"]["ingressClassName"] == "nginx"


def test_a_namespace_is_labelled_with_its_name_whatever_it_is_sent_with():
    sent = obj("v1", "Namespace")
    sent["metadata"]["labels"] = {"kubernetes.io/metadata.name": "other", "a": "b"}
    assert created(sent)["metadata"]["labels"] == {"kubernetes.io/metadata.name": "x", "a": "b"}


def test_the_finalizers_of_a_namespace_are_not_for_the_main_resource():
    old = with_revision(created(obj("v1", "Namespace")))
    assert updated(old, {**old, "spec": {}})[0]["spec"] == {"finalizers": ["kubernetes"]}


def test_a_scaler_with_a_behaviour_in_one_direction_has_the_usual_one_in_the_other():
    spec = {"maxReplicas": 2, "behavior": {"scaleUp": {"stabilizationWindowSeconds": 7}}}
    behavior = created(obj("autoscaling/v2", "HorizontalPodAutoscaler", spec=spec))["spec"]["behavior"]
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 7
    assert [policy["type"] for policy in behavior["scaleDown"]["policies"]] == ["Percent"]


def test_deprecated_kinds_and_annotations_are_warned_of():
    assert strategy("", "Endpoints").warnings(obj("v1", "Endpoints")) == [
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    ]
    ingress = obj("networking.k8s.io/v1", "Ingress")
    ingress["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "nginx"}
    assert strategy("networking.k8s.io", "Ingress").warnings(ingress) == [
        "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
    ]

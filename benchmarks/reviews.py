"""The review that every server is asked to answer, and what a right answer is."""

from __future__ import annotations

import base64
import json
from typing import Any

UID = "0d9a7f52-8a0f-4a0c-9d0f-6f4bb1b6a001"
SIZE = 1300
"""Bytes of the review's JSON, as compact as an API server writes it."""


class WrongAnswer(Exception):
    """A server did not do the work it is measured at."""


def configmap_review(*, namespace: str, name: str = "example-1") -> bytes:
    """A ConfigMap's creation, as kube-apiserver asks about it, filled up to about `SIZE` bytes.

    >>> len(configmap_review(namespace="pepr-demo"))
    1300
    """
    empty = json.dumps(_review(namespace, name, ""), separators=(",", ":"))
    return json.dumps(_review(namespace, name, "x" * (SIZE - len(empty))), separators=(",", ":")).encode()


def patch_of(answer: bytes) -> list[dict[str, Any]]:
    """The patch of an answer that allows the review of `configmap_review`.

    Raises:
        WrongAnswer: it answers another request, refuses, or changes nothing.
    """
    response: dict[str, Any] = json.loads(answer).get("response") or {}
    if response.get("uid") != UID or response.get("allowed") is not True or response.get("patchType") != "JSONPatch":
        raise WrongAnswer(f"expected an allowing answer with a JSON patch, got {answer[:300]!r}")
    patch: list[dict[str, Any]] = json.loads(base64.b64decode(response["patch"]))
    if not {"/metadata/labels", "/metadata"} & {op["path"] for op in patch}:
        raise WrongAnswer(f"expected the patch to set the labels of the hello module, got {patch}")
    return patch


def allowing_answer() -> bytes:
    """An answer to the review as a hello module gives it.

    >>> [op["path"] for op in patch_of(allowing_answer())]
    ['/metadata/labels', '/metadata/annotations']
    """
    labels = {"op": "add", "path": "/metadata/labels", "value": {"poblano": "was-here"}}
    notes = {"op": "add", "path": "/metadata/annotations", "value": {"poblano.dev/note": "annotations-work-too"}}
    patch = base64.b64encode(json.dumps([labels, notes]).encode()).decode()
    response = {"uid": UID, "allowed": True, "patchType": "JSONPatch", "patch": patch}
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
    return json.dumps(review, separators=(",", ":")).encode()


def _review(namespace: str, name: str, filling: str) -> dict[str, Any]:
    kind = {"group": "", "version": "v1", "kind": "ConfigMap"}
    resource = {"group": "", "version": "v1", "resource": "configmaps"}
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": UID,
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": name,
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {"username": "admin", "uid": "admin", "groups": ["system:masters", "system:authenticated"]},
            "object": {
                "kind": "ConfigMap",
                "apiVersion": "v1",
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "uid": "6b1f7e0c-51f8-4a3e-8f3e-2f6f0a6b7c11",
                    "creationTimestamp": "2026-11-22T22:39:08Z",
                    "managedFields": [
                        {
                            "manager": "kubectl-create",
                            "operation": "Update",
                            "apiVersion": "v1",
                            "time": "2026-11-22T22:39:08Z",
                            "fieldsType": "FieldsV1",
                            "fieldsV1": {"f:data": {".": {}, "f:key": {}}},
                        }
                    ],
                },
                "data": {"key": "ex-1-val", "filling": filling},
            },
            "oldObject": None,
            "dryRun": False,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl-create"},
        },
    }

"""The scale subresource: reading the Scale of what has replicas, and writing it back.

Source: kubernetes/pkg/registry/apps/*/storage/storage.go
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata, selectors
from poblano.cluster.kinds.tree import struct
from poblano.core.jsonvalue import Document

_SHOWN: Final = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def read(obj: Document) -> Document:
    """The autoscaling/v1 Scale of a Deployment, ReplicaSet, StatefulSet or ReplicationController.

    >>> read({"kind": "ReplicaSet", "spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}}})["status"]
    {'replicas': 0, 'selector': 'a=b'}
    """
    spec, meta = struct(obj, "spec"), metadata.of(obj)
    replicas = spec.get("replicas")
    status: Document = {"replicas": struct(obj, "status").get("replicas") or 0}
    selector = _selector(obj)
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in _SHOWN if meta.get(key)},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def _selector(obj: Document) -> str:
    selector = struct(obj, "spec", "selector")
    return selectors.as_text({"matchLabels": selector} if obj.get("kind") == "ReplicationController" else selector)


def validate(scale: Document) -> list[FieldError]:
    """What is wrong with a Scale (ValidateScale)."""
    replicas = struct(scale, "spec").get("replicas") or 0
    return [errors.invalid("spec.replicas", replicas, checks.NEGATIVE)] if replicas < 0 else []


def write(obj: Document, scale: Document) -> Document:
    """The object with the replicas that a Scale asks for, and its resourceVersion as a precondition if it has one."""
    found = {**obj, "spec": {**struct(obj, "spec"), "replicas": struct(scale, "spec").get("replicas") or 0}}
    version = metadata.of(scale).get("resourceVersion")
    if version:
        found["metadata"] = {**metadata.of(obj), "resourceVersion": version}
    return found

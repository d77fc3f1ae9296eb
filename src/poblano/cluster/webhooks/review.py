"""The AdmissionReview that a webhook is sent, and what its conditions see of it.

Source: k8s.io/apiserver/pkg/admission/plugin/webhook/request/admissionreview.go
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import orjson

from poblano.cluster.attributes import Attributes
from poblano.cluster.resources import GroupVersionKind, Resource
from poblano.cluster.webhooks.failure import NotAsked
from poblano.cluster.webhooks.versions import Asked, Seen
from poblano.core.jsonvalue import Document


def version_for(understood: tuple[str, ...]) -> str:
    """The first of the versions a webhook understands that is spoken here.

    Raises:
        NotAsked: none is.
    """
    for version in understood:
        if version in ("v1", "v1beta1"):
            return version
    raise NotAsked(
        "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)"
    )


def request_of(attributes: Attributes, asked: Asked) -> Document:
    """The facts about a request, without its objects: what conditions know as `request`."""
    request: Document = {"kind": _kind(asked.kind), "resource": _resource(asked.resource)}
    if attributes.subresource:
        request["subResource"] = attributes.subresource
    request["requestKind"] = _kind(attributes.kind)
    request["requestResource"] = _resource(attributes.resource)
    if attributes.subresource:
        request["requestSubResource"] = attributes.subresource
    if attributes.name:
        request["name"] = attributes.name
    if attributes.namespace:
        request["namespace"] = attributes.namespace
    request["operation"] = attributes.operation
    request["userInfo"] = attributes.user.document()
    request["dryRun"] = attributes.dry_run
    request["options"] = attributes.options
    return request


def review_of(request: Document, objects: Seen, version: str) -> tuple[str, bytes]:
    """A new review of a request: its uid, and what is sent."""
    uid = str(uuid4())
    more: Document = {"object": objects.object, "oldObject": objects.old_object}
    review = {
        "kind": "AdmissionReview",
        "apiVersion": f"admission.k8s.io/{version}",
        "request": {"uid": uid, **request, **more},
    }
    return uid, _encoded(review)


def _kind(kind: GroupVersionKind) -> Document:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _resource(resource: Resource) -> Document:
    return {"group": resource.group, "version": resource.version, "resource": resource.plural}


def _encoded(review: Any) -> bytes:
    try:
        return orjson.dumps(review)
    except TypeError:  # integers of more than 64 bits, or nested deeper than orjson goes
        return json.dumps(review, separators=(",", ":"), ensure_ascii=False).encode()

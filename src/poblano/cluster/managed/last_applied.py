"""From client-side to server-side apply: what kubectl's annotation tells of who applied what.

Source: k8s.io/apimachinery/pkg/util/managedfields/internal/lastappliedmanager.go, lastappliedupdater.go
"""

from __future__ import annotations

import json
from typing import Any, Final

from poblano.cluster.managed.comparing import compare
from poblano.cluster.managed.elements import ElementError, go_json
from poblano.cluster.managed.fields import Fields, difference
from poblano.cluster.managed.owning import fields_of
from poblano.cluster.managed.types import Type
from poblano.core.jsonvalue import Document, as_map, copied

KUBECTL: Final = "kubectl"
ANNOTATION: Final = "kubectl.kubernetes.io/last-applied-configuration"
_MAX_ANNOTATIONS: Final = 256 * 1024  # apimachinery validation.TotalAnnotationSizeLimitB


def allowed_conflicts(kind: Type, live: Document, api_version: str) -> Fields | None:
    """What client-side apply set, and is still so; None where the annotation does not tell."""
    text = _annotations(live).get(ANNOTATION)
    try:
        last: Any = json.loads(text) if text else None
    except ValueError:
        return None
    applied = as_map(last)
    if applied is None or applied.get("apiVersion") != api_version:
        return None
    try:
        more, less = compare(kind, applied, live)
    except ElementError:
        return None
    return difference(difference(fields_of(kind, applied), more), less)


def keep_annotation(document: Document, config: Document) -> None:
    """Where the object has the annotation, let it say what was applied now, so that client-side apply still works."""
    annotations = _annotations(document)
    if ANNOTATION not in annotations:
        return
    said = copied(config)
    metadata: Document = said.get("metadata") or {}
    metadata.pop("managedFields", None)
    own: Document | None = metadata.get("annotations")
    if own is not None:
        own.pop(ANNOTATION, None)
        if not own:
            del metadata["annotations"]
    annotations[ANNOTATION] = go_json(said) + "\n"
    if sum(len(key.encode()) + len(str(value).encode()) for key, value in annotations.items()) > _MAX_ANNOTATIONS:
        del annotations[ANNOTATION]


def _annotations(document: Document) -> Document:
    metadata: Document = document.get("metadata") or {}
    return metadata.get("annotations") or {}

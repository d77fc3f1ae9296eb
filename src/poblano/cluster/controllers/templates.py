"""Telling templates apart: a short hash for names and labels, and equality without it.

Source: k8s.io/kubernetes/pkg/controller/controller_utils.go (ComputeHash), deployment_util.go (EqualIgnoreHash)
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import msgspec

from poblano.cluster.kinds.tree import struct
from poblano.core.jsonvalue import Document

POD_TEMPLATE_HASH: Final = "pod-template-hash"
_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"  # apimachinery: rand.SafeEncodeString
_LENGTH: Final = 10


def hash_of(content: Any, collisions: int = 0) -> str:
    """Ten letters and digits that are the same for the same content, and others after a collision.

    >>> hash_of({"a": 1}) == hash_of({"a": 1}), hash_of({"a": 1}) == hash_of({"a": 1}, 1)
    (True, False)
    """
    digest = sha256(msgspec.json.encode([content, collisions], order="deterministic")).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:_LENGTH])


def is_same(one: Document, other: Document) -> bool:
    """Whether two templates make the same Pods, but for the label with the hash."""
    return _bare(one) == _bare(other)


def _bare(template: Document) -> Document:
    metadata = {name: part for name, part in struct(template, "metadata").items() if part}
    labels = {key: label for key, label in struct(metadata, "labels").items() if key != POD_TEMPLATE_HASH}
    return {"metadata": {**metadata, "labels": labels}, "spec": template.get("spec")}

"""JSON merge patches (RFC 7386), as the API server applies them.

Source: k8s.io/apiserver/pkg/endpoints/handlers/patch.go; evanphx/json-patch v4, merge.go
"""

from __future__ import annotations

from typing import Any

from poblano.cluster.patching.go_values import json_kind
from poblano.cluster.status import bad_request
from poblano.core.jsonvalue import Document, copied


def merge_patch(original: Document, patch: object) -> Document:
    """A new document: maps merge, null removes, anything else replaces. `original` stays as it is.

    Raises:
        StatusError: 400, the patch is no map.

    >>> merge_patch({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": 4}})
    {'b': {'c': 4, 'd': 3}}
    """
    if patch is None:
        raise bad_request("Invalid JSON Patch")
    if patch.__class__ is not dict:
        kind = json_kind(patch)
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        )
    return _merged(original, patch)


def _merged(original: Any, patch: Any) -> Document:
    found: Document = copied(original)
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif value.__class__ is dict and found.get(key).__class__ is dict:
            found[key] = _merged(found[key], value)
        else:
            found[key] = _without_nulls(value)
    return found


def _without_nulls(value: Any) -> Any:
    """What is put where nothing was: a null in a map of it removes nothing, and is not there. Those of lists stay."""
    if value.__class__ is dict:
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if value.__class__ is list:
        return [_without_nulls(item) for item in value]
    return value

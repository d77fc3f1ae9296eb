"""fieldValidation: unknown and duplicate fields, refused, warned of or dropped in silence.

Source: k8s.io/apimachinery/pkg/runtime/serializer/json/json.go; k8s.io/apiserver/pkg/endpoints/handlers/create.go
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias

import orjson

from poblano.cluster.decoding.unknown import drop_unknown
from poblano.cluster.decoding.yaml_documents import duplicate_keys
from poblano.cluster.schema import Schema
from poblano.cluster.status import StatusError, bad_request
from poblano.core.jsonvalue import Document

FieldValidation: TypeAlias = Literal["Strict", "Warn", "Ignore"]
_MOST: Final = 100
"""sigs.k8s.io/json: more strict errors than that are not collected."""


def check_fields(
    document: Document,
    raw: bytes,
    schema: Schema | None,
    mode: FieldValidation,
    *,
    content_type: str = "application/json",
    drop: Callable[[Document], Sequence[str]] | None = None,
) -> list[str]:
    """Drop what the schema does not know, and complain as `mode` says.

    Args:
        document: what was decoded from `raw`; changed in place.
        schema: of a built-in kind; None for one that is not known.
        content_type: of `raw`.
        drop: drops from an object of a custom kind and says what; instead of the schema.

    Returns:
        The warnings: none unless `mode` is Warn.

    Raises:
        StatusError: 400 for Strict.
    """
    doubled = [] if mode == "Ignore" else doubled_fields(raw, document, content_type)
    if drop is not None:
        unknown: Sequence[str] = drop(document)
    else:
        unknown = drop_unknown(document, schema) if schema is not None else ()
    complaints = list(dict.fromkeys([*doubled, *(f'unknown field "{path}"' for path in unknown)]))[:_MOST]
    if mode == "Strict" and complaints:
        raise not_strict(document, complaints)
    return complaints if mode == "Warn" else []


def not_strict(document: Document, complaints: Iterable[str]) -> StatusError:
    """The 400 for an object that does not stand strict decoding."""
    kind, version = document.get("kind", ""), str(document.get("apiVersion", "")).rpartition("/")[2]
    return bad_request(
        f'{kind} in version "{version}" cannot be handled as a {kind}: strict decoding error: {", ".join(complaints)}'
    )


def doubled_fields(raw: bytes, document: Document, content_type: str) -> list[str]:
    """The complaints about keys that stand twice in one map.

    >>> doubled_fields(b'{"a": {"b": 1, "b": 2}}', {"a": {"b": 2}}, "application/json")
    ['duplicate field "a.b"']
    """
    if "yaml" in content_type:
        return duplicate_keys(raw)
    if _surely_unique(raw, document):
        return []
    found: list[str] = []
    try:
        _walk(json.loads(raw, object_pairs_hook=_Pairs), "", found)
    except (ValueError, RecursionError):
        return []
    return found


def _surely_unique(raw: bytes, document: Document) -> bool:
    """Each key has its two quotation marks; where none are missing in the document, no key was lost."""
    if b"\\u" in raw:
        return False
    try:
        return raw.count(b'"') == orjson.dumps(document).count(b'"')
    except TypeError:
        return False


class _Pairs(list[tuple[str, Any]]):
    """A map as it was written."""


def _walk(value: Any, path: str, found: list[str]) -> None:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, item in value:
            where = f"{path}.{key}" if path else key
            if key in seen:
                found.append(f'duplicate field "{where}"')
            seen.add(key)
            _walk(item, where, found)
    elif isinstance(value, list):
        for at, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            _walk(item, f"{path}[{at}]", found)

"""What a version of a definition may say besides its schema: columns, subresources, selectable fields, a warning.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.custom.field_paths import BadFieldPath, normalized
from poblano.cluster.field_errors import FieldError
from poblano.cluster.schema import Node
from poblano.core.jsonvalue import Document

_COLUMN_TYPES: Final = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS: Final = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_MOST_SELECTABLE: Final = 8


def validate_deprecation(version: Document, path: str) -> list[FieldError]:
    """What is wrong with the warning of a deprecated version."""
    warning = version.get("deprecationWarning")
    if warning is None:
        return []
    where = f"{path}.deprecationWarning"
    if version.get("deprecated") is not True:
        return [errors.invalid(where, warning, "can only be set for deprecated versions")]
    found: list[str] = []
    if len(warning.encode()) > 256:
        found.append("must be <= 256 characters long")
    if not warning:
        found.append("must not be an empty string")
    at = next((at for at, one in enumerate(warning) if not one.isprintable()), None)
    if at is not None:
        what = "must only contain printable UTF-8 characters; non-printable character found at index"
        found.append(f"{what} {len(warning[:at].encode())}")
    return [errors.invalid(where, warning, one) for one in found]


def validate_columns(columns: list[Document] | None, path: str) -> list[FieldError]:
    """What is wrong with printer columns."""
    return [one for at, column in enumerate(columns or ()) for one in _column(column, f"{path}[{at}]")]


def _column(column: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    kind, form = column.get("type") or "", column.get("format") or ""
    if not column.get("name"):
        found.append(errors.required(f"{path}.name"))
    types = f"must be one of {','.join(_COLUMN_TYPES)}"
    if not kind:
        found.append(errors.required(f"{path}.type", types))
    elif kind not in _COLUMN_TYPES:
        found.append(errors.invalid(f"{path}.type", kind, types))
    if form and form not in _COLUMN_FORMATS:
        found.append(errors.invalid(f"{path}.format", form, f"must be one of {','.join(_COLUMN_FORMATS)}"))
    json_path = column.get("jsonPath") or ""
    if not json_path:
        return [*found, errors.required(f"{path}.JSONPath")]
    return found + _simple_path(json_path, f"{path}.JSONPath")


def _simple_path(text: str, path: str) -> list[FieldError]:
    return [] if text.startswith(".") else [errors.invalid(path, text, "must be a simple json path starting with .")]


def validate_subresources(subresources: Document | None, path: str) -> list[FieldError]:
    """What is wrong with the scale subresource."""
    scale = (subresources or {}).get("scale")
    if scale is None:
        return []
    found: list[FieldError] = []
    for key, start in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        given, where = scale.get(key) or "", f"{path}.scale.{key}"
        if not given:
            found.append(errors.required(where))
            continue
        wrong = _simple_path(given, where)
        if not wrong and not given.startswith(start):
            wrong = [errors.invalid(where, given, f"should be a json path under {start[:-1]}")]
        found += wrong
    given, where = scale.get("labelSelectorPath") or "", f"{path}.scale.labelSelectorPath"
    if given and not given.startswith((".spec.", ".status.")):
        detail = "should be a json path under either .spec or .status"
        found += _simple_path(given, where) or [errors.invalid(where, given, detail)]
    return found


def validate_selectable(fields: list[Document] | None, root: Node, path: str) -> list[FieldError]:
    """What is wrong with selectable fields."""
    found: list[FieldError] = []
    seen: set[str] = set()
    for at, one in enumerate(fields or ()):
        where, given = f"{path}[{at}].jsonPath", one.get("jsonPath") or ""
        if not given:
            found.append(errors.required(where))
            continue
        try:
            name = normalized(given, root, brackets=False)
        except BadFieldPath as wrong:
            found.append(errors.invalid(where, given, f"is an invalid path: {wrong}"))
            continue
        found += _selectable(given, name, root, where)
        if name in seen:
            found.append(errors.duplicate(where, given))
        seen.add(name)
    if len(seen) > _MOST_SELECTABLE:
        found.append(errors.too_many(path, len(seen), _MOST_SELECTABLE))
    return found


def _selectable(given: str, name: str, root: Node, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    if name.partition(".")[0] == "metadata":
        found.append(errors.invalid(path, given, "must not point to fields in metadata"))
    node: Node = root
    for part in name.split("."):
        inside: dict[str, Node] = node.get("properties") or {}
        node = inside.get(part, {})
    if node.get("type") not in ("string", "boolean", "integer"):
        detail = (
            "must point to a field of type string, boolean or integer. "
            "Enum string fields and strings with formats are allowed."
        )
        found.append(errors.invalid(path, given, detail))
    return found

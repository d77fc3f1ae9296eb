"""What is wrong with one field, in the words of the API server.

Source: k8s.io/apimachinery/pkg/util/validation/field/errors.go
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from poblano.core.jsonvalue import Document

OMIT: Final = object()
"""A value that is not shown (field.OmitValueType)."""

_TEXTS: Final = {
    "FieldValueNotFound": "Not found",
    "FieldValueRequired": "Required value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueTooLong": "Too long",
    "FieldValueTooMany": "Too many",
    "InternalError": "Internal error",
    "FieldValueTypeInvalid": "Invalid value",
}
_WITHOUT_VALUE: Final = frozenset({"FieldValueRequired", "FieldValueForbidden", "FieldValueTooLong", "InternalError"})


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one field.

    Args:
        reason: the cause's reason, "FieldValueInvalid".
        field: where, "spec.containers[0].name".
        value: what was there, plain JSON; OMIT where it is not to be shown.
        detail: what is wrong with it; may be empty.
    """

    reason: str
    field: str
    value: Any = OMIT
    detail: str = ""

    @property
    def message(self) -> str:
        """What the cause says, without the field.

        >>> invalid("spec.replicas", -1, "must be greater than or equal to 0").message
        'Invalid value: -1: must be greater than or equal to 0'
        """
        text = _TEXTS[self.reason]
        if self.reason not in _WITHOUT_VALUE and self.value is not OMIT:
            text += f": {go_value(self.value)}"
        return f"{text}: {self.detail}" if self.detail else text

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"

    def cause(self) -> Document:
        """The entry in `details.causes` of a Status."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def go_value(value: object) -> str:
    """A value as field.Error shows it: strings quoted, structs, maps and lists as JSON.

    >>> go_value({"port": 1}), go_value("a"), go_value(True), go_value(None)
    ('{"port":1}', '"a"', 'true', 'null')
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, str):
        return text
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def not_found(field: str, value: object) -> FieldError:
    """The value refers to nothing that exists."""
    return FieldError("FieldValueNotFound", field, value)


def required(field: str, detail: str = "") -> FieldError:
    """The value is missing."""
    return FieldError("FieldValueRequired", field, OMIT, detail)


def duplicate(field: str, value: object) -> FieldError:
    """The value stands there twice."""
    return FieldError("FieldValueDuplicate", field, value)


def invalid(field: str, value: object, detail: str) -> FieldError:
    """The value is malformed or out of bounds."""
    return FieldError("FieldValueInvalid", field, value, detail)


def type_invalid(field: str, value: object, detail: str) -> FieldError:
    """The value is of another type."""
    return FieldError("FieldValueTypeInvalid", field, value, detail)


def not_supported(field: str, value: object, allowed: Iterable[str]) -> FieldError:
    """The value is none of those allowed.

    >>> not_supported("type", "x", ["a", "b"]).message
    'Unsupported value: "x": supported values: "a", "b"'
    """
    detail = "supported values: " + ", ".join(go_value(one) for one in allowed)
    return FieldError("FieldValueNotSupported", field, value, detail)


def forbidden(field: str, detail: str) -> FieldError:
    """The value may not be there, or may not change."""
    return FieldError("FieldValueForbidden", field, OMIT, detail)


def too_long(field: str, most: int) -> FieldError:
    """The text has more than `most` bytes."""
    return FieldError("FieldValueTooLong", field, OMIT, f"may not be more than {most} bytes")


def too_many(field: str, number: int, most: int) -> FieldError:
    """The list or map has more than `most` items.

    >>> too_many("spec.tags", 3, 2).message
    'Too many: 3: must have at most 2 items'
    """
    items = "item" if most == 1 else "items"
    return FieldError("FieldValueTooMany", field, number, f"must have at most {most} {items}")


def internal(field: str, detail: str) -> FieldError:
    """Validation itself failed."""
    return FieldError("InternalError", field, OMIT, detail)


def together(errors: Sequence[FieldError]) -> str:
    """Several errors as one text; what is said twice is said once (utilerrors.NewAggregate).

    >>> together([required("a"), required("b")])
    '[a: Required value, b: Required value]'
    """
    texts = list(dict.fromkeys(str(error) for error in errors))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"

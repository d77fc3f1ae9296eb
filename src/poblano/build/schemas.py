"""What a value of a chart may be, as JSON schema: enough to catch a list where a map belongs, and a word that is none."""

from __future__ import annotations

from typing import Final

from poblano.core.jsonvalue import Document

BOOLEAN: Final[Document] = {"type": "boolean"}
TEXT: Final[Document] = {"type": "string"}
MAP: Final[Document] = {"type": "object"}
TEXTS: Final[Document] = {"type": "object", "additionalProperties": {"type": "string"}}
"""Labels and annotations."""

COUNT: Final[Document] = {"type": "integer", "minimum": 0}
MAYBE_COUNT: Final[Document] = {"type": ["integer", "null"], "minimum": 0}
MAYBE_BOOLEAN: Final[Document] = {"type": ["boolean", "null"]}
MAYBE_SHARE: Final[Document] = {"type": ["integer", "string", "null"], "pattern": "^[0-9]+%$", "minimum": 0}
"""A count or a share: ``1`` or ``50%``."""

PORT: Final[Document] = {"type": "integer", "minimum": 1, "maximum": 65535}
MAPS: Final[Document] = {"type": "array", "items": {"type": "object"}}
NAMED: Final[Document] = {
    "type": "array",
    "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 1}}},
}
"""A list of what has a name: containers, volumes, variables, secrets."""

NAMESPACES: Final[Document] = {
    "type": "array",
    "items": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "minLength": 1, "maxLength": 63},
}
MOUNTS: Final[Document] = {"type": "array", "items": {"type": "object", "required": ["name", "mountPath"]}}
PROBE: Final[Document] = {
    "type": "object",
    "properties": {
        key: {"type": "integer", "minimum": 0}
        for key in (
            "initialDelaySeconds",
            "periodSeconds",
            "timeoutSeconds",
            "successThreshold",
            "failureThreshold",
            "terminationGracePeriodSeconds",
        )
    },
}
RESOURCES: Final[Document] = {
    "type": "object",
    "properties": {
        "requests": {"type": "object"},
        "limits": {"type": "object"},
        "claims": {"type": "array", "items": {"type": "object"}},
    },
    "additionalProperties": False,
}


def one_of(*words: str) -> Document:
    """One of a few words."""
    return {"type": "string", "enum": list(words)}

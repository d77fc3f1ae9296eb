"""The kind that stores are kept in, and its CustomResourceDefinition: shipped with the manifests, not made at run time.

>>> store_definition()["metadata"]["name"]
'poblanostores.poblano.dev'
"""

from __future__ import annotations

from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind

STORE = Kind("poblano.dev", "v1", "PoblanoStore", "poblanostores")


def schedules_name(uuid: str) -> str:
    """The object that has the records of a module's schedules."""
    return f"poblano-{uuid}-schedules"


def store_definition() -> Document:
    """The definition, as it is applied."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{STORE.plural}.{STORE.group}"},
        "spec": {
            "group": STORE.group,
            "scope": "Namespaced",
            "names": {
                "kind": STORE.kind,
                "listKind": f"{STORE.kind}List",
                "plural": STORE.plural,
                "singular": STORE.kind.lower(),
            },
            "versions": [
                {
                    "name": STORE.version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": _schema()},
                    "additionalPrinterColumns": [
                        {
                            "name": "Capability",
                            "type": "string",
                            "jsonPath": ".metadata.labels.poblano\\.dev/capability",
                        },
                        {"name": "Parts", "type": "integer", "jsonPath": ".state.parts"},
                        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                    ],
                }
            ],
        },
    }


def _schema() -> Document:
    def mapping(of: Document, description: str) -> Document:
        return {"type": "object", "description": description, "additionalProperties": of}

    return {
        "type": "object",
        "description": "Small shared state of a Poblano module. Written by the module; poblano store reads and writes it by hand.",
        "properties": {
            "data": mapping({"type": "string"}, "The items."),
            "expires": mapping({"type": "string", "format": "date-time"}, "When an item is no longer one."),
            "writers": mapping(
                {"type": "integer", "format": "int64"}, "The newest write of each process that has arrived."
            ),
            "state": mapping(
                {"type": "integer", "format": "int64"},
                "Over how many further objects the items are spread (0 while this one has them all), and how far that is.",
            ),
            "removed": mapping({"type": "string"}, "Items that are taken away, and that a further object has still."),
            "leaving": mapping({"type": "string"}, "Items on their way to the further objects."),
            "leavingExpires": mapping({"type": "string", "format": "date-time"}, "When one of those is no longer one."),
            "leavingRemoved": mapping({"type": "string"}, "Items that the further objects are still to take away."),
        },
    }

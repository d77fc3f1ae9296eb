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
            "shards": {
                "type": "integer",
                "minimum": 0,
                "description": "Over how many further objects the items are spread; 0 while this one holds them all.",
            },
            "transactions": {
                "type": "object",
                "description": "Transactions that are committed, or may be, and have not reached all their items.",
                "x-kubernetes-preserve-unknown-fields": True,
            },
        },
    }

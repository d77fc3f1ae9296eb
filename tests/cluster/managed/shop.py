"""A custom kind with every sort of list and map, for the tests of this folder."""

from __future__ import annotations

from poblano.cluster.managed import apply, track_update
from poblano.cluster.schema import Schema, built_in
from poblano.core.jsonvalue import Document, copied

VERSION = "shop.example.com/v1"
NOW = "2026-01-01T00:00:00Z"
LATER = "2026-01-01T00:00:01Z"
CONFIG_MAP = built_in()["io.k8s.api.core.v1.ConfigMap"]
POD = built_in()["io.k8s.api.core.v1.Pod"]
DEPLOYMENT = built_in()["io.k8s.api.apps.v1.Deployment"]

_TEXT = {"type": "string"}
CART = Schema(
    {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "owner": _TEXT,
                    "count": {"type": "integer"},
                    "open": {"type": "boolean"},
                    "tags": {"type": "array", "items": _TEXT, "x-kubernetes-list-type": "set"},
                    "items": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["name"],
                        "items": {"type": "object", "properties": {"name": _TEXT, "price": {"type": "integer"}}},
                    },
                    "steps": {"type": "array", "items": _TEXT},
                    "notes": {"type": "object", "additionalProperties": _TEXT},
                    "address": {"type": "object", "properties": {"street": _TEXT}, "x-kubernetes-map-type": "atomic"},
                    "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                    "size": {"x-kubernetes-int-or-string": True},
                    "template": {
                        "type": "object",
                        "x-kubernetes-embedded-resource": True,
                        "properties": {"spec": {"type": "object"}},
                    },
                },
            },
            "status": {"type": "object", "properties": {"phase": _TEXT}},
        },
    }
)


def cart(**spec: object) -> Document:
    """A cart as somebody writes it."""
    found: Document = {"apiVersion": VERSION, "kind": "Cart", "metadata": {"name": "c"}}
    return {**found, "spec": spec} if spec else found


def applied(
    live: Document | None, config: Document, manager: str = "one", *, force: bool = False, now: str = NOW
) -> Document:
    """The cart after an apply, as the server would store it."""
    found = apply(live, config, schema=CART, manager=manager, force=force, api_version=VERSION, now=now)
    found["metadata"].setdefault("uid", "1")
    return found


def updated(
    old: Document | None, new: Document, manager: str = "two", *, subresource: str = "", now: str = NOW
) -> Document:
    """The cart after an update, as the server would store it; `new` has the old managedFields unless it says others."""
    found = copied(new)
    if old is not None and "managedFields" not in found["metadata"]:
        found["metadata"]["managedFields"] = copied(old["metadata"].get("managedFields"))
        found["metadata"]["uid"] = "1"
    track_update(old, found, schema=CART, manager=manager, api_version=VERSION, subresource=subresource, now=now)
    found["metadata"].setdefault("uid", "1")
    return found


def owned(document: Document) -> dict[str, Document]:
    """What everybody owns, by name; a subresource is part of it."""
    entries: list[Document] = document["metadata"].get("managedFields") or []
    return {
        "/".join(filter(None, [entry["manager"], entry.get("subresource")])): entry["fieldsV1"] for entry in entries
    }

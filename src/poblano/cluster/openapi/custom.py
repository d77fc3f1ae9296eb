"""The OpenAPI v3 document of a custom group and version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from poblano.cluster.openapi.custom_paths import PATTERN, PATTERN_SCHEMA, SCALE, SCALE_SCHEMA, custom_paths
from poblano.cluster.openapi.custom_schemas import component, list_schema, object_schema
from poblano.cluster.openapi.recorded import opened
from poblano.cluster.resources import Resource
from poblano.core.jsonvalue import Document


def custom_groups(resources: Iterable[Resource]) -> dict[str, list[Resource]]:
    """The custom kinds by the path of their document, "apis/shop.example.com/v1"."""
    found: dict[str, list[Resource]] = {}
    for one in resources:
        if one.custom is not None:
            found.setdefault(f"apis/{one.group}/{one.version}", []).append(one)
    return dict(sorted(found.items()))


def pattern_document() -> Document:
    """What the documents of custom kinds are cut from: hold it while making several."""
    return opened(PATTERN)


def custom_document(resources: Sequence[Resource], pattern: Document) -> Document:
    """The document of the custom kinds of one group and version."""
    paths: Document = {}
    schemas: Document = {}
    for one in resources:
        paths.update(custom_paths(one, pattern["paths"]))
        schemas[component(one.group, one.version, one.kind)] = object_schema(one)
        schemas[component(one.group, one.version, one.list_kind)] = list_schema(one)
    common = pattern["components"]["schemas"]
    schemas.update({name: schema for name, schema in common.items() if not name.startswith(PATTERN_SCHEMA)})
    if any(part.kind == SCALE for one in resources for part in one.subresources.values()):
        schemas.update(_scale_schemas())
    return {
        "openapi": pattern["openapi"],
        "info": pattern["info"],
        "paths": dict(sorted(paths.items())),
        "components": {**pattern["components"], "schemas": dict(sorted(schemas.items()))},
    }


@cache
def _scale_schemas() -> Document:
    known = opened("apis/apps/v1")["components"]["schemas"]
    return {name: schema for name, schema in known.items() if name.startswith(SCALE_SCHEMA)}

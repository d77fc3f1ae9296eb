"""Definitions for the tests: a shop's carts, and those of the size that is found in the wild."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from poblano.cluster.custom import CustomKind
from poblano.cluster.custom.conditions import settled
from poblano.cluster.custom.definition_strategy import CustomResourceDefinition
from poblano.cluster.custom.strategy import CustomStrategy
from poblano.cluster.decoding import read_object
from poblano.cluster.decoding.yaml_documents import read_yaml
from poblano.cluster.resources import Registry, Resource
from poblano.core.jsonvalue import Document

FIXTURES = Path(__file__).parents[2] / "fixtures"
WILD = sorted(path.stem for path in (FIXTURES / "definitions").glob("*.yaml"))
NOW = "2026-01-01T00:00:00Z"
STRATEGY = CustomResourceDefinition("apiextensions.k8s.io", "CustomResourceDefinition")


def resource() -> Resource:
    """CustomResourceDefinitions themselves."""
    found = Registry().find("apiextensions.k8s.io", "v1", "customresourcedefinitions")
    assert found is not None
    return found


def transcript(name: str) -> list[Any]:
    """The steps of a recording."""
    return json.loads((FIXTURES / "conformance" / "kubernetes-1.36" / f"{name}.json").read_text())["steps"]


def wild(name: str) -> Document:
    """A definition as its author wrote it."""
    return read_yaml((FIXTURES / "definitions" / f"{name}.yaml").read_bytes())


def prepared(body: Document) -> Document:
    """A definition as it is before validation."""
    made, _ = read_object(json.dumps(body).encode(), "application/json", resource())
    STRATEGY.default(made)
    STRATEGY.prepare_for_create(made, None)  # type: ignore[arg-type]
    return made


def complaints(body: Document) -> list[str]:
    """What is wrong with a definition."""
    return [str(one) for one in STRATEGY.validate(prepared(body))]


def kind_of(body: Document) -> CustomKind:
    """A definition at work."""
    made = prepared(body)
    assert not STRATEGY.validate(made)
    return CustomKind(settled(made, [], NOW))


def definition(spec: Document, *, status: bool = False, **version: Any) -> Document:
    """A definition of Things whose spec has this schema."""
    properties = {"spec": spec, "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": properties}}
    one = {"name": "v1", "served": True, "storage": True, "schema": schema, **version}
    if status:
        one["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.x.example.com"},
        "spec": {
            "group": "x.example.com",
            "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
            "versions": [one],
        },
    }


def strategy(spec: Document, **version: Any) -> CustomStrategy:
    """The strategy of Things whose spec has this schema."""
    return kind_of(definition(spec, **version)).strategy("v1")


def thing(spec: Any, **more: Any) -> Document:
    """A Thing."""
    meta = {"name": "x", "namespace": "shop", "resourceVersion": "1"}
    return {"apiVersion": "x.example.com/v1", "kind": "Thing", "metadata": meta, "spec": spec, **more}


def wrong(spec: Document, value: Any, old: Any = None) -> list[str]:
    """What is wrong with a Thing whose spec has this schema and this value, as an update of the old value if there is one."""
    found = strategy(spec)
    made = thing(value)
    found.prune(made)
    found.default(made)
    errors = found.validate(made) if old is None else found.validate_update(made, thing(old))
    return [str(one) for one in errors]

"""The paths of a custom kind in OpenAPI v3, cut to the pattern of a built-in kind's: the Lease's, recorded.

Source: k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder/builder.go
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from poblano.cluster.openapi.custom_schemas import REFERENCE, component
from poblano.cluster.resources import GroupVersionKind, Resource
from poblano.core.jsonvalue import Document

PATTERN: Final = "apis/coordination.k8s.io/v1"
PATTERN_SCHEMA: Final = "io.k8s.api.coordination.v1.Lease"
SCALE: Final = GroupVersionKind("autoscaling", "v1", "Scale")
SCALE_SCHEMA: Final = "io.k8s.api.autoscaling.v1.Scale"

_ROOT: Final = f"/{PATTERN}/"
_SPOKEN: Final = ("application/json", "application/yaml")
_PATCHES: Final = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")


def custom_paths(one: Resource, pattern: Mapping[str, Any]) -> Document:
    """The path items of a custom kind.

    Args:
        one: the kind, in one version.
        pattern: the paths of the document at `PATTERN`.
    """
    root = f"/apis/{one.group}/{one.version}/"
    scope = "namespaces/{namespace}/" if one.namespaced else ""
    fit = _Fit(one)
    paths: Document = {}
    if one.namespaced:
        paths[f"{root}{one.plural}"] = fit.item(pattern[f"{_ROOT}leases"])
    collection = pattern[_ROOT + "namespaces/{namespace}/leases"]
    single = pattern[_ROOT + "namespaces/{namespace}/leases/{name}"]
    paths[f"{root}{scope}{one.plural}"] = fit.item(collection)
    paths[f"{root}{scope}{one.plural}/{{name}}"] = fit.item(single)
    part = {method: operation for method, operation in single.items() if method != "delete"}
    for name, subresource in one.subresources.items():
        paths[f"{root}{scope}{one.plural}/{{name}}/{name}"] = _Fit(one, name, subresource.kind).item(part)
    return paths


@dataclass(frozen=True, slots=True)
class _Fit:
    """How what is said of Leases is said of another kind, or of a part of it."""

    one: Resource
    part: str = ""
    kind: GroupVersionKind | None = None

    def item(self, item: Mapping[str, Any]) -> Document:
        return {
            method: self._parameters(operation) if method == "parameters" else self._operation(operation)
            for method, operation in item.items()
        }

    def _operation(self, operation: Mapping[str, Any]) -> Document:
        kind = self.kind or self.one.gvk
        fitted: Document = {
            **self._node(operation),
            "tags": [f"{_camel(self.one.group)}_{self.one.version}"],
            "description": self._described(operation["description"]),
            "operationId": self._identified(operation["operationId"]),
            "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        }
        if "parameters" in operation:
            fitted["parameters"] = self._parameters(operation["parameters"])
        return fitted

    def _described(self, text: str) -> str:
        shown = re.sub(r"\bLease\b", self.one.kind, text)
        return re.sub(r"\bthe specified\b", f"{self.part} of the specified", shown) if self.part else shown

    def _identified(self, text: str) -> str:
        group_version = _camel(self.one.group, first=str.upper) + _camel(self.one.version, first=str.upper)
        shown = text.replace("CoordinationV1", group_version).replace("Lease", self.one.kind)
        return (shown if self.one.namespaced else shown.replace("Namespaced", "")) + self.part.capitalize()

    def _parameters(self, parameters: list[Document]) -> list[Document]:
        kept = [it for it in parameters if self.one.namespaced or it["name"] != "namespace"]
        return [{**it, "description": re.sub(r"\bLease\b", self.one.kind, it["description"])} for it in kept]

    def _node(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._node(item) for item in node]  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(node, Mapping):
            return node
        fitted: Document = {}
        for key, value in node.items():  # pyright: ignore[reportUnknownVariableType]
            if key == "$ref":
                fitted[key] = self._referred(str(value))  # pyright: ignore[reportUnknownArgumentType]
            elif key == "content":
                fitted[key] = self._node(_content(value))  # pyright: ignore[reportUnknownArgumentType]
            else:
                fitted[str(key)] = self._node(value)  # pyright: ignore[reportUnknownArgumentType]
        return fitted

    def _referred(self, reference: str) -> str:
        own = component(self.one.group, self.one.version, self.one.kind)
        if reference == f"{REFERENCE}{PATTERN_SCHEMA}List":
            return REFERENCE + component(self.one.group, self.one.version, self.one.list_kind)
        if reference == f"{REFERENCE}{PATTERN_SCHEMA}":
            return REFERENCE + (SCALE_SCHEMA if self.kind == SCALE else own)
        return reference


def _content(content: Mapping[str, Any]) -> Document:
    """Custom objects are spoken in JSON and YAML, and are not merged strategically."""
    if "*/*" in content:
        return dict.fromkeys(_SPOKEN, content["*/*"])
    return {kind: schema for kind, schema in content.items() if kind in _SPOKEN + _PATCHES}


def _camel(name: str, first: Any = str.lower) -> str:
    """
    >>> _camel("shop.example.com"), _camel("cert-manager.io", first=str.upper)
    ('shopExampleCom', 'CertManagerIo')
    """
    words = [word for word in re.split(r"[.-]", name) if word]
    together = "".join(word[:1].upper() + word[1:] for word in words)
    return str(first(together[:1])) + together[1:]

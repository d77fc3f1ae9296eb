"""Aggregated discovery: all groups, versions and resources in one document.

Source: k8s.io/api/apidiscovery/v2, k8s.io/apiserver/pkg/endpoints/discovery/aggregated
"""

from __future__ import annotations

from typing import Final

from poblano.cluster.discovery.accept import accepted
from poblano.cluster.resources import GroupVersionKind, Resource, Subresource
from poblano.core.jsonvalue import Document

_VERSIONS: Final = ("v2", "v2beta1")


def asked_for(accept: str) -> str | None:
    """The version of the aggregated document that a client would rather have; None if it wants the plain one.

    >>> asked_for("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json")
    'v2'
    """
    for one in accepted(accept):
        if one.type in ("application/json", "*/*", "application/*") and "as" not in one.parameters:
            return None
        asked = (one.type, one.parameters.get("g"), one.parameters.get("as"))
        if asked == ("application/json", "apidiscovery.k8s.io", "APIGroupDiscoveryList"):
            version = one.parameters.get("v", "")
            if version in _VERSIONS:
                return version
    return None


def content_type(version: str) -> str:
    """How the aggregated document calls itself."""
    return f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"


def aggregated(groups: dict[str, dict[str, list[Resource]]], version: str = "v2") -> Document:
    """An APIGroupDiscoveryList of these groups."""
    items = [_group(name, versions) for name, versions in groups.items()]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def _group(name: str, versions: dict[str, list[Resource]]) -> Document:
    shown = [
        {"version": version, "resources": [_resource(one) for one in resources], "freshness": "Current"}
        for version, resources in versions.items()
    ]
    return {"metadata": {"name": name} if name else {}, "versions": shown}


def _resource(one: Resource) -> Document:
    shown: Document = {
        "resource": one.plural,
        "responseKind": _kind(one.gvk, one),
        "scope": "Namespaced" if one.namespaced else "Cluster",
        "singularResource": one.singular,
        "verbs": list(one.verbs),
    }
    if one.short_names:
        shown["shortNames"] = list(one.short_names)
    if one.categories:
        shown["categories"] = list(one.categories)
    if one.subresources:
        shown["subresources"] = [_subresource(one, part) for part in one.subresources.values()]
    return shown


def _subresource(one: Resource, part: Subresource) -> Document:
    return {"subresource": part.name, "responseKind": _kind(part.kind, one), "verbs": list(part.verbs)}


def _kind(kind: GroupVersionKind, one: Resource) -> Document:
    """Group and version go without saying where they are those of the list, as the real server has it."""
    same = one.custom is None and (kind.group, kind.version) == (one.group, one.version)
    group, version = ("", "") if same else (kind.group, kind.version)
    return {"group": group, "version": version, "kind": kind.kind}

"""The plain discovery documents: which groups, versions and resources there are.

Source: k8s.io/apiserver/pkg/endpoints/discovery
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

from poblano.cluster.discovery.versions import by_preference
from poblano.cluster.resources import GroupVersionKind, Resource, Subresource
from poblano.core.jsonvalue import Document

_STORED_ELSEWHERE: Final = {
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition"): (
        "apiextensions.k8s.io",
        "v1beta1",
        "CustomResourceDefinition",
    ),
    ("events.k8s.io", "v1", "Event"): ("", "v1", "Event"),
    ("autoscaling", "v1", "HorizontalPodAutoscaler"): ("autoscaling", "v2", "HorizontalPodAutoscaler"),
}


def api_versions(address: str) -> Document:
    """/api: the core group has one version. `address` is where the server is reached, "127.0.0.1:6443"."""
    cidrs = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": cidrs}


def served(resources: Iterable[Resource]) -> dict[str, dict[str, list[Resource]]]:
    """The resources by group and version, in the order of discovery: Kubernetes' own groups first, the others by name."""
    own: dict[str, dict[str, list[Resource]]] = {}
    others: dict[str, dict[str, list[Resource]]] = {}
    for one in resources:
        groups = others if one.custom is not None and one.group not in own else own
        groups.setdefault(one.group, {}).setdefault(one.version, []).append(one)
    for group, versions in sorted(others.items()):
        own[group] = {version: versions[version] for version in sorted(versions, key=by_preference)}
    return own


def group_list(groups: dict[str, dict[str, list[Resource]]]) -> Document:
    """/apis: every group but the core one."""
    shown = [_group(name, list(versions)) for name, versions in groups.items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": shown}


def group(name: str, versions: list[str]) -> Document:
    """/apis/GROUP."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def _group(name: str, versions: list[str]) -> Document:
    shown = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": shown, "preferredVersion": shown[0]}


def resource_list(group: str, version: str, resources: list[Resource]) -> Document:
    """/apis/GROUP/VERSION, or /api/v1."""
    shown = [line for one in resources for line in _lines(one)]
    head: Document = {"kind": "APIResourceList"}
    if group:
        head["apiVersion"] = "v1"
    return {**head, "groupVersion": f"{group}/{version}" if group else version, "resources": shown}


def _lines(one: Resource) -> list[Document]:
    line: Document = {
        "name": one.plural,
        "singularName": one.singular,
        "namespaced": one.namespaced,
        "kind": one.kind,
        "verbs": list(one.verbs),
    }
    if one.short_names:
        line["shortNames"] = list(one.short_names)
    if one.categories:
        line["categories"] = list(one.categories)
    if "watch" in one.verbs:
        line["storageVersionHash"] = _storage_version_hash(one)
    return [line, *(_subresource(one, part) for part in one.subresources.values())]


def _subresource(one: Resource, part: Subresource) -> Document:
    line: Document = {"name": f"{one.plural}/{part.name}", "singularName": "", "namespaced": one.namespaced}
    if (part.kind.group, part.kind.version) != (one.group, one.version):
        line.update(group=part.kind.group, version=part.kind.version)
    return {**line, "kind": part.kind.kind, "verbs": list(part.verbs)}


def _storage_version_hash(one: Resource) -> str:
    """k8s.io/apiserver/pkg/endpoints/discovery/storageversionhash.go."""
    kind = GroupVersionKind(*_STORED_ELSEWHERE.get(one.gvk, _storage_kind(one)))
    whole = hashlib.sha256("/".join(kind).encode()).digest()
    return base64.b64encode(whole[:8]).decode()


def _storage_kind(one: Resource) -> GroupVersionKind:
    stored = getattr(one.custom, "storage_version", None)
    return GroupVersionKind(one.group, stored if isinstance(stored, str) else one.version, one.kind)

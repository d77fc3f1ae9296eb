"""Reads the OpenAPI v3 documents of a Kubernetes server: its schemas, the kinds it serves, and where."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

Schema = dict[str, Any]


class Gvk(NamedTuple):
    """Group, version and kind."""

    group: str
    version: str
    kind: str


class Route(NamedTuple):
    """A path of the API, taken apart: ``subresource`` is empty for the resource itself."""

    group: str
    version: str
    plural: str
    subresource: str
    namespaced: bool
    has_name: bool


@dataclass
class Served:
    """A kind that the server serves.

    `parents` are the subresources it is the body of; `verbs` what can be done to each of its own, "" being itself.
    """

    gvk: Gvk
    plural: str = ""
    namespaced: bool = False
    parents: set[tuple[str, str, str]] = field(default_factory=set)
    verbs: dict[str, set[str]] = field(default_factory=dict)


@dataclass
class Specification:
    """All documents in one: schemas by name, kinds by group, version and kind, and the version of Kubernetes."""

    version: str
    schemas: dict[str, Schema]
    kinds: dict[Gvk, Served]

    def schema_of(self, gvk: Gvk) -> str | None:
        """The name of the schema that describes a kind; the options of CONNECT have none."""
        for name, schema in self.schemas.items():
            if gvk in gvks(schema) and name.endswith(f".{gvk.kind}"):
                return name
        return None


def read(folder: Path) -> Specification:
    """Read every ``*.json.gz`` of a folder, one document a group and version.

    Raises:
        FileNotFoundError: when there is none.
    """
    files = sorted(folder.glob("*.json.gz"))
    if not files:
        raise FileNotFoundError(f"no OpenAPI documents (*.json.gz) in {folder}")
    found = Specification("", {}, {})
    for file in files:
        document = json.loads(gzip.decompress(file.read_bytes()))
        found.version = document["info"]["version"]
        found.schemas |= document.get("components", {}).get("schemas", {})
        for path, operations in sorted(document.get("paths", {}).items()):
            _collect(found, path, operations)
    found.schemas = dict(sorted(found.schemas.items()))
    found.kinds = dict(sorted(found.kinds.items()))
    return found


def gvks(schema: Schema) -> list[Gvk]:
    """The kinds that a schema says it is."""
    return [gvk_of(entry) for entry in schema.get("x-kubernetes-group-version-kind", ())]


def gvk_of(entry: dict[str, str]) -> Gvk:
    return Gvk(entry["group"], entry["version"], entry["kind"])


def route(path: str) -> Route | None:
    """Take a path apart; None for one that serves no resource.

    >>> route("/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale")
    Route(group='apps', version='v1', plural='deployments', subresource='scale', namespaced=True, has_name=True)
    """
    parts = path.strip("/").split("/")
    group, parts = ("", parts[1:]) if parts[0] == "api" else (parts[1] if len(parts) > 1 else "", parts[2:])
    if len(parts) < 2 or parts[1] == "watch":
        return None
    version, rest = parts[0], parts[1:]
    namespaced = len(rest) > 2 and rest[:2] == ["namespaces", "{namespace}"]
    rest = rest[2:] if namespaced else rest
    return Route(group, version, rest[0], rest[2] if len(rest) > 2 else "", namespaced, len(rest) > 1)


def _collect(found: Specification, path: str, operations: dict[str, Any]) -> None:
    place = route(path)
    if place is None:
        return
    for gvk in {gvk_of(entry) for entry in _operations_kinds(operations)}:
        served = found.kinds.setdefault(gvk, Served(gvk))
        if not place.subresource:
            served.plural = place.plural
            served.namespaced |= place.namespaced
        elif _parent(found, place) != gvk:
            served.parents.add((place.group, place.version, f"{place.plural}/{place.subresource}"))
            served.namespaced |= place.namespaced
        if any(isinstance(o, dict) and o.get("x-kubernetes-action") == "connect" for o in operations.values()):
            _add_options(found, gvk, place, operations)
    if (parent := found.kinds.get(_parent(found, place))) is not None:
        actions = {o.get("x-kubernetes-action", "") for o in operations.values() if isinstance(o, dict)}
        parent.verbs.setdefault(place.subresource, set()).update(VERBS[one] for one in actions if one in VERBS)


VERBS = {
    "connect": "CONNECT",
    "delete": "DELETE",
    "deletecollection": "DELETE",
    "patch": "UPDATE",
    "post": "CREATE",
    "put": "UPDATE",
}
"""What admission calls an action; the others are only read."""


def _operations_kinds(operations: dict[str, Any]) -> Iterator[dict[str, str]]:
    for operation in operations.values():
        if isinstance(operation, dict) and "x-kubernetes-group-version-kind" in operation:
            yield operation["x-kubernetes-group-version-kind"]


def _parent(found: Specification, place: Route) -> Gvk:
    """The kind of the resource whose subresource this is; paths are sorted, so it has been seen."""
    for gvk, served in found.kinds.items():
        if (gvk.group, gvk.version, served.plural) == (place.group, place.version, place.plural):
            return gvk
    return Gvk("", "", "")


# A query string repeats a parameter to make a list, which OpenAPI does not tell; the body that a webhook sees has the list.
LISTS = {("PodExecOptions", "command"), ("PodPortForwardOptions", "ports")}


def _add_options(found: Specification, gvk: Gvk, place: Route, operations: dict[str, Any]) -> None:
    """The options of a CONNECT request are an object to a webhook, and query parameters to OpenAPI."""
    operation = next(o for o in operations.values() if isinstance(o, dict) and "responses" in o)
    parameters = operation.get("parameters", []) + operations.get("parameters", [])
    properties: dict[str, Schema] = {}
    for parameter in parameters:
        if parameter["in"] == "query":
            value: Schema = {"type": parameter["schema"]["type"]}
            if (gvk.kind, parameter["name"]) in LISTS:
                value = {"type": "array", "items": value}
            properties[parameter["name"]] = value | {"description": parameter.get("description", "")}
    found.schemas[f"io.k8s.api.core.{gvk.version}.{gvk.kind}"] = {
        "description": f"The options of a CONNECT request to {place.plural}/{place.subresource}.",
        "type": "object",
        "properties": dict(sorted(properties.items())),
        "x-kubernetes-group-version-kind": [gvk._asdict()],
    }

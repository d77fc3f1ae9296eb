"""The recorded writes of a real API server, as the pure functions of managedFields take them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from poblano.cluster.managed import parent_entries, scale_entries, track_update
from poblano.cluster.resources import built_in_resources
from poblano.cluster.schema import Schema, built_in
from poblano.core.jsonvalue import Document, as_map, copied

FOLDER = Path(__file__).parents[2] / "fixtures" / "conformance" / "kubernetes-1.36"
SCENARIOS = sorted(path.stem for path in FOLDER.glob("*.json"))
APPLY = "application/apply-patch+yaml"
CLIENT = "Python-urllib"
NOW = "2026-01-01T00:00:00Z"

_PATH = re.compile(
    r"^/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?$"
)
_WRITTEN = ("", "status", "finalize")
# What the strategies, allocators and admission of a kind put in after its fields were tracked.
_LATER: dict[str, tuple[tuple[str, ...], ...]] = {
    "Namespace": (("spec", "finalizers"),),
    "Service": (("spec", "clusterIP"), ("spec", "clusterIPs"), ("spec", "ipFamilies"), ("spec", "ipFamilyPolicy")),
    "Pod": (("spec", "priority"), ("spec", "preemptionPolicy"), ("spec", "tolerations")),
}

Key = tuple[str, ...]
Kinds = dict[tuple[str, str], Schema]


@dataclass(frozen=True, slots=True)
class Write:
    """One request that was to change an object, with the object before it and the answer."""

    where: str
    name: str
    body: Any
    options: dict[str, str]
    subresource: str
    applied: bool
    old: Document | None
    status: int
    answer: Document
    schema: Schema


def writes(scenario: str) -> Iterator[Write]:
    """Every create, update, patch and apply of a transcript, refused ones included."""
    kinds: Kinds = {(one.api_version, one.kind): one.schema for one in built_in_resources() if one.schema is not None}
    objects: dict[Key, Document] = {}
    for number, step in enumerate(json.loads((FOLDER / f"{scenario}.json").read_text())["steps"]):
        request: Document = step["request"]
        status, answer = step["response"]["status"], as_map(step["response"]["body"])
        address = urlsplit(str(request["path"]))
        match = _PATH.match(address.path)
        if match is None or answer is None:
            continue
        part: dict[str, str] = match.groupdict(default="")
        key = (
            part["group"],
            part["plural"],
            part["namespace"],
            part["name"] or answer.get("metadata", {}).get("name", ""),
        )
        options = {name: values[0] for name, values in parse_qs(address.query).items()}
        if status == 201 and answer.get("kind") == "CustomResourceDefinition":
            kinds |= _custom_kinds(answer)
        old = objects.get(key)
        schema = _schema(kinds, part, old, request.get("body"), answer)
        if request["method"] in ("POST", "PUT", "PATCH") and part["subresource"] in _WRITTEN and schema is not None:
            headers: Document = request.get("headers") or {}
            applied = headers.get("Content-Type") == APPLY
            where = f"{scenario}[{number}] {address.path}"
            yield Write(
                where, key[-1], request["body"], options, part["subresource"], applied, old, status, answer, schema
            )
        if status < 300 and "dryRun" not in options:
            _keep(objects, key, part["subresource"], request["method"], answer)


def _schema(kinds: Kinds, part: dict[str, str], old: Document | None, body: object, answer: Document) -> Schema | None:
    version = f"{part['group']}/{part['version']}" if part["group"] else part["version"]
    asked = as_map(body) or {}
    return kinds.get((version, (old or asked).get("kind", answer.get("kind", ""))))


def _keep(objects: dict[Key, Document], key: Key, subresource: str, method: str, answer: Document) -> None:
    if subresource == "scale" and method != "GET":
        objects[key] = scaled(objects[key], answer["spec"]["replicas"])
    elif subresource in _WRITTEN and "uid" in answer.get("metadata", {}):
        objects[key] = answer


def _custom_kinds(definition: Document) -> Kinds:
    spec = definition["spec"]
    return {
        (f"{spec['group']}/{version['name']}", spec["names"]["kind"]): Schema(version["schema"]["openAPIV3Schema"])
        for version in spec["versions"]
    }


def scaled(parent: Document, replicas: int) -> Document:
    """The scaled object after a write to its scale, with the owners as they are then."""
    before = parent["metadata"].get("managedFields")
    scale: Document = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"managedFields": scale_entries(before)},
    }
    old = {**scale, "spec": {"replicas": parent["spec"].get("replicas", 0)}}
    new = {**copied(scale), "spec": {"replicas": replicas}}
    schema = built_in()["io.k8s.api.autoscaling.v1.Scale"]
    version = parent["apiVersion"]
    track_update(old, new, schema=schema, manager=CLIENT, api_version="autoscaling/v1", subresource="scale", now=NOW)
    after = copied(parent)
    after["spec"]["replicas"] = replicas
    after["metadata"]["managedFields"] = parent_entries(before, new["metadata"].get("managedFields"), version)
    return after


def wanted(write: Write) -> Document:
    """The object as it was when its fields were tracked: without what the server put in afterwards."""
    new = copied(write.answer)
    new["metadata"].pop("managedFields", None)
    if write.old is None:
        for *above, last in _LATER.get(new["kind"], ()):
            holder = new
            for name in above:
                holder = holder.get(name, {})
            holder.pop(last, None)
    return new


def latest(write: Write) -> str:
    """When the write was made, as its answer has it."""
    entries: list[Document] = write.answer["metadata"].get("managedFields") or []
    return max((entry.get("time", "") for entry in entries), default="") or NOW


def timeless(entries: Any) -> list[Document]:
    """managedFields with every time the same."""
    return [{**entry, "time": NOW} if "time" in entry else entry for entry in entries or ()]

"""Write src/poblano/cluster/data/wire.json.gz: how the built-in kinds are numbered in Kubernetes' protobuf.

usage: generate_cluster_protobuf.py KUBECTL

KUBECTL is a kubectl binary that still carries its file descriptors (up to 1.33). What the API calls each field comes from
definitions.json.gz, which generate_cluster_data.py writes: a struct that JSON has inline is a field of its own in protobuf.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "src" / "poblano" / "cluster" / "data"
MESSAGE, REPEATED = 11, 3
SCALARS = {1: "double", 2: "float", 3: "int", 4: "uint", 5: "int", 8: "bool", 9: "text", 12: "bytes", 13: "uint"}

Fields = dict[int, list[Any]]


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    definitions = json.loads(gzip.decompress((DATA / "definitions.json.gz").read_bytes()))
    messages: dict[str, dict[str, Any]] = {}
    for descriptor in descriptors(Path(sys.argv[1]).read_bytes()):
        messages.update(messages_of(descriptor))
    kinds = kinds_of(definitions, messages)
    wanted = reachable(messages, [*kinds.values(), "k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions"])
    content = {
        "kinds": kinds,
        "messages": {name: fields_of(name, messages, definitions) for name in sorted(wanted)},
    }
    packed = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
    (DATA / "wire.json.gz").write_bytes(gzip.compress(packed, 9, mtime=0))
    print(f"{len(kinds)} kinds, {len(wanted)} messages")
    return 0


def descriptors(binary: bytes) -> Iterator[Fields]:
    """The FileDescriptorProtos that Go's generated code keeps, compressed, in a binary."""
    at = binary.find(b"\x1f\x8b\x08")
    while at >= 0:
        try:
            content = zlib.decompressobj(31).decompress(binary[at : at + 4_000_000])
        except zlib.error:
            content = b""
        if content[:1] == b"\n" and b"generated.proto" in content[:200]:
            yield parse(content)
        at = binary.find(b"\x1f\x8b\x08", at + 3)


def parse(content: bytes) -> Fields:
    """The fields of a message, by number: integers, and bytes."""
    found: Fields = {}
    at = 0
    while at < len(content):
        tag, at = varint(content, at)
        number, wire = tag >> 3, tag & 7
        value, at = varint(content, at)
        if wire == 2:
            value, at = content[at : at + value], at + value
        elif wire != 0:
            raise ValueError(f"wire type {wire}")
        found.setdefault(number, []).append(value)
    return found


def varint(content: bytes, at: int) -> tuple[Any, int]:
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def messages_of(file: Fields) -> dict[str, dict[str, Any]]:
    """The messages of a file by full name; each field as (name, type, repeated, name of its message)."""
    package = file[2][0].decode()
    found: dict[str, dict[str, Any]] = {}
    for content in file.get(4, []):
        message = parse(content)
        name = f"{package}.{message[1][0].decode()}"
        for nested in message.get(3, []):
            inner = parse(nested)
            found[f"{name}.{inner[1][0].decode()}"] = _described(inner)
        found[name] = _described(message)
    return found


def _described(message: Fields) -> dict[str, Any]:
    described: dict[str, Any] = {}
    for content in message.get(2, []):
        field = parse(content)
        target = field[6][0].decode().removeprefix(".") if 6 in field else ""
        described[str(field[3][0])] = (field[1][0].decode(), field[5][0], field[4][0] == REPEATED, target)
    return described


def kinds_of(definitions: dict[str, Any], messages: dict[str, Any]) -> dict[str, str]:
    """The message of each kind, by "apiVersion/kind"."""
    found: dict[str, str] = {}
    for name, node in definitions.items():
        message = name.replace("io.k8s.", "k8s.io.", 1)
        for gvk in node.get("x-kubernetes-group-version-kind", []):
            message_of_kind = _moved(message)
            if message_of_kind in messages and _of_one_kind(node):
                group = f"{gvk['group']}/" if gvk["group"] else ""
                found[f"{group}{gvk['version']}/{gvk['kind']}"] = message_of_kind
    return found


def _moved(name: str) -> str:
    return name.replace("k8s.io.kube-aggregator", "k8s.io.kube_aggregator").replace(
        "k8s.io.apiextensions-apiserver", "k8s.io.apiextensions_apiserver"
    )


def _of_one_kind(node: dict[str, Any]) -> bool:
    return len(node["x-kubernetes-group-version-kind"]) == 1


def reachable(messages: dict[str, Any], roots: list[str]) -> set[str]:
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += [target for _, _, _, target in messages[name].values() if target]
    return seen


def fields_of(name: str, messages: dict[str, Any], definitions: dict[str, Any]) -> dict[str, list[Any]]:
    """A message as the reader wants it: number -> [name in JSON, "" when inline; type; "" or "list" or "map"]."""
    node = definitions.get(name.replace("k8s.io.", "io.k8s.", 1).replace("_", "-"), {})
    properties = node.get("properties", {})
    found: dict[str, list[Any]] = {}
    for number, (field, kind, repeated, target) in messages[name].items():
        shape, type_ = ("list" if repeated else ""), (target if kind == MESSAGE else SCALARS[kind])
        if repeated and target and target.startswith(f"{name}.") and target.endswith("Entry"):
            shape = "map"
            _, value_kind, _, value_target = messages[target]["2"]
            type_ = value_target if value_kind == MESSAGE else SCALARS[value_kind]
        found[number] = [_json_name(field, properties, inline=kind == MESSAGE and not shape), type_, shape]
    return found


def _json_name(field: str, properties: dict[str, Any], *, inline: bool) -> str:
    if not properties or field in properties:
        return field
    by_case = {name.lower(): name for name in properties}
    dashed = re.sub(r"(?<!^)(?=[A-Z])", "-", field).lower()
    for guess in (field.lower(), f"${field.lower()}", dashed):
        if guess in by_case:
            return by_case[guess]
    return "" if inline else field


if __name__ == "__main__":
    sys.exit(main())

"""Write src/poblano/cluster/data/protobuf.json.gz: the number of every field of the built-in kinds in protobuf.

usage: generate_protobuf_fields.py KUBECTL

KUBECTL is a program of Kubernetes 1.33, which is the last to carry the descriptors of its messages (any Go client of that age
does): numbers never change, and a field that came later is read as an unknown one is, not at all.

An entry reads "NAME TYPE": the name in JSON, empty for a message whose fields stand in the outer one; the type one of "text",
"bytes", "number", "boolean" or the name of a message, behind "*" for a list, behind "%" for a map from text.
"""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "src" / "poblano" / "cluster" / "data"
GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
SCALARS = {3: "number", 5: "number", 8: "boolean", 9: "text", 12: "bytes"}
MESSAGE, REPEATED = 11, 3
Message = list[dict[str, Any]]


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    messages = {name: fields for file in descriptors(Path(sys.argv[1]).read_bytes()) for name, fields in _file(file)}
    definitions = json.loads(gzip.decompress((DATA / "definitions.json.gz").read_bytes()))
    wanted = json.dumps(_table(messages, definitions), indent=0, sort_keys=True).encode()
    (DATA / "protobuf.json.gz").write_bytes(gzip.compress(wanted, 9, mtime=0))
    return 0


def descriptors(program: bytes) -> Iterator[bytes]:
    """The FileDescriptorProtos of a Go program, which keeps them gzipped."""
    at = program.find(GZIP)
    while at >= 0:
        try:
            content = zlib.decompressobj(31).decompress(program[at : at + 400_000])
        except zlib.error:
            content = b""
        if content[:1] == b"\n" and content[2 : 2 + content[1]].endswith(b"/generated.proto"):
            yield content
        at = program.find(GZIP, at + 1)


def _file(content: bytes) -> Iterator[tuple[str, Message]]:
    package = next(value.decode() for number, value in _fields(content) if number == 2)
    for number, value in _fields(content):
        if number == 4:
            yield from _message(package.replace("k8s.io.", "io.k8s.", 1), value)


def _message(outer: str, content: bytes) -> Iterator[tuple[str, Message]]:
    found = list(_fields(content))
    name = f"{outer}.{next(value.decode() for number, value in found if number == 1)}"
    yield name, [_field(value) for number, value in found if number == 2]
    for number, value in found:
        if number == 3:
            yield from _message(name, value)


def _field(content: bytes) -> dict[str, Any]:
    keys = {1: "name", 3: "number", 4: "label", 5: "type", 6: "message"}
    found = {keys[number]: value for number, value in _fields(content) if number in keys}
    named = {key: value.decode() if isinstance(value, bytes) else value for key, value in found.items()}
    return named | {"message": named.get("message", "").removeprefix(".").replace("k8s.io.", "io.k8s.", 1)}


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        value, at = _varint(content, at)
        if key & 7 == 2:
            value, at = content[at : at + value], at + value
        yield key >> 3, value


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (content[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if content[at - 1] < 0x80:
            return value, at


def _table(messages: dict[str, Message], definitions: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Every message that a built-in kind is made of."""
    table: dict[str, dict[str, str]] = {}
    todo = [name for name in definitions if name in messages]
    while todo:
        name = todo.pop()
        if name in table or name not in messages:
            continue
        names = {key.lower(): key for key in definitions.get(name, {}).get("properties", {})}
        table[name] = {}
        for field in messages[name]:
            type_, inner = _type(field, messages)
            todo.append(inner)
            known = names.get(field["name"].lower(), "" if names and inner else field["name"])
            table[name][str(field["number"])] = f"{known} {type_}"
    return table


def _type(field: dict[str, Any], messages: dict[str, Message]) -> tuple[str, str]:
    """The type of an entry, and the message in it."""
    if field["type"] != MESSAGE:
        return "*" * (field["label"] == REPEATED) + SCALARS[field["type"]], ""
    if field["message"].rpartition(".")[0] not in messages:  # the entry of a map is a message within a message
        return "*" * (field["label"] == REPEATED) + field["message"], field["message"]
    values = next(one for one in messages[field["message"]] if one["number"] == 2)
    type_, inner = _type(values, messages)
    return f"%{type_}", inner


if __name__ == "__main__":
    sys.exit(main())

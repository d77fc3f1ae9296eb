"""The whole OpenAPI v2 document, put together from one v3 document after another: no more than one is open at a time."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from poblano.cluster.openapi.gnostic import encode_definition, encode_document, encode_path
from poblano.cluster.openapi.recorded import opened, recorded_paths
from poblano.cluster.openapi.swagger import PREAMBLE, definitions, paths
from poblano.core.jsonvalue import Document

JSON: Final = "application/json"
PROTOBUF: Final = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
PROTOBUF_ASKED: Final = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
"""What clients ask for. No answer may say so: "@" is not allowed in a media type, and they cannot read it."""

_QUICK: Final = 1  # of gzip's levels: the bytes live in memory or go to a neighbour


@dataclass(frozen=True, slots=True)
class Pieces:
    """The entries of some documents' paths and definitions, written in one of the two ways.

    Args:
        paths: joined as that way of writing joins entries.
        definitions: likewise.
        names: of the definitions, each of which is written once only.
    """

    paths: bytes
    definitions: bytes
    names: frozenset[str]


Entry = Callable[[str, Document], bytes]


def _json_entry(name: str, value: Document) -> bytes:
    return orjson.dumps(name) + b":" + orjson.dumps(value)


_WRITERS: Final[dict[str, tuple[Entry, Entry, bytes]]] = {
    JSON: (_json_entry, _json_entry, b","),
    PROTOBUF: (encode_path, encode_definition, b""),
}


def pieces(documents: Iterable[Document], content_type: str, *, known: frozenset[str] = frozenset()) -> Pieces:
    """What v3 documents come to in v2.

    Args:
        documents: taken one by one, and let go.
        content_type: `JSON` or `PROTOBUF`.
        known: the definitions that are written already.
    """
    write_path, write_definition, joint = _WRITERS[content_type]
    written: list[bytes] = []
    defined: list[bytes] = []
    names = set(known)
    for document in documents:
        written += [write_path(path, item) for path, item in paths(document)]
        for name, node in definitions(document):
            if name not in names:
                names.add(name)
                defined.append(write_definition(name, node))
    return Pieces(joint.join(written), joint.join(defined), frozenset(names - known))


def document(parts: Sequence[Pieces], content_type: str) -> bytes:
    """The v2 document of all these pieces."""
    found = [(one.paths, one.definitions) for one in parts]
    if content_type == PROTOBUF:
        return encode_document(PREAMBLE, (one for one, _ in found), (one for _, one in found))
    preamble = orjson.dumps(PREAMBLE)[:-1]
    joined_paths = b",".join(one for one, _ in found if one)
    joined_definitions = b",".join(one for _, one in found if one)
    return b'%b,"paths":{%b},"definitions":{%b}}' % (preamble, joined_paths, joined_definitions)


class Assembly:
    """Builds v2 documents, and keeps what Kubernetes' own groups come to: small, as it is packed."""

    def __init__(self) -> None:
        self._own: dict[str, tuple[bytes, bytes, frozenset[str]]] = {}

    def document(self, custom: Iterable[Document], content_type: str) -> bytes:
        """The document of Kubernetes' own groups and the given v3 documents of custom ones."""
        own = self._built_in(content_type)
        return document([own, pieces(custom, content_type, known=own.names)], content_type)

    def _built_in(self, content_type: str) -> Pieces:
        kept = self._own.get(content_type)
        if kept is not None:
            return Pieces(gzip.decompress(kept[0]), gzip.decompress(kept[1]), kept[2])
        made = pieces(map(opened, recorded_paths()), content_type)
        packed = [gzip.compress(part, _QUICK) for part in (made.paths, made.definitions)]
        self._own[content_type] = packed[0], packed[1], made.names
        return made

"""OpenAPI: what kubectl explains and validates by.

Source: k8s.io/kube-openapi/pkg/handler, pkg/handler3
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final, NamedTuple

import orjson

from poblano.cluster.discovery.accept import accepted, covers
from poblano.cluster.discovery.answer import Answer, digest, json_answer, tagged
from poblano.cluster.openapi.assembly import JSON, PROTOBUF, PROTOBUF_ASKED, Assembly
from poblano.cluster.openapi.custom import custom_document, custom_groups, pattern_document
from poblano.cluster.openapi.recorded import packed, recorded_paths
from poblano.cluster.resources import Registry, Resource
from poblano.core.memory import give_back_memory

__all__ = ["OpenAPI"]

_V3: Final = "openapi/v3"
_KEPT: Final = timedelta(days=365)


class _Custom(NamedTuple):
    """The document of one custom group and version, gzipped, and what it was made of."""

    of: list[Resource]
    packed: bytes
    tag: str


def _custom(registry: Registry, before: Mapping[str, _Custom]) -> dict[str, _Custom]:
    groups = custom_groups(registry)
    found = {path: before[path] for path, of in groups.items() if path in before and before[path].of == of}
    changed = {path: of for path, of in groups.items() if path not in found}
    if changed:
        pattern = pattern_document()
        for path, of in changed.items():
            body = orjson.dumps(custom_document(of, pattern))
            found[path] = _Custom(of, gzip.compress(body, 1), digest(body))
    return dict(sorted(found.items()))


class OpenAPI:
    """Answers /openapi/v2, /openapi/v3 and what is below it.

    Nothing is read before it is asked for. Making the v2 document takes half a second, once, in a thread.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._generation = -1
        self._custom: dict[str, _Custom] = {}
        self._swagger: dict[str, tuple[bytes, str]] = {}
        self._assembly = Assembly()

    async def answer(
        self, path: str, *, accept: str = "", accept_encoding: str = "", if_none_match: str = "", known_hash: str = ""
    ) -> Answer | None:
        """What a GET of that path is answered with; None for a path that is none of OpenAPI's, or of no group served.

        Args:
            path: "/openapi/v3/apis/apps/v1".
            accept: the header; what it does not cover is refused with 406.
            accept_encoding: the header; only gzip is spoken.
            if_none_match: the header.
            known_hash: the query parameter "hash", by which v3 documents are kept by clients.
        """
        asked = path.strip("/")
        if asked == "openapi/v2":
            return await self._v2(accept, accept_encoding, if_none_match)
        if asked != _V3 and not asked.startswith(f"{_V3}/"):
            return None
        if not any(covers(one, JSON) for one in accepted(accept)):
            return Answer(b"", "text/plain; charset=utf-8", 406)
        self._refresh()
        if asked == _V3:
            return self._index()
        return self._v3(asked.removeprefix(f"{_V3}/"), accept_encoding, if_none_match, known_hash)

    def _refresh(self) -> None:
        if self._generation != self._registry.generation:
            self._custom, self._swagger = _custom(self._registry, self._custom), {}
            self._generation = self._registry.generation

    def _index(self) -> Answer:
        hashes = {**recorded_paths(), **{path: one.tag for path, one in self._custom.items()}}
        links = {path: {"serverRelativeURL": f"/{_V3}/{path}?hash={tag}"} for path, tag in sorted(hashes.items())}
        return json_answer({"paths": links})

    def _v3(self, path: str, accept_encoding: str, if_none_match: str, known_hash: str) -> Answer | None:
        if path in self._custom:
            body, tag = self._custom[path].packed, self._custom[path].tag
        elif path in recorded_paths():
            body, tag = packed(path), recorded_paths()[path]
        else:
            return None
        if known_hash and known_hash != tag:
            return Answer(b"", status=301, headers={"Location": f"/{_V3}/{path}?hash={tag}"})
        return _sent(body, JSON, tag, accept_encoding, if_none_match, _kept() if known_hash else {})

    async def _v2(self, accept: str, accept_encoding: str, if_none_match: str) -> Answer:
        spoken = {JSON: JSON, PROTOBUF: PROTOBUF, PROTOBUF_ASKED: PROTOBUF}
        wanted = next((kind for one in accepted(accept) for name, kind in spoken.items() if covers(one, name)), None)
        if wanted is None:
            return Answer(b"", "text/plain; charset=utf-8", 406)
        self._refresh()
        body, tag = await self._whole(wanted)
        return _sent(body, wanted, tag, accept_encoding, if_none_match, {})

    async def _whole(self, content_type: str) -> tuple[bytes, str]:
        """The v2 document, gzipped, and its hash; made once for each state of what is served."""
        kept = self._swagger
        if content_type not in kept:
            packed_documents = [one.packed for one in self._custom.values()]
            kept[content_type] = await asyncio.to_thread(self._made, packed_documents, content_type)
        return kept[content_type]

    def _made(self, packed_documents: list[bytes], content_type: str) -> tuple[bytes, str]:
        custom = (orjson.loads(gzip.decompress(one)) for one in packed_documents)
        body = self._assembly.document(custom, content_type)
        made = gzip.compress(body, 1), digest(body)
        del body
        give_back_memory()
        return made


def _sent(
    body: bytes, content_type: str, tag: str, accept_encoding: str, if_none_match: str, headers: dict[str, str]
) -> Answer:
    if "gzip" in accept_encoding:
        return tagged(body, content_type, tag, if_none_match, **headers, **{"Content-Encoding": "gzip"})
    return tagged(gzip.decompress(body), content_type, tag, if_none_match, **headers)


def _kept() -> dict[str, str]:
    """A document under its hash never changes."""
    expires = format_datetime(datetime.now(UTC) + _KEPT, usegmt=True)
    return {"Cache-Control": "public, immutable", "Expires": expires}

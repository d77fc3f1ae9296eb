"""OpenAPI: what kubectl explains and validates by.

Source: k8s.io/kube-openapi/pkg/handler, pkg/handler3
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final, NamedTuple

import orjson

from poblano.cluster.discovery.accept import accepted, covers
from poblano.cluster.discovery.answer import Answer, digest, json_answer, tagged
from poblano.cluster.openapi.assembly import JSON, PROTOBUF, PROTOBUF_ASKED, Assembly
from poblano.cluster.openapi.custom import custom_document, custom_groups
from poblano.cluster.openapi.recorded import packed, recorded_paths
from poblano.cluster.resources import Registry, Resource

__all__ = ["OpenAPI"]

_V3: Final = "openapi/v3"
_KEPT: Final = timedelta(days=365)


class _Custom(NamedTuple):
    """The document of one custom group and version, gzipped, and what it was made of."""

    of: list[Resource]
    packed: bytes
    tag: str


def _made(resources: list[Resource]) -> _Custom:
    body = orjson.dumps(custom_document(resources))
    return _Custom(resources, gzip.compress(body, 1), digest(body))


class OpenAPI:
    """Answers /openapi/v2, /openapi/v3 and what is below it.

    Nothing is read before it is asked for. Making the v2 document takes a second, once: better in a thread.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._generation = -1
        self._custom: dict[str, _Custom] = {}
        self._swagger: dict[str, tuple[bytes, str]] = {}
        self._assembly = Assembly()

    def answer(
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
            return self._v2(accept, accept_encoding, if_none_match)
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
            before, self._custom, self._swagger = self._custom, {}, {}
            for path, resources in custom_groups(self._registry).items():
                kept = before.get(path)
                self._custom[path] = kept if kept and kept.of == resources else _made(resources)
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

    def _v2(self, accept: str, accept_encoding: str, if_none_match: str) -> Answer:
        spoken = {JSON: JSON, PROTOBUF: PROTOBUF, PROTOBUF_ASKED: PROTOBUF}
        wanted = next((kind for one in accepted(accept) for name, kind in spoken.items() if covers(one, name)), None)
        if wanted is None:
            return Answer(b"", "text/plain; charset=utf-8", 406)
        self._refresh()
        body, tag = self._whole(wanted)
        return _sent(body, wanted, tag, accept_encoding, if_none_match, {})

    def _whole(self, content_type: str) -> tuple[bytes, str]:
        """The v2 document, gzipped, and its hash; made once for each state of what is served."""
        if content_type not in self._swagger:
            custom = (orjson.loads(gzip.decompress(one.packed)) for one in self._custom.values())
            body = self._assembly.document(custom, content_type)
            self._swagger[content_type] = gzip.compress(body, 1), digest(body)
        return self._swagger[content_type]


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

"""The paths that name no resource: discovery, OpenAPI, health, metrics."""

from __future__ import annotations

from typing import Final

from poblano.cluster.access import ISSUER_PATHS
from poblano.cluster.discovery import Answer
from poblano.cluster.rest.encoding import encoded, plain
from poblano.cluster.rest.exchange import Headers, Response, header
from poblano.cluster.rest.health import PATHS as HEALTH_PATHS
from poblano.cluster.rest.health import health, is_health
from poblano.cluster.rest.options import Query
from poblano.cluster.rest.server import Server

_WRITERS: Final = ("POST", "PUT", "PATCH", "DELETE")


async def answer_plain_path(server: Server, method: str, path: str, query: Query, headers: Headers) -> Response:
    """An answer for every path; what there is not is a 404 in plain text, as Go's multiplexer gives it."""
    if method in _WRITERS:
        return plain("404 page not found\n", status=404)
    if is_health(path):
        return health(path, query)
    if path == "/metrics":
        return plain(_metrics(server))
    if path in ISSUER_PATHS:
        published = encoded(server.access.issuer_document(path))
        return Response(200, published, "application/jwk-set+json" if path == ISSUER_PATHS[1] else "application/json")
    if path == "/":
        return Response(200, encoded({"paths": sorted(_paths(server))}))
    accept, known = header(headers, b"accept"), header(headers, b"if-none-match")
    found = server.discovery.answer(path, accept=accept, if_none_match=known)
    if found is None and path.startswith("/openapi/"):
        found = await server.openapi.answer(
            path,
            accept=accept,
            accept_encoding=header(headers, b"accept-encoding"),
            if_none_match=known,
            known_hash=query.text("hash"),
        )
    return _response(found) if found is not None else plain("404 page not found\n", status=404)


def _response(answer: Answer) -> Response:
    return Response(answer.status, answer.body, answer.content_type, list(answer.headers.items()))


def _paths(server: Server) -> set[str]:
    """What the front page lists."""
    versions = {f"/apis/{one.group}/{one.version}" for one in server.registry if one.group}
    groups = {f"/apis/{one.group}" for one in server.registry if one.group}
    return {
        ISSUER_PATHS[0],
        "/api",
        "/api/v1",
        "/apis",
        *HEALTH_PATHS,
        "/metrics",
        "/openapi/v2",
        "/openapi/v3",
        ISSUER_PATHS[1],
        "/version",
        *groups,
        *versions,
    }


def _metrics(server: Server) -> str:
    """How much is stored, in Prometheus' text format, under the API server's own names."""
    lines = ["# TYPE apiserver_storage_objects gauge"]
    for group, plural in sorted(server.storage.buckets()):
        name = f"{plural}.{group}" if group else plural
        lines.append(f'apiserver_storage_objects{{resource="{name}"}} {server.storage.count((group, plural))}')
    lines += [
        "# TYPE apiserver_longrunning_requests gauge",
        f'apiserver_longrunning_requests{{verb="WATCH"}} {server.hub.count}',
    ]
    return "\n".join(lines) + "\n"

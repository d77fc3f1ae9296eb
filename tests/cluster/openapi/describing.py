"""A server that describes an API and serves nothing else: enough for a real kubectl to explain, list and validate."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from poblano.cluster.discovery import Discovery
from poblano.cluster.openapi import OpenAPI
from poblano.cluster.resources import GroupVersionKind, Registry, Resource, Subresource
from poblano.cluster.schema import Schema

SIZES = {"type": "string", "enum": ["S", "L"], "description": "How much of it."}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A cart of the shop.",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "description": "What is wanted.",
            "required": ["owner"],
            "properties": {
                "owner": {"type": "string", "description": "Whose it is."},
                "replicas": {"type": "integer", "format": "int32", "minimum": 0, "default": 1},
                "size": SIZES,
                "note": {"type": "string", "nullable": True},
                "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                "template": {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {}},
            },
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def cart(*, namespaced: bool = True, schema: dict[str, Any] | None = SCHEMA) -> Resource:
    """A custom kind with a status and a scale."""
    group, version, verbs = "shop.example.com", "v1", ("get", "patch", "update")
    return Resource(
        group,
        version,
        "carts",
        "cart",
        "Cart",
        "CartList",
        namespaced=namespaced,
        verbs=("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"),
        short_names=("ct",),
        subresources={
            "status": Subresource("status", GroupVersionKind(group, version, "Cart"), verbs),
            "scale": Subresource("scale", GroupVersionKind("autoscaling", "v1", "Scale"), verbs),
        },
        custom_schema=None if schema is None else Schema(schema),
        custom=object(),
    )


def shop(**how: Any) -> Registry:
    """All built-in kinds, and Carts."""
    registry = Registry()
    registry.define("carts.shop.example.com", [cart(**how)])
    return registry


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    discovery: Discovery
    openapi: OpenAPI
    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        accept, match = self.headers.get("Accept", ""), self.headers.get("If-None-Match", "")
        self.asked.append((url.path, accept))
        found = self.discovery.answer(url.path, accept=accept, if_none_match=match)
        if found is None:
            coroutine = self.openapi.answer(
                url.path,
                accept=accept,
                accept_encoding=self.headers.get("Accept-Encoding", ""),
                if_none_match=match,
                known_hash=parse_qs(url.query).get("hash", [""])[0],
            )
            found = asyncio.run(coroutine)
        body = b"404 page not found\n" if found is None else found.body
        self.send_response(404 if found is None else found.status)
        for name, value in ({} if found is None else found.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain" if found is None else found.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@contextmanager
def describing(registry: Registry) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The URL of a server that describes these kinds, and what it is asked for."""
    asked: list[tuple[str, str]] = []
    members = {"discovery": Discovery(registry), "openapi": OpenAPI(registry), "asked": asked}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), members))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

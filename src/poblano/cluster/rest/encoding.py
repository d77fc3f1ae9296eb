"""Objects and lists as bytes. What is stored in the version that is asked for goes out as it lies there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from poblano.cluster.resources import Resource
from poblano.cluster.rest.exchange import JSON, Response
from poblano.cluster.rest.negotiation import Answer
from poblano.cluster.storage.records import Record
from poblano.core.jsonvalue import Document

_ENCODE: Final = msgspec.json.Encoder().encode


def encoded(document: Any) -> bytes:
    """JSON without spaces."""
    return _ENCODE(document)


def prefix(resource: Resource) -> bytes:
    """What goes in front of the stored bytes of an object: its kind and apiVersion."""
    return f'{{"kind":"{resource.kind}","apiVersion":"{resource.api_version}",'.encode()


def whole(resource: Resource, record: Record) -> bytes:
    """A stored object as it is served.

    The record has to be in the resource's version.
    """
    return prefix(resource) + record.value[1:]


def list_bytes(resource: Resource, metadata: Document, items: Iterable[bytes]) -> bytes:
    """A list of objects that are bytes already."""
    head = f'{{"kind":"{resource.list_kind}","apiVersion":"{resource.api_version}","metadata":'.encode()
    return head + _ENCODE(metadata) + b',"items":[' + b",".join(items) + b"]}"


def item_bytes(resource: Resource, record: Record) -> bytes:
    """A stored object as an item of a list: those of built-in kinds carry neither kind nor apiVersion there."""
    return whole(resource, record) if resource.custom is not None else record.value


def response(document: Document, answer: Answer, *, status: int = 200) -> Response:
    """An object in the media type that is asked for."""
    return rendered(_ENCODE(document), answer, status=status)


def rendered(body: bytes, answer: Answer, *, status: int = 200) -> Response:
    """JSON in the media type that is asked for."""
    if answer.media == "json":
        return Response(status, body)
    return Response(status, as_yaml(msgspec.json.decode(body)), "application/yaml")


def as_yaml(document: Any) -> bytes:
    """YAML as the API server writes it: keys in order."""
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(document, Dumper=dumper, default_flow_style=False, allow_unicode=True)
    return text.encode()


def plain(text: str, *, status: int = 200) -> Response:
    """A text for people and probes."""
    return Response(status, text.encode(), "text/plain; charset=utf-8")


__all__ = ["JSON", "as_yaml", "encoded", "item_bytes", "list_bytes", "plain", "prefix", "rendered", "response", "whole"]

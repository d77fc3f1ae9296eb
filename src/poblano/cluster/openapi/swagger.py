"""OpenAPI v2 made from v3: the older document, which kubectl before 1.27 asks for.

Source: k8s.io/kube-openapi/pkg/openapiconv (the other way round), apiextensions-apiserver pkg/controller/openapi/v2
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from poblano.core.jsonvalue import Document

Node = Mapping[str, Any]

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_BELOW: Final = ("items", "additionalProperties")
_UNKNOWN_TO_V2: Final = frozenset({"oneOf", "anyOf", "not", "allOf", "nullable", "$ref"})
_LOOSE: Final[Mapping[str, tuple[str, ...]]] = {
    "nullable": ("type", "items", "properties"),
    "x-kubernetes-int-or-string": ("type",),
    "x-kubernetes-preserve-unknown-fields": ("items", "properties"),
}
"""What v2 must not say of a node with that mark, lest old clients refuse what is right."""

PREAMBLE: Final[Node] = {
    "swagger": "2.0",
    "info": {"title": "Kubernetes", "version": "v1.36.2"},
    "securityDefinitions": {
        "BearerToken": {
            "description": "Bearer Token authentication",
            "type": "apiKey",
            "name": "authorization",
            "in": "header",
        }
    },
    "security": [{"BearerToken": []}],
}
"""The document, but for its paths and definitions."""


def definitions(document: Node) -> Iterator[tuple[str, Document]]:
    """The schemas of a v3 document, as v2 has them."""
    for name, node in document.get("components", {}).get("schemas", {}).items():
        yield name, schema(node)


def paths(document: Node) -> Iterator[tuple[str, Document]]:
    """The path items of a v3 document, as v2 has them."""
    for path, item in document.get("paths", {}).items():
        found: Document = {method: _operation(item[method]) for method in _METHODS if method in item}
        if "parameters" in item:
            found["parameters"] = [_parameter(one) for one in item["parameters"]]
        yield path, found


def schema(node: Node) -> Document:
    """One schema.

    >>> schema({"allOf": [{"$ref": "#/components/schemas/A"}], "default": {}})
    {'default': {}, '$ref': '#/definitions/A'}
    >>> schema({"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"})
    {'format': 'int-or-string', 'type': 'string'}
    """
    found: Document = {key: value for key, value in node.items() if key not in _UNKNOWN_TO_V2}
    reference = node.get("$ref") or _sole_reference(node.get("allOf"))
    if reference:
        found["$ref"] = reference.replace("#/components/schemas/", "#/definitions/")
    if "oneOf" in node and "type" not in node:
        found["type"] = "string"
    for unsaid in _LOOSE:
        if node.get(unsaid) is True:
            return {key: value for key, value in found.items() if key not in _LOOSE[unsaid]}
    for key in _BELOW:
        if isinstance(node.get(key), Mapping):
            found[key] = schema(node[key])
    if "properties" in node:
        found["properties"] = {name: schema(below) for name, below in node["properties"].items()}
    return found


def _sole_reference(parts: Any) -> str | None:
    return parts[0].get("$ref") if parts and len(parts) == 1 else None


def _operation(operation: Node) -> Document:
    body = operation.get("requestBody")
    consumed = list(body["content"]) if body else ["*/*"]
    produced: list[str] = []
    responses: Document = {}
    for code, response in operation["responses"].items():
        content = response.get("content", {})
        produced = produced or list(content)
        responses[code] = _response(response, content)
    found: Document = {key: value for key, value in operation.items() if key not in ("requestBody", "parameters")}
    found.update(consumes=consumed, produces=produced or ["*/*"], schemes=["https"], responses=responses)
    parameters = [_body(body)] if body else []
    parameters += [_parameter(one) for one in operation.get("parameters", ())]
    if parameters:
        found["parameters"] = parameters
    return found


def _response(response: Node, content: Node) -> Document:
    found: Document = {"description": response["description"]}
    for one in content.values():
        if "schema" in one:
            found["schema"] = schema(one["schema"])
            break
    return found


def _body(body: Node) -> Document:
    content = next(iter(body["content"].values()))
    found: Document = {"name": "body", "in": "body"}
    if body.get("required"):
        found["required"] = True
    return {**found, "schema": schema(content["schema"])}


def _parameter(parameter: Node) -> Document:
    return {**{key: value for key, value in parameter.items() if key != "schema"}, **parameter.get("schema", {})}

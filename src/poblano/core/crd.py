"""From a class to the CustomResourceDefinition with which an API server serves its kind.

>>> from poblano.core.objects import Resource
>>> class Page(Resource, group="shop.example.com", version="v1", plural="pages", short_names=["pg"]):
...     theme: str
>>> made = definition_of(Page)
>>> made["metadata"]["name"], made["spec"]["names"]["shortNames"], made["spec"]["versions"][0]["name"]
('pages.shop.example.com', ['pg'], 'v1')
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from poblano.core.errors import InvalidDefinition
from poblano.core.jsonvalue import Document, as_map, copied
from poblano.core.kinds import Kind
from poblano.core.objects import Resource, kind_of
from poblano.core.structs import Struct
from poblano.core.structural import properties_of, schema_of

CRD: Final = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)

_STEP: Final = re.compile(r"\.([A-Za-z0-9_-]+)")
_PATH: Final = re.compile(r"\.[A-Za-z]")


def definition_of(cls: type[Resource]) -> Document:
    """The definition of a kind with one version, which is served and stored. The same class gives the same bytes.

    It has a subresource ``status`` where the class has that field, and the columns and names of the class line.

    Raises:
        InvalidDefinition: the class is no kind, one of the core group, or its annotations say what a schema cannot.
    """
    kind = kind_of(cls)
    try:
        return _definition(cls, kind)
    except InvalidDefinition as error:
        raise InvalidDefinition(
            f"{cls.__name__} cannot be defined: {error.problem}",
            f"{error.remedy}; if somebody else defines the kind, write foreign=True in its class line",
            error.location or cls.__line__.location,
        ) from None


def _definition(cls: type[Resource], kind: Kind) -> Document:
    if "." not in kind.group:
        raise InvalidDefinition(
            f"the group {kind.group!r} is Kubernetes' own",
            'give it a domain of yours: group="shop.example.com"',
        )
    spec = {
        "group": kind.group,
        "names": _names(cls, kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "versions": [_version(cls, kind)],
    }
    made = {"apiVersion": CRD.api_version, "kind": CRD.kind, "metadata": {"name": definition_name(kind)}, "spec": spec}
    whole: Document = copied(made)  # parts of it are shared, which YAML would show
    return whole


def definitions_of(classes: Iterable[type[Resource]]) -> list[Document]:
    """The definitions of those of `classes` that are a module's own, each once, by name.

    Raises:
        InvalidDefinition: two of them say different things of one kind.
    """
    found: dict[str, tuple[type[Resource], Document]] = {}
    for cls in classes:
        if not is_own(cls):
            continue
        made = definition_of(cls)
        other, before = found.setdefault(made["metadata"]["name"], (cls, made))
        if other is not cls and before != made:
            raise InvalidDefinition(
                f"{other.__qualname__} and {cls.__qualname__} define {made['metadata']['name']} in two ways",
                "make one class of them; or write foreign=True in the class line of the one that only reads it",
                cls.__line__.location,
            )
    return [found[name][1] for name in sorted(found)]


def is_own(cls: type[Resource]) -> bool:
    """Whether a class is a kind that its module defines: not one of Kubernetes, not a generic one, not ``foreign``."""
    known = cls.__kind__
    return (
        known is not None
        and not cls.__module__.startswith("poblano.models.")
        and not cls.__line__.foreign
        and bool(set(cls.__fields__) - set(Resource.__fields__))
    )


def definition_name(kind: Kind) -> str:
    """How the definition of a kind is called.

    >>> definition_name(Kind("shop.example.com", "v1", "Page", "pages"))
    'pages.shop.example.com'
    """
    return f"{kind.plural}.{kind.group}"


def _names(cls: type[Resource], kind: Kind) -> Document:
    names: Document = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.kind.lower(),
    }
    if cls.__line__.short_names:
        names["shortNames"] = list(cls.__line__.short_names)
    if cls.__line__.categories:
        names["categories"] = list(cls.__line__.categories)
    return names


def _version(cls: type[Resource], kind: Kind) -> Document:
    schema = _schema(cls)
    version: Document = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    if "status" in cls.__fields__:
        version["subresources"] = {"status": {}}
    if cls.__line__.columns:
        version["additionalPrinterColumns"] = [
            _column(cls, name, path, schema) for name, path in cls.__line__.columns.items()
        ]
    return version


def _schema(cls: type[Resource]) -> Document:
    properties, required = properties_of(cls)
    schema: Document = {
        "type": "object",
        **({"description": text} if (text := _description(cls)) else {}),
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            **properties,
        },
    }
    if wanted := [key for key in required if key != "status"]:  # nobody has a status when it is made
        schema["required"] = wanted
    return schema


def _description(cls: type[Resource]) -> str:
    class Described(Struct):
        __doc__ = cls.__dict__.get("__doc__")

    return str(schema_of(Described).get("description", ""))


def _column(cls: type[Resource], name: str, path: str, schema: Document) -> Document:
    if not _PATH.match(path):
        raise InvalidDefinition(
            f"the column {name!r} of {cls.__name__} is {path!r}, which is no path into an object",
            'write columns={"Theme": ".spec.theme"}',
        )
    return {"name": name, "type": _column_type(path, schema), "jsonPath": path}


def _column_type(path: str, schema: Document) -> str:
    """The type of a column: of what its path leads to, as far as the path is a plain one.

    Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go
    """
    if path == ".metadata.creationTimestamp":
        return "date"
    found: Any = schema
    for step in _STEP.findall(path) if _STEP.sub("", path) == "" else [""]:
        found = (as_map((as_map(found) or {}).get("properties")) or {}).get(step)
    node = as_map(found) or {}
    if node.get("format") == "date-time":
        return "date"
    return str(node["type"]) if node.get("type") in {"integer", "number", "boolean"} else "string"

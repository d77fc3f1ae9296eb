"""YAML files of which the top is a mapping, read through libyaml; where they are JSON without it, for it takes a megabyte."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, cast

import orjson

from poblano.client.errors import InvalidKubeconfig


def read_mapping(path: Path) -> dict[str, object]:
    """The mapping in a file; an empty file is an empty mapping.

    Raises:
        InvalidKubeconfig: the file cannot be read, is not YAML or not a mapping. The message has the line, never the content.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidKubeconfig(f"it cannot be read: {error.strerror}", "check the path", source=str(path)) from error
    document = _json(data)
    if document is None:
        document = _yaml(data, path)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise InvalidKubeconfig("it is no mapping", "a kubeconfig starts with `kind: Config`", source=str(path))
    return cast("dict[str, object]", document)


def _json(data: bytes) -> object:
    """What a file of JSON says; None for any other."""
    if not data.startswith(b"{"):
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _yaml(data: bytes, path: Path) -> object:
    import yaml

    try:
        return yaml.load(data, Loader=_loader())  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InvalidKubeconfig("it is not YAML", "see `kubectl config view`", source=str(path), entry=line) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise InvalidKubeconfig("it is not YAML", "see `kubectl config view`", source=str(path)) from None


@cache
def _loader() -> Any:
    """A safe loader for JSON's types only: a date stays the text that it is."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    timestamp = "tag:yaml.org,2002:timestamp"
    resolvers = {
        first: [(tag, regexp) for tag, regexp in pairs if tag != timestamp]
        for first, pairs in base.yaml_implicit_resolvers.items()
    }
    return type("Loader", (base,), {"yaml_implicit_resolvers": resolvers})

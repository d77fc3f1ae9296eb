"""The OpenAPI v3 documents of Kubernetes' own groups: recorded, packed, and opened one at a time."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import msgspec

from poblano.cluster.discovery.answer import digest
from poblano.core.jsonvalue import Document

_SUFFIX = ".json.gz"


def _folder() -> Traversable:
    return files("poblano.cluster").joinpath("data", "openapi-v3")


@cache
def recorded_paths() -> dict[str, str]:
    """What there is: "apis/apps/v1" and the like, each with its hash, in the order of the alphabet."""
    found = sorted(one.name for one in _folder().iterdir() if one.name.endswith(_SUFFIX))
    return {name.removesuffix(_SUFFIX).replace("__", "/"): digest(_read(name)) for name in found}


def packed(path: str) -> bytes:
    """One document, gzipped as it is kept."""
    return _read(path.replace("/", "__") + _SUFFIX)


def opened(path: str) -> Document:
    """One document, for as long as the caller holds it."""
    return msgspec.json.decode(gzip.decompress(packed(path)), type=dict[str, Any])


def _read(name: str) -> bytes:
    return _folder().joinpath(name).read_bytes()

"""Objects as a real API server sent them, seen through the generated views."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from poblano.core.fields import Nested, NestedMap, Viewed
from poblano.core.objects import GenericKind, Resource, document, kind_of
from poblano.core.structs import Struct
from poblano.models import a
from tests.models import every

REVIEWS = sorted((Path(__file__).parent.parent / "fixtures" / "admission-reviews").glob("*.json"))
KINDS = {(k.group, k.version, k.kind): c for c in every.classes() if issubclass(c, Resource) for k in [kind_of(c)]}


def objects(file: Path) -> list[tuple[type[Resource], dict[str, Any]]]:
    request = json.loads(file.read_text())["request"]
    kind = request["kind"]
    cls = KINDS.get((kind["group"], kind["version"], kind["kind"]), GenericKind)
    return [(cls, request[name]) for name in ("object", "oldObject") if request[name]]


def read_all(view: Struct, depth: int = 12) -> int:
    """Read every field of a view and of what is in it, there or absent; the number of values that were there."""
    seen = 0
    for name, field in type(view).__fields__.items():
        value = getattr(view, name)
        if isinstance(field, Viewed) and depth and (value or depth > 8):
            inner = value.values() if isinstance(value, Mapping) else [value] if isinstance(value, Struct) else value
            seen += sum(read_all(one, depth - 1) for one in inner)
        elif value not in (None, "", [], {}):
            seen += 1
    return seen


@pytest.mark.parametrize("file", REVIEWS, ids=lambda file: file.stem)
def test_reading_every_field_leaves_the_document_as_it_was(file: Path):
    for cls, recorded in objects(file):
        before = json.dumps(recorded)
        view = cls.of(recorded)
        assert read_all(view) >= (0 if cls is GenericKind else 1)
        assert json.dumps(recorded) == before
        assert document(view) is recorded


def unknown(cls: type[Struct], value: dict[str, Any], path: str) -> list[str]:
    """The keys of a document that its class has no field for."""
    found: list[str] = []
    for key, inner in value.items():
        if (name := cls.__keys__.get(key)) is None:
            found.append(f"{path}.{key}")
        elif isinstance(field := cls.__fields__[name], Viewed):
            found += [one for part in parts(field, inner) for one in unknown(field.view, part, f"{path}.{key}")]
    return found


def parts(field: Viewed[Any], value: Any) -> list[dict[str, Any]]:
    """The structs in the value of a field; the server writes null for an empty list."""
    if isinstance(field, NestedMap):
        return list((value or {}).values())
    return [value] if isinstance(field, Nested) and value else list(value or ())


@pytest.mark.parametrize("file", REVIEWS, ids=lambda file: file.stem)
def test_whatever_the_server_sends_has_a_field(file: Path):
    for cls, recorded in objects(file):
        if cls is not GenericKind:
            assert unknown(cls, recorded, cls.__name__) == []


def test_the_recordings_are_all_here_and_of_many_kinds():
    assert len(REVIEWS) == 90
    assert len({cls for file in REVIEWS for cls, _ in objects(file)}) >= 20


@pytest.mark.parametrize("file", REVIEWS, ids=lambda file: file.stem)
def test_the_server_calls_the_resource_of_a_kind_what_the_class_calls_it(file: Path):
    request = json.loads(file.read_text())["request"]
    kind = KINDS.get((request["kind"]["group"], request["kind"]["version"], request["kind"]["kind"]))
    if kind and (not request.get("subResource") or kind in (a.Eviction, a.TokenRequest, a.PodExecOptions)):
        assert kind_of(kind).plural == request["resource"]["resource"]
        assert kind_of(kind).namespaced or "namespace" not in request or kind is a.Namespace

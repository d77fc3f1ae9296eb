"""A class becomes a CustomResourceDefinition; the embedded cluster's own judge says whether it is a right one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from poblano import InvalidDefinition, MalformedObject, Resource, Struct, a, document, field
from poblano.core.crd import definition_of, definitions_of, is_own
from poblano.core.structural import schema_of
from poblano.models.core_v1 import PodTemplateSpec
from poblano.models.meta_v1 import Condition
from tests.cluster.custom.definitions import complaints


class Port(Struct):
    name: str
    number: int


class Limits(Struct):
    cpu: int = 1


class Spec(Struct):
    """What is asked for."""

    theme: Literal["dark", "light"] = field(description="How it looks.")
    replicas: int = field(default=1, minimum=1, maximum=7)
    port: int | str
    ratio: int | float = field(default=0.5, exclusive_minimum=True, minimum=0)
    until: datetime | None
    hosts: list[str] = field(max_items=3, list_type="set")
    ports: list[Port] = field(list_map_keys=["name"])
    by_name: dict[str, Port]
    marks: dict[str, str] = field(max_properties=8)
    host: str = field(key="hostNAME", pattern="^[a-z]+$", max_length=63, default="web")
    note: str | None
    main: Port
    limits: Limits
    other: Port | None
    free: Any
    any_map: dict
    rest: Struct
    open: Limits = field(preserve_unknown=True)
    size: Literal["s"] | Literal["m", "l"] = "m"  # noqa: PYI030
    level: Literal[1, 2, "most"] = 1


class Status(Struct):
    conditions: list[Condition]
    seen: datetime | None


class Page(
    Resource,
    group="shop.example.com",
    version="v1",
    plural="pages",
    short_names=["pg"],
    categories=["all"],
    columns={
        "Theme": ".spec.theme",
        "Replicas": ".spec.replicas",
        "Ready": '.status.conditions[?(@.type=="Ready")].status',
        "Seen": ".status.seen",
        "Age": ".metadata.creationTimestamp",
    },
):
    """A page of the shop.

    In two paragraphs.
    """

    spec: Spec
    status: Status


def kind_with(annotation: Any, default: Any = ...) -> type[Resource]:
    """A kind with one field."""
    body: dict[str, Any] = {"__annotations__": {"value": annotation}, "__module__": __name__}
    if default is not ...:
        body["value"] = default
    return type(Resource)("Thing", (Resource,), body, group="x.example.com", version="v1")


def schema(cls: type[Resource]) -> dict[str, Any]:
    return definition_of(cls)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def test_an_api_server_takes_it():
    assert complaints(definition_of(Page)) == []


def test_every_type_has_its_schema():
    assert schema(Page)["properties"]["spec"] == {
        "type": "object",
        "description": "What is asked for.",
        "properties": {
            "theme": {"type": "string", "enum": ["dark", "light"], "description": "How it looks."},
            "replicas": {"type": "integer", "minimum": 1, "maximum": 7, "default": 1},
            "port": {"x-kubernetes-int-or-string": True},
            "ratio": {"type": "number", "exclusiveMinimum": True, "minimum": 0, "default": 0.5},
            "until": {"type": "string", "format": "date-time"},
            "hosts": {"type": "array", "items": {"type": "string"}, "maxItems": 3, "x-kubernetes-list-type": "set"},
            "ports": {
                "type": "array",
                "items": schema_of(Port),
                "x-kubernetes-list-map-keys": ["name"],
                "x-kubernetes-list-type": "map",
            },
            "byName": {"type": "object", "additionalProperties": schema_of(Port)},
            "marks": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 8},
            "hostNAME": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 63, "default": "web"},
            "note": {"type": "string"},
            "main": schema_of(Port),
            "limits": schema_of(Limits),
            "other": schema_of(Port),
            "free": {"x-kubernetes-preserve-unknown-fields": True},
            "anyMap": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "rest": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "open": {**schema_of(Limits), "x-kubernetes-preserve-unknown-fields": True},
            "size": {"type": "string", "enum": ["s", "m", "l"], "default": "m"},
            "level": {"x-kubernetes-int-or-string": True, "enum": [1, 2, "most"], "default": 1},
        },
        "required": ["theme", "port", "main"],
    }


def test_what_reading_takes_for_granted_must_be_there_and_a_status_never():
    assert schema(Page)["required"] == ["spec"]
    assert schema_of(Port)["required"] == ["name", "number"]
    assert "required" not in schema_of(Limits)


def test_the_class_line_says_names_and_columns():
    spec = definition_of(Page)["spec"]
    assert spec["names"] == {
        "kind": "Page",
        "listKind": "PageList",
        "plural": "pages",
        "singular": "page",
        "shortNames": ["pg"],
        "categories": ["all"],
    }
    columns = {one["name"]: one["type"] for one in spec["versions"][0]["additionalPrinterColumns"]}
    assert columns == {"Theme": "string", "Replicas": "integer", "Ready": "string", "Seen": "date", "Age": "date"}
    assert schema(Page)["description"] == "A page of the shop.\n\nIn two paragraphs."


def test_it_has_a_subresource_status_where_the_class_has_one():
    assert definition_of(Page)["spec"]["versions"][0]["subresources"] == {"status": {}}
    assert "subresources" not in definition_of(kind_with(str))["spec"]["versions"][0]


def test_conditions_are_a_list_by_type_so_that_owners_do_not_overwrite_each_other():
    found = schema(Page)["properties"]["status"]["properties"]["conditions"]
    assert (found["x-kubernetes-list-type"], found["x-kubernetes-list-map-keys"]) == ("map", ["type"])
    assert found["items"]["required"] == ["type", "status"]


def test_a_generated_struct_may_stand_in_it():
    made = definition_of(kind_with(PodTemplateSpec))
    assert complaints(made) == []
    container = schema(kind_with(PodTemplateSpec))["properties"]["value"]["properties"]["spec"]["properties"]
    items = container["containers"]["items"]["properties"]
    assert items["resources"]["properties"]["limits"]["additionalProperties"] == {"x-kubernetes-int-or-string": True}
    assert items["ports"]["items"]["properties"]["containerPort"] == {"type": "integer"}


def test_another_object_in_it_is_kept_as_it_is():
    made = definition_of(kind_with(a.Pod))
    assert complaints(made) == []
    assert schema(kind_with(a.Pod))["properties"]["value"]["x-kubernetes-embedded-resource"] is True


def test_the_same_class_gives_the_same_bytes_and_no_references():
    texts = [yaml.safe_dump(definition_of(Page), sort_keys=False) for _ in range(2)]
    assert texts[0] == texts[1]
    assert "&id" not in texts[0]


class Tree(Struct):
    children: list[Tree]


@pytest.mark.parametrize(
    ("annotation", "default", "complaint"),
    [
        (Tree, ..., "Tree contains itself"),
        (str | bool, ..., "has no words for that"),
        (Literal["a", True], ..., "has no words for that"),
        (int, field(pattern="x"), r"field\(pattern=...\) is for string, and this is integer"),
        (str, field(min_items=1), r"field\(min_items=...\) is for array, and this is string"),
        (int, field(default=9, maximum=7), "the default 9 of a field is not from 9 to 7|is not from .* to 7"),
        (Literal["a", "b"], "c", "the default 'c' of a field is none of 'a', 'b'"),
        (int, "1", "is no integer"),
        (str, field(default="A", pattern="^[a-z]$"), "does not keep to the limits"),
    ],
)
def test_what_a_definition_cannot_say_is_an_error_that_says_so(annotation: Any, default: Any, complaint: str):
    with pytest.raises(InvalidDefinition, match=complaint) as failed:
        definition_of(kind_with(annotation, default))
    assert failed.value.location is not None
    assert failed.value.location.file == __file__
    assert failed.value.remedy.endswith("if somebody else defines the kind, write foreign=True in its class line")


def test_a_limit_that_there_is_not_is_refused_where_it_is_written():
    with pytest.raises(InvalidDefinition, match="field\\(\\) knows no 'minimun'; choose among description, minimum"):
        field(minimun=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def test_a_column_is_a_path_and_the_core_group_is_not_defined():
    class NoPath(Resource, group="x.example.com", version="v1", columns={"A": "spec.a"}):
        spec: Limits

    class Core(Resource, group="", version="v1"):
        spec: Limits

    with pytest.raises(InvalidDefinition, match=r"is 'spec\.a', which is no path into an object"):
        definition_of(NoPath)
    with pytest.raises(InvalidDefinition, match="the group '' is Kubernetes' own"):
        definition_of(Core)


def test_only_a_module_s_own_kinds_are_defined_each_once_and_by_name():
    class Theirs(Resource, group="cert.example.com", version="v1", foreign=True):
        spec: Limits

    other = kind_with(str)
    made = definitions_of([other, Page, a.Pod, a.GenericKind, Theirs, Page])
    assert [one["metadata"]["name"] for one in made] == ["pages.shop.example.com", "things.x.example.com"]
    assert not is_own(Theirs)
    with pytest.raises(InvalidDefinition, match=r"define things\.x\.example\.com in two ways"):
        definitions_of([other, kind_with(int)])


zones = st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.integers(-(10**12), 10**13), st.integers(0, 999_999), zones)
def test_a_moment_is_read_as_it_was_written(milliseconds: int, microseconds: int, zone: timezone):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds, microseconds=microseconds)
    moment = moment.astimezone(zone)
    spec = Spec(until=moment)
    assert spec.until == moment
    assert document(spec)["until"].endswith("Z")


def test_a_moment_that_nobody_knows_is_refused_and_the_spelling_of_others_stays():
    spec = Spec.of({"until": "2026-01-02T03:04:05.678901234+02:00"})
    assert spec.until == datetime(2026, 1, 2, 1, 4, 5, 678901, tzinfo=UTC)
    assert document(spec)["until"] == "2026-01-02T03:04:05.678901234+02:00"
    with pytest.raises(MalformedObject, match="has no time zone"):
        spec.until = datetime(2026, 1, 2)  # noqa: DTZ001
    with pytest.raises(MalformedObject, match=r"Spec\.until is no RFC 3339 timestamp"):
        _ = Spec.of({"until": "tomorrow"}).until

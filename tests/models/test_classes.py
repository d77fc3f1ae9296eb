"""The generated classes hold what the API's schemas say: no more, no less, under the right types."""

from __future__ import annotations

import inspect
import keyword
import re
from typing import TYPE_CHECKING

import pytest

from poblano import models
from poblano.core.fields import Field, Text, Viewed
from poblano.core.objects import Resource, document, kind_of
from poblano.core.structs import Struct
from poblano.models import apiextensions_v1, apps_v1, authentication_v1, core_v1
from tests.models import every
from tools.generate_models import ROOT
from tools.models.classes import is_list_of_kind
from tools.models.names import class_name, module_of
from tools.models.shapes import ALIASES, IN_CORE, OPEN, Shape, shape
from tools.models.specification import Schema, Specification

if TYPE_CHECKING:
    from types import ModuleType

CLASSES = every.classes()
LITERAL = re.compile(r"    \w+: Scalar\w*\[Literal\[")


def annotation(cls: type[Struct], name: str) -> str:
    """How a field is annotated, in the class or where it is inherited from."""
    found = next(said[name] for base in cls.__mro__ if name in (said := inspect.get_annotations(base)))
    return found.replace("'", '"')


def described(kubernetes: Specification) -> dict[tuple[str, str], Schema]:
    left_out = OPEN | ALIASES.keys()
    return {
        (f"poblano.models.{module_of(name)}", class_name(name)): schema
        for name, schema in kubernetes.schemas.items()
        if name not in left_out and not is_list_of_kind(schema)
    }


def home(cls: type[Struct]) -> tuple[str, str]:
    in_core = cls.__module__ == "poblano.core.objects"
    return ("poblano.models.meta_v1" if in_core else cls.__module__, cls.__name__)


def test_there_is_a_class_for_every_schema_and_none_besides(kubernetes: Specification):
    assert sorted(map(home, CLASSES)) == sorted(described(kubernetes))


def test_the_keys_of_every_class_are_the_properties_of_its_schema(kubernetes: Specification):
    schemas = described(kubernetes)
    inherited = set(Resource.__keys__)
    for cls in CLASSES:
        keys, properties = set(cls.__keys__), set(schemas[home(cls)].get("properties", {}))
        # The options of CONNECT are no objects to OpenAPI, and have an apiVersion and a kind on the wire.
        allowed = inherited if issubclass(cls, Resource) else set[str]()
        assert properties <= keys <= properties | allowed, cls


def test_every_field_is_annotated_and_made_as_its_property_is_shaped(kubernetes: Specification):
    schemas = described(kubernetes)
    for cls in CLASSES:
        schema = schemas[home(cls)]
        for key, property_ in schema.get("properties", {}).items():
            name = cls.__keys__[key]
            expected = shape(property_, required=key in schema.get("required", ()))
            assert annotation(cls, name) in spellings(cls, name, expected), f"{cls.__name__}.{name}"
            assert annotation(cls, name).partition("[")[0] == type(cls.__fields__[name]).__name__


def spellings(cls: type[Struct], name: str, expected: Shape) -> set[str]:
    """Classes written by hand know no alias, and call a string that every object has a Text."""
    if not any(cls.__name__ == class_name(one) for one in IN_CORE) and cls.__fields__[name] not in own(Resource):
        return {expected.annotation}
    plain = ALIASES[expected.schema][0] if expected.schema in ALIASES else expected.argument
    by_hand = {f"{expected.field}[{plain}]", expected.annotation}
    if plain == "str":
        by_hand.add("Text")
    if name == "fields_v1":
        by_hand.add("ScalarMap[JSON]")
    return by_hand


def own(cls: type[Struct]) -> list[Field[object]]:
    return list(cls.__fields__.values())


@pytest.mark.parametrize(
    ("cls", "name", "expected"),
    (
        (core_v1.PodSpec, "containers", "NestedList[Container]"),
        (core_v1.PodSpec, "host_network", "Scalar[bool]"),
        (core_v1.PodSpec, "node_selector", "ScalarMap[str]"),
        (core_v1.PodSpec, "restart_policy", 'Scalar[Literal["Always", "Never", "OnFailure"]]'),
        (core_v1.PersistentVolumeClaimSpec, "volume_mode", 'Scalar[Literal["Block", "Filesystem"]]'),
        (core_v1.PodTemplateSpec, "metadata", "Nested[ObjectMeta]"),
        (core_v1.ResourceRequirements, "limits", "ScalarMap[Quantity]"),
        (core_v1.ServicePort, "target_port", "Scalar[IntOrString]"),
        (core_v1.Secret, "data", "ScalarMap[str]"),
        (core_v1.Event, "event_time", "Scalar[MicroTime]"),
        (core_v1.PodSecurityContext, "supplemental_groups", "ScalarList[int]"),
        (core_v1.PodExecOptions, "command", "ScalarList[str]"),
        (core_v1.PodPortForwardOptions, "ports", "ScalarList[int]"),
        (apps_v1.ControllerRevision, "data", "AnyValue"),
        (authentication_v1.UserInfo, "extra", "ScalarMap[list[str]]"),
        (apiextensions_v1.JSONSchemaProps, "properties", "NestedMap[JSONSchemaProps]"),
        (apiextensions_v1.JSONSchemaProps, "items", "AnyValue"),
        (apiextensions_v1.JSONSchemaProps, "enum", "ScalarList[JSON]"),
        (apiextensions_v1.JSONSchemaProps, "multiple_of", "Scalar[float]"),
        (apiextensions_v1.CustomResourceSubresources, "status", "Nested[CustomResourceSubresourceStatus]"),
    ),
)
def test_the_type_of_a_field(cls: type[Struct], name: str, expected: str):
    assert annotation(cls, name) == expected


def test_a_string_that_is_always_there_is_never_none():
    metadata = {("ObjectMeta", name) for name in ("name", "namespace", "uid", "resource_version")}
    texts = {(cls.__name__, name) for cls in CLASSES for name, one in cls.__fields__.items() if isinstance(one, Text)}
    assert metadata <= texts
    assert ("Container", "name") in texts
    assert ("Container", "image") not in texts


def test_every_name_of_a_class_that_an_annotation_gives_is_there(kubernetes: Specification):
    schemas = described(kubernetes)
    for cls in CLASSES:
        for name, one in cls.__fields__.items():
            if isinstance(one, Viewed):
                property_ = schemas[home(cls)].get("properties", {}).get(one.key)
                assert property_ is None or one.view.__name__ == shape(property_).argument, f"{cls.__name__}.{name}"


def test_attributes_are_snake_case_and_no_keywords():
    for cls in CLASSES:
        for name in cls.__fields__:
            assert re.fullmatch(r"[a-z][a-z0-9_]*", name), f"{cls.__name__}.{name}"
            assert not keyword.iskeyword(name), f"{cls.__name__}.{name}"


def test_every_class_is_documented_in_lines_that_fit_and_without_links():
    assert [cls for cls in CLASSES if not (cls.__doc__ or "").strip()] == []
    for module in every.modules():
        prose = [line for line in inspect.getsource(module).splitlines() if not LITERAL.match(line)]
        assert [line for line in prose if len(line) > 120 or re.search("https?://", line)] == []


@pytest.mark.parametrize("module", every.modules(), ids=lambda module: module.__name__.rpartition(".")[2])
def test_what_is_written_into_a_field_stands_under_its_key_and_reads_back(module: ModuleType):
    for cls, name, one in (
        (c, n, f) for c in CLASSES for n, f in c.__fields__.items() if home(c)[0] == module.__name__
    ):
        view, value = cls.of({}), sample(one)
        setattr(view, name, value)
        assert document(view) == {one.key: value}
        assert getattr(view, name) == value
        delattr(view, name)
        assert document(view) == {}


def sample(one: Field[object]) -> object:
    kind = type(one).__name__
    if kind.endswith("List"):
        return [{"a": 1}] if kind == "NestedList" else ["x"]
    if kind.endswith("Map"):
        return {"k": {"a": 1}} if kind == "NestedMap" else {"k": "x"}
    return {"a": 1} if kind == "Nested" else "x"


def test_a_new_object_of_a_kind_says_what_it_is():
    for cls in CLASSES:
        if issubclass(cls, Resource):
            kind = kind_of(cls)
            assert document(cls()) == {"apiVersion": kind.api_version, "kind": kind.kind}


def test_the_package_says_that_it_is_generated():
    for file in sorted((ROOT / "src" / "poblano" / "models").glob("*.py")):
        first = file.read_text().splitlines()[0]
        assert (
            first
            == "# Generated by tools/generate_models.py from the OpenAPI documents of Kubernetes v1.36. Do not edit."
        )
    assert models.__doc__

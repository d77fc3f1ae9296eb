"""Reading protobuf, written apart from what writes it: the tests' own view of gnostic's OpenAPIv2.proto."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

Message = dict[str, Any]

# For each message, the field of each number: its name, its type ("text", "number", "double", or a message), and whether it repeats ("*").
MESSAGES: Mapping[str, Mapping[int, str]] = {
    "Document": {1: "swagger text", 2: "info Info", 8: "paths Paths", 9: "definitions Definitions",
                 12: "security *SecurityRequirement", 13: "securityDefinitions SecurityDefinitions"},
    "Info": {1: "title text", 2: "version text", 3: "description text"},
    "Paths": {1: "extension *NamedAny", 2: "path *NamedPathItem"},
    "NamedPathItem": {1: "name text", 2: "value PathItem"},
    "PathItem": {1: "$ref text", 2: "get Operation", 3: "put Operation", 4: "post Operation", 5: "delete Operation",
                 6: "options Operation", 7: "head Operation", 8: "patch Operation", 9: "parameters *ParametersItem"},
    "Operation": {1: "tags *text", 2: "summary text", 3: "description text", 5: "operationId text", 6: "produces *text",
                  7: "consumes *text", 8: "parameters *ParametersItem", 9: "responses Responses", 10: "schemes *text",
                  11: "deprecated number", 12: "security *SecurityRequirement", 13: "extension *NamedAny"},
    "ParametersItem": {1: "parameter Parameter", 2: "reference JsonReference"},
    "Parameter": {1: "body BodyParameter", 2: "other NonBodyParameter"},
    "NonBodyParameter": {3: "query QueryParameter", 4: "path PathParameter"},
    "BodyParameter": {1: "description text", 2: "name text", 3: "in text", 4: "required number", 5: "schema Schema"},
    "QueryParameter": {1: "required number", 2: "in text", 3: "description text", 4: "name text", 6: "type text",
                       7: "format text", 20: "uniqueItems number"},
    "PathParameter": {1: "required number", 2: "in text", 3: "description text", 4: "name text", 5: "type text",
                      6: "format text", 19: "uniqueItems number"},
    "Responses": {1: "code *NamedResponse"},
    "NamedResponse": {1: "name text", 2: "value ResponseValue"},
    "ResponseValue": {1: "response Response"},
    "Response": {1: "description text", 2: "schema SchemaItem"},
    "SchemaItem": {1: "schema Schema"},
    "Definitions": {1: "entry *NamedSchema"},
    "Properties": {1: "entry *NamedSchema"},
    "NamedSchema": {1: "name text", 2: "value Schema"},
    "Schema": {1: "$ref text", 2: "format text", 3: "title text", 4: "description text", 5: "default Any",
               6: "multipleOf double", 7: "maximum double", 8: "exclusiveMaximum number", 9: "minimum double",
               10: "exclusiveMinimum number", 11: "maxLength number", 12: "minLength number", 13: "pattern text",
               14: "maxItems number", 15: "minItems number", 16: "uniqueItems number", 17: "maxProperties number",
               18: "minProperties number", 19: "required *text", 20: "enum *Any",
               21: "additionalProperties AdditionalProperties", 22: "type Type", 23: "items Items",
               25: "properties Properties", 30: "example Any", 31: "extension *NamedAny"},
    "AdditionalProperties": {1: "schema Schema", 2: "boolean number"},
    "Type": {1: "value *text"},
    "Items": {1: "schema *Schema"},
    "Any": {2: "yaml text"},
    "NamedAny": {1: "name text", 2: "value Any"},
    "SecurityRequirement": {1: "entry *NamedStrings"},
    "NamedStrings": {1: "name text", 2: "value Strings"},
    "Strings": {1: "value *text"},
    "SecurityDefinitions": {1: "entry *NamedSecurity"},
    "NamedSecurity": {1: "name text", 2: "value Security"},
    "Security": {2: "apiKey ApiKey"},
    "ApiKey": {1: "type text", 2: "name text", 3: "in text", 4: "description text"},
}  # fmt: skip


def read(kind: str, content: bytes) -> Message:
    """A message, by name of field; an unknown field is an error."""
    found: Message = {}
    for number, wire, value in fields(content):
        name, _, type_ = MESSAGES[kind][number].partition(" ")
        read_value = _value(type_.lstrip("*"), wire, value)
        if type_.startswith("*"):
            found.setdefault(name, []).append(read_value)
        else:
            assert name not in found, f"{kind}.{name} twice"
            found[name] = read_value
    return found


def _value(type_: str, wire: int, value: Any) -> Any:
    assert wire == {"number": 0, "double": 1}.get(type_, 2)
    if type_ in ("number", "double"):
        return value
    return value.decode() if type_ == "text" else read(type_, value)


def fields(content: bytes) -> Iterator[tuple[int, int, Any]]:
    """The fields of a message: number, wire type, value."""
    at = 0
    while at < len(content):
        key, at = varint(content, at)
        wire = key & 7
        if wire == 0:
            value: Any
            value, at = varint(content, at)
        elif wire == 1:
            (value,), at = struct.unpack("<d", content[at : at + 8]), at + 8
        else:
            assert wire == 2
            length, at = varint(content, at)
            value, at = content[at : at + length], at + length
            assert len(value) == length
        yield key >> 3, wire, value


def varint(content: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends."""
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def schema(read_schema: Message) -> dict[str, Any]:
    """A read Schema as the JSON it was written from."""
    found: dict[str, Any] = {}
    for key, value in read_schema.items():
        if key in ("default", "example"):
            found[key] = json.loads(value["yaml"])
        elif key == "enum":
            found[key] = [json.loads(one["yaml"]) for one in value]
        elif key == "extension":
            found.update({one["name"]: json.loads(one["value"]["yaml"]) for one in value})
        elif key == "type":
            (found[key],) = value["value"]
        elif key == "items":
            found[key] = schema(value["schema"][0])
        elif key == "properties":
            found[key] = {one["name"]: schema(one["value"]) for one in value.get("entry", [])}
        elif key == "additionalProperties":
            found[key] = schema(value["schema"]) if "schema" in value else bool(value["boolean"])
        elif key in ("uniqueItems", "exclusiveMaximum", "exclusiveMinimum"):
            found[key] = bool(value)
        else:
            found[key] = value
    return found

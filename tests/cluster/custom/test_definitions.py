from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.custom.conditions import condition, is_true, settled
from poblano.cluster.custom.definition import prepare_for_update
from poblano.cluster.custom.kind import priority
from poblano.core.jsonvalue import Document, copied
from tests.cluster.custom.definitions import NOW, STRATEGY, complaints, definition, kind_of, prepared

SPEC = "spec.validation.openAPIV3Schema.properties[spec]"


def changed(path: str, value: Any) -> Document:
    """A definition of Things, with one thing another."""
    crd = definition({"type": "object", "properties": {"a": {"type": "string"}}})
    at: Any = crd
    *parts, last = path.split(".")
    for part in parts:
        at = at[int(part)] if part.isdigit() else at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return crd


NAMES = [
    ("spec.group", "", "spec.group: Required value"),
    ("spec.group", "example", "should be a domain with at least one dot"),
    ("spec.group", "Ex.ample", "spec.group: Invalid value"),
    ("spec.scope", None, "spec.scope: Required value"),
    ("spec.scope", "Galaxy", 'Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"'),
    ("spec.names.kind", "thing!", "may have mixed case, but should otherwise match"),
    ("spec.names.listKind", "Thing", "kind and listKind may not be the same"),
    ("spec.names.shortNames", ["t", "T"], "spec.names.shortNames[1]: Invalid value"),
    ("spec.names.categories", ["A"], "spec.names.categories[0]: Invalid value"),
    ("spec.versions.0.name", "V1", "spec.versions[0].name: Invalid value"),
    ("spec.versions.0.storage", False, "must have exactly one version marked as storage version"),
    ("spec.versions.0.schema", None, "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required"),
    ("spec.versions.0.deprecationWarning", "x", "can only be set for deprecated versions"),
    ("spec.preserveUnknownFields", True, "spec.preserveUnknownFields: Invalid value: true"),
    ("spec.conversion", {"strategy": "Magic"}, "spec.conversion.strategy: Unsupported value"),
    ("spec.conversion", {"strategy": "Webhook"}, "spec.conversion.webhookClientConfig: Required value"),
]


@pytest.mark.parametrize(("path", "value", "said"), NAMES)
def test_a_definition_is_refused_for_its_names_versions_and_conversion(path: str, value: Any, said: str):
    found = complaints(changed(path, value))
    assert [one for one in found if said in one], found


def test_two_versions_of_one_name_are_refused():
    crd = definition({"type": "object"})
    crd["spec"]["versions"].append({**copied(crd["spec"]["versions"][0]), "storage": False})
    assert any(one.endswith("must contain unique version names") for one in complaints(crd))


SCHEMAS = [
    ({}, f"{SPEC}.type: Required value: must not be empty for specified object fields"),
    ({"type": "array"}, f"{SPEC}.items: Required value: must be specified"),
    ({"type": "array", "items": {}}, f"{SPEC}.items.type: Required value: must not be empty for specified array items"),
    ({"type": "object", "uniqueItems": True}, f"{SPEC}.uniqueItems: Forbidden"),
    ({"type": "string", "$ref": "#/x"}, f"{SPEC}.$ref: Forbidden: $ref is not supported"),
    ({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}, "mutual exclusive"),
    ({"type": "object", "x-kubernetes-preserve-unknown-fields": False}, "must be true or undefined"),
    ({"type": "string", "x-kubernetes-list-type": "set"}, "must be array if x-kubernetes-list-type is specified"),
    ({"type": "object", "x-kubernetes-map-type": "odd"}, 'Unsupported value: "odd": supported values: "atomic", "granular"'),
    ({"type": "string", "anyOf": [{"type": "string"}]}, f"{SPEC}.anyOf[0].type: Forbidden: must be empty to be structural"),
    ({"type": "object", "allOf": [{"properties": {"b": {"minLength": 1}}}]}, f"because it is defined in {SPEC}.allOf[0].properties[b]"),
    ({"type": "string", "pattern": "("}, "must be a valid regular expression, but isn't"),
    ({"type": "object", "x-kubernetes-embedded-resource": True}, f"{SPEC}.properties: Required value: must not be empty if"),
    ({"x-kubernetes-int-or-string": True, "x-kubernetes-preserve-unknown-fields": True}, "must be false if x-kubernetes-int-or-string"),
    ({"type": "integer", "default": "x"}, f"{SPEC}.default: Invalid value"),
    ({"type": "object", "default": {"b": 1}}, f'{SPEC}.default: Invalid value: {{"b":1}}: must not have unknown fields'),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "said"), SCHEMAS)
def test_a_schema_is_refused(schema: Document, said: str):
    found = complaints(definition(schema))
    assert [one for one in found if said in one], found


def listed(items: Document, **more: Any) -> Document:
    return {"type": "array", "items": items, **more}


LISTS = [
    (listed({"type": "string"}, **{"x-kubernetes-list-map-keys": ["a"]}), "x-kubernetes-list-type: Required value: must be map"),
    (listed({"type": "string"}, **{"x-kubernetes-list-type": "map"}), "x-kubernetes-list-map-keys: Required value"),
    (listed({"type": "object"}, **{"x-kubernetes-list-type": "set"}), "must be atomic as item of a list with x-kubernetes-list-type=set"),
    (listed({"type": "string", "nullable": True}, **{"x-kubernetes-list-type": "set"}), "cannot be nullable when x-kubernetes-list-type"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "said"), LISTS)
def test_a_list_that_is_a_set_or_a_map_has_items_that_can_be_told_apart(schema: Document, said: str):
    found = complaints(definition({"type": "object", "properties": {"l": schema}}))
    assert [one for one in found if said in one], found


def test_the_keys_of_a_map_like_list_are_there_or_have_a_default():
    keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]}
    schema = listed({"type": "object", "properties": {"n": {"type": "string"}}}, **keys)
    (found,) = complaints(definition({"type": "object", "properties": {"l": schema}}))
    assert found.endswith("so it must have a default or be a required property")
    schema["items"]["required"] = ["n"]
    assert complaints(definition({"type": "object", "properties": {"l": schema}})) == []


VERSIONS = [
    ({"additionalPrinterColumns": [{"name": "A", "type": "text", "jsonPath": ".a"}]}, "spec.additionalPrinterColumns[0].type: Invalid"),
    ({"additionalPrinterColumns": [{"name": "A", "type": "string", "jsonPath": "a"}]}, "must be a simple json path starting with ."),
    ({"subresources": {"scale": {"specReplicasPath": ".a", "statusReplicasPath": ".status.a"}}}, "should be a json path under .spec"),
    ({"subresources": {"scale": {"statusReplicasPath": ".status.a"}}}, "spec.subresources.scale.specReplicasPath: Required value"),
    ({"selectableFields": [{"jsonPath": ".spec"}]}, "must point to a field of type string, boolean or integer"),
    ({"selectableFields": [{"jsonPath": ".spec.b"}]}, "is an invalid path: does not refer to a valid field"),
    ({"selectableFields": [{"jsonPath": ".spec.a"}, {"jsonPath": ".spec.a"}]}, 'Duplicate value: ".spec.a"'),
]  # fmt: skip


@pytest.mark.parametrize(("version", "said"), VERSIONS)
def test_columns_subresources_and_selectable_fields_are_looked_at(version: Document, said: str):
    found = complaints(definition({"type": "object", "properties": {"a": {"type": "string"}}}, **version))
    assert [one for one in found if said in one], found


def test_what_versions_say_differently_is_complained_of_version_by_version():
    crd = definition({"type": "object"})
    crd["spec"]["versions"].append({**copied(crd["spec"]["versions"][0]), "name": "v2", "storage": False})
    crd["spec"]["versions"][1]["schema"]["openAPIV3Schema"]["properties"]["spec"] = {"type": "strin"}
    (found,) = complaints(crd)
    assert found.startswith("spec.versions[1].schema.openAPIV3Schema.properties[spec].type: Unsupported value")


def test_names_and_group_of_what_is_in_force_do_not_change():
    old = settled(prepared(definition({"type": "object"})), [], NOW)
    new = copied(old)
    new["spec"]["names"]["kind"], new["spec"]["scope"] = "Other", "Cluster"
    for one in (old, new):
        one["metadata"]["resourceVersion"] = "1"
    found = [str(one) for one in STRATEGY.validate_update(new, old)]
    assert found == [
        'spec.scope: Invalid value: "Cluster": field is immutable',
        'spec.names.kind: Invalid value: "Other": field is immutable',
    ]


def test_a_version_in_which_objects_are_stored_stays():
    old = prepared(definition({"type": "object"}))
    new = copied(old)
    new["spec"]["versions"][0]["name"] = "v2"
    prepare_for_update(new, old)
    assert (new["status"]["storedVersions"], new["metadata"]["generation"]) == (["v1", "v2"], 2)
    for one in (old, new):
        one["metadata"]["resourceVersion"] = "1"
    (found,) = STRATEGY.validate_update(new, old)
    assert (found.field, found.detail.partition(";")[0]) == ("status.storedVersions[0]", "missing from spec.versions")


# ---- names


def other(name: str, **names: Any) -> Document:
    crd = definition({"type": "object"})
    crd["metadata"]["name"] = name
    crd["spec"]["names"].update(names)
    return prepared(crd)


def test_names_that_another_definition_has_are_not_granted():
    first = settled(other("things.x.example.com", shortNames=["th"]), [], NOW)
    second = settled(
        other("items.x.example.com", plural="items", singular="item", kind="Thing", shortNames=["th"]), [first], NOW
    )
    assert not is_true(second, "NamesAccepted")
    assert not is_true(second, "Established")
    found = condition(second, "NamesAccepted")
    assert found is not None
    assert (found["reason"], found["message"]) == ("ListKindConflict", '"ThingList" is already in use')
    assert second["status"]["acceptedNames"] == {"plural": "items", "singular": "item", "kind": ""}


def test_a_name_is_granted_when_the_other_definition_is_gone():
    first = settled(other("things.x.example.com"), [], NOW)
    second = settled(other("items.x.example.com", plural="items", singular="item"), [first], NOW)
    assert not is_true(second, "Established")
    assert is_true(settled(second, [], NOW), "Established")


def test_what_is_in_force_stays_in_force_when_a_name_is_in_conflict():
    first = settled(other("things.x.example.com"), [], NOW)
    second = settled(
        other("items.x.example.com", plural="items", singular="item", kind="Item", listKind="ItemList"), [first], NOW
    )
    second["spec"]["names"]["singular"] = "thing"
    again = settled(second, [first], NOW)
    assert (is_true(again, "NamesAccepted"), is_true(again, "Established")) == (False, True)
    assert again["status"]["acceptedNames"]["singular"] == "item"


def test_settling_again_changes_nothing():
    once = settled(other("things.x.example.com"), [], NOW)
    assert settled(once, [once], "2027-01-01T00:00:00Z") == once


def test_a_kind_is_served_under_the_names_it_was_granted():
    found = kind_of(definition({"type": "object"})).resource("v1")
    assert (found.plural, found.singular, found.list_kind, found.namespaced) == ("things", "thing", "ThingList", True)
    assert found.schema is not None
    labels = found.schema.properties["metadata"].property("labels")
    assert labels is not None
    assert labels.type == "object"


def test_versions_are_sorted_by_what_they_promise():
    names = ["foo10", "v1beta1", "v11alpha2", "v10", "v3beta1", "foo1", "v2", "v1", "v12alpha1", "v11beta2"]
    wanted = ["v10", "v2", "v1", "v11beta2", "v3beta1", "v1beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]
    assert sorted(names, key=priority) == wanted

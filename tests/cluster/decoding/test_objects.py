from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.decoding import check_fields, drop_unknown, read_object, type_errors
from poblano.cluster.decoding.fields import doubled_fields
from poblano.cluster.resources import Registry, Resource
from poblano.cluster.schema import built_in
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import copied
from tests.cluster.custom.definitions import definition, kind_of, transcript

JSON = "application/json"
POD = "io.k8s.api.core.v1.Pod"


def resource(group: str, plural: str) -> Resource:
    found = Registry().find(group, "v1", plural)
    assert found is not None
    return found


def refusal(body: Any, of: Resource, mode: Any = "Warn", content_type: str = JSON) -> str:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(StatusError) as refused:
        read_object(raw, content_type, of, mode)
    assert refused.value.code == 400
    return refused.value.message


RECORDED = [
    ("validation", 4, "pods", "Strict"),
    ("validation", 7, "pods", "Warn"),
    ("validation", 13, "secrets", "Warn"),
    ("crud", 12, "configmaps", "Warn"),
    ("crud", 15, "configmaps", "Warn"),
]


@pytest.mark.parametrize(("name", "number", "plural", "mode"), RECORDED)
def test_a_body_is_refused_as_the_real_server_did(name: str, number: int, plural: str, mode: str):
    step = transcript(name)[number]
    body = step["request"]["body"]
    raw = body.encode() if isinstance(body, str) else body
    assert refusal(raw, resource("", plural), mode) == step["response"]["body"]["message"]


def pod(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec}


TYPES = [
    (pod(containers=[{"name": 5}]), "number into Go struct field Container.spec.containers.name of type string"),
    (pod(containers=[{"imagePullPolicy": 5}]), "Container.spec.containers.imagePullPolicy of type v1.PullPolicy"),
    (pod(containers=[{"env": [{"name": "a", "value": True}]}]), "bool into Go struct field EnvVar.spec.containers.env.value"),
    (pod(containers=[{"ports": [{"containerPort": "80"}]}]), "string into Go struct field ContainerPort.spec"),
    (pod(containers=[{"ports": [{"containerPort": 1.5}]}]), "number 1.5 into Go struct field ContainerPort.spec"),
    (pod(terminationGracePeriodSeconds=2**70), "of type int64"),
    (pod(nodeSelector=["a"]), "array into Go struct field PodSpec.spec.nodeSelector of type map[string]string"),
    (pod(hostNetwork="yes"), "string into Go struct field PodSpec.spec.hostNetwork of type bool"),
    (pod(containers=[{"resources": {"limits": {"cpu": "lots"}}}]), "quantities must match the regular expression"),
    (pod(containers=[{"livenessProbe": {"httpGet": {"port": True}}}]), "json: cannot unmarshal bool into Go value of type int32"),
    ({**pod(), "metadata": {"labels": {"a": 1}}}, "number into Go struct field ObjectMeta.metadata.labels of type string"),
    ({**pod(), "metadata": {"creationTimestamp": "yesterday"}}, 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot'),
    ({**pod(), "metadata": "x"}, "string into Go struct field Pod.metadata of type v1.ObjectMeta"),
    ({**pod(), "spec": []}, "array into Go struct field Pod.spec of type v1.PodSpec"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "said"), TYPES, ids=range(len(TYPES)))
def test_a_value_of_another_type_is_refused_in_the_words_of_go(body: Any, said: str):
    message = refusal(body, resource("", "pods"))
    assert message.startswith('Pod in version "v1" cannot be handled as a Pod: ')
    assert said in message


def test_null_is_a_value_of_every_type():
    type_errors({**pod(containers=None, hostNetwork=None), "metadata": None}, POD)


@pytest.mark.parametrize("text", ["1", "1.5Gi", "100m", "1e3", "-1", ".5"])
def test_a_quantity_is_a_text_or_a_number(text: str):
    type_errors(pod(containers=[{"resources": {"limits": {"cpu": text}}}, {"resources": {"limits": {"cpu": 2}}}]), POD)


@pytest.mark.parametrize(("text", "at"), [("AAE", 0), ("A===", 1), ("AA=A", 2), ("AAAA!", 4)])
def test_bytes_have_to_be_base64(text: str, at: int):
    body = {"kind": "Secret", "apiVersion": "v1", "data": {"a": text}}
    assert refusal(body, resource("", "secrets")).endswith(f"illegal base64 data at input byte {at}")


# ---- unknown and double fields

TWICE = b'{"kind":"ConfigMap","apiVersion":"v1","data":{"a":"1","a":"2"},"bogus":1}'
SAID = ['duplicate field "data.a"', 'unknown field "bogus"']


def test_double_and_unknown_fields_are_warned_of_refused_or_dropped_in_silence():
    maps = resource("", "configmaps")
    document, warnings = read_object(TWICE, JSON, maps)
    assert (document["data"], "bogus" in document, warnings) == ({"a": "2"}, False, SAID)
    assert read_object(TWICE, JSON, maps, "Ignore")[1] == []
    strict = f'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: {", ".join(SAID)}'
    assert refusal(TWICE, maps, "Strict") == strict


def test_double_keys_of_yaml_are_told_by_line():
    body = b"kind: ConfigMap\napiVersion: v1\ndata: {a: b, a: c}\n"
    (warning,) = read_object(body, "application/yaml", resource("", "configmaps"))[1]
    assert warning == 'yaml: unmarshal errors:\n  line 3: key "a" already set in map'


def test_a_type_error_is_told_before_unknown_fields():
    assert "unmarshal" in refusal(b'{"bogus":1,"data":{"a":1}}', resource("", "configmaps"), "Strict")


def test_more_than_a_hundred_complaints_are_not_collected():
    body = {f"x{number}": 1 for number in range(200)}
    assert len(read_object(json.dumps(body).encode(), JSON, resource("", "configmaps"))[1]) == 100


KEYS = st.sampled_from(["a", "b", '"', "\\", "é"])
TREES = st.recursive(
    st.integers(0, 3) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, TREES))
def test_no_field_of_an_object_that_was_written_by_a_program_stands_there_twice(document):
    for raw in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent=1)):
        assert doubled_fields(raw.encode(), document, JSON) == []


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), TREES), max_size=5))
def test_every_field_that_stands_there_twice_is_found(pairs):
    raw = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs) + "}"
    keys = [key for key, _ in pairs]
    wanted = {f'duplicate field "{key}"' for key in keys if keys.count(key) > 1}
    assert set(doubled_fields(raw.encode(), json.loads(raw), JSON)) == wanted


def test_what_a_map_or_a_free_form_part_holds_is_not_unknown():
    crd = definition({"type": "object", "properties": {"a": {"type": "string", "default": {"free": 1}}}})
    crd["metadata"]["labels"] = {"any": "thing"}
    before = copied(crd)
    schema = built_in()["io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"]
    assert (drop_unknown(crd, schema), crd) == ([], before)


@given(st.dictionaries(st.sampled_from(["metadata", "spec", "status", "data", "x"]), TREES))
def test_dropping_unknown_fields_again_finds_none(document):
    schema = built_in()[POD]
    drop_unknown(document, schema)
    assert drop_unknown(document, schema) == []


# ---- kinds


def test_an_object_without_a_kind_is_of_the_kind_that_the_path_names():
    document, _ = read_object(b"{}", JSON, resource("apps", "deployments"))
    assert document == {"kind": "Deployment", "apiVersion": "apps/v1"}


def test_another_version_of_the_kind_is_refused():
    said = refusal({"kind": "Deployment", "apiVersion": "apps/v1beta1"}, resource("apps", "deployments"))
    assert said == "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)"


def test_a_kind_that_nobody_knows_is_refused():
    assert 'no kind "Nothing" is registered for version "v1"' in refusal(
        {"kind": "Nothing", "apiVersion": "v1"}, resource("", "pods")
    )


# ---- custom kinds


def things() -> Resource:
    return kind_of(definition({"type": "object", "properties": {"a": {"type": "string"}}})).resource("v1")


def thing(**more: Any) -> dict[str, Any]:
    return {"kind": "Thing", "apiVersion": "x.example.com/v1", "metadata": {"name": "x"}, **more}


def test_unknown_fields_of_a_custom_object_are_told_metadata_first_then_sorted():
    body = thing(z=1, metadata={"name": "x", "nope": 1}, spec={"q": 1, "b": 1})
    warnings = read_object(json.dumps(body).encode(), JSON, things())[1]
    assert warnings == [f'unknown field "{path}"' for path in ("metadata.nope", "spec.b", "spec.q", "z")]


def test_a_custom_object_needs_a_kind_and_the_right_version():
    assert "Object 'Kind' is missing in '{}'" in refusal(b"{}", things())
    other = refusal(thing(apiVersion="x.example.com/v2"), things())
    assert (
        other
        == "the API version in the data (x.example.com/v2) does not match the expected API version (x.example.com/v1)"
    )


def test_metadata_of_a_custom_object_is_read_as_go_reads_it():
    said = refusal(thing(metadata={"labels": {"a": 1}}), things())
    assert said.startswith('Thing in version "v1" cannot be handled as a Thing: metadata: Invalid value: ')
    assert said.endswith("json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string")


def test_strict_validation_of_a_custom_object():
    said = refusal(thing(spec={"b": 1}), things(), "Strict")
    assert said == 'Thing in version "v1" cannot be handled as a Thing: strict decoding error: unknown field "spec.b"'


def test_nulls_that_may_not_be_there_are_dropped():
    document, warnings = read_object(json.dumps(thing(spec={"a": None})).encode(), JSON, things())
    assert (document["spec"], warnings) == ({}, [])


def test_fields_are_checked_without_a_schema_too():
    assert check_fields({"a": 1}, b'{"a":1,"a":1}', None, "Warn") == ['duplicate field "a"']

from __future__ import annotations

import base64
import gzip
import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.decoding.protobuf import read_protobuf
from poblano.cluster.openapi.wire import integer, message, text, varint
from poblano.cluster.status import StatusError

TABLE: dict[str, dict[str, str]] = json.loads(
    gzip.decompress(files("poblano.cluster").joinpath("data", "protobuf.json.gz").read_bytes())
)
CORE = "io.k8s.api.core.v1"
META = "io.k8s.apimachinery.pkg.apis.meta.v1"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"


def written(name: str, value: dict[str, Any]) -> bytes:
    """A message, from its fields as JSON has them: what the table says, the other way round."""
    parts: list[bytes] = []
    for number, entry in TABLE[name].items():
        key, _, type_ = entry.partition(" ")
        if not key:
            parts.append(message(int(number), written(type_, value)))
        elif key in value:
            parts += [_field(int(number), type_.lstrip("*%"), one) for one in _values(type_, value[key])]
    return b"".join(parts)


def _values(type_: str, value: Any) -> list[Any]:
    if type_.startswith("*"):
        return list(value)
    return list(value.items()) if type_.startswith("%") else [value]


def _field(number: int, type_: str, value: Any) -> bytes:
    if isinstance(value, tuple):
        return message(number, text(1, value[0]) + _field(2, type_, value[1]))
    match type_:
        case "text":
            return message(number, value.encode())
        case "bytes":
            return message(number, base64.b64decode(value))
        case "number" | "boolean":
            return varint(number << 3) + varint(value)
        case _:
            return message(number, _special(type_, value))


def _special(type_: str, value: Any) -> bytes:
    if type_ == QUANTITY:
        return text(1, value)
    if type_ == INT_OR_STRING:
        return integer(2, value) if isinstance(value, int) else integer(1, 1) + text(3, value)
    if type_ == f"{META}.Time":
        return integer(1, 1769860800) if value else b""
    return b"".join(text(1, one) for one in value) if type_.endswith("ExtraValue") else written(type_, value)


def body(api_version: str, kind: str, raw: bytes) -> bytes:
    return b"k8s\x00" + message(1, text(1, api_version) + text(2, kind)) + message(2, raw)


def test_what_kubectl_sends_for_a_config_map_is_read() -> None:
    sent = (
        "6b387300 0a0f 0a027631 1209 436f6e6669674d6170 121b 0a11 0a0161 1200 1a00 2200 2a00 3200 3800 4200 "
        "1206 0a0178 120179 1a00 2200"
    )
    assert read_protobuf(bytes.fromhex(sent)) == {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "a"},
        "data": {"x": "y"},
    }


DEPLOYMENT: dict[str, Any] = {
    "metadata": {"name": "d", "labels": {"app": "d", "empty": ""}, "creationTimestamp": "2026-01-31T12:00:00Z"},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "d"}},
        "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "template": {
            "spec": {
                "automountServiceAccountToken": False,
                "containers": [
                    {
                        "name": "c",
                        "args": ["", "-v"],
                        "livenessProbe": {"httpGet": {"path": "/", "port": "web"}, "periodSeconds": 5},
                        "resources": {"limits": {"cpu": "100m"}},
                        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                    }
                ],
                "volumes": [{"name": "v", "configMap": {"name": "m", "defaultMode": 420}}],
            }
        },
    },
}


def test_structs_that_json_has_inline_and_zeros_that_mean_something_are_read_back() -> None:
    raw = written("io.k8s.api.apps.v1.Deployment", DEPLOYMENT)
    assert read_protobuf(body("apps/v1", "Deployment", raw)) == {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        **DEPLOYMENT,
    }


def test_zeros_that_go_would_leave_out_are_left_out() -> None:
    empty = {"metadata": {"name": "x", "generateName": "", "generation": 0, "creationTimestamp": ""}, "type": ""}
    raw = written(f"{CORE}.Secret", empty)
    assert read_protobuf(body("v1", "Secret", raw))["metadata"] == {"name": "x"}
    assert "type" not in read_protobuf(body("v1", "Secret", raw))


def test_a_review_of_access_is_read() -> None:
    asked = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "n"}}}
    raw = written("io.k8s.api.authorization.v1.SelfSubjectAccessReview", asked)
    assert read_protobuf(body("authorization.k8s.io/v1", "SelfSubjectAccessReview", raw))["spec"] == asked["spec"]
    extra = {"spec": {"user": "u", "extra": {"scopes": ["a", "b"]}}}
    raw = written("io.k8s.api.authorization.v1.SubjectAccessReview", extra)
    assert read_protobuf(body("authorization.k8s.io/v1", "SubjectAccessReview", raw))["spec"] == extra["spec"]


def test_options_are_of_one_kind_in_every_group() -> None:
    raw = written(
        f"{META}.DeleteOptions", {"gracePeriodSeconds": 0, "propagationPolicy": "Foreground", "dryRun": ["All"]}
    )
    for api_version in ("v1", "apps/v1", "meta.k8s.io/v1"):
        found = read_protobuf(body(api_version, "DeleteOptions", raw))
        assert found["propagationPolicy"] == "Foreground"
        assert found["gracePeriodSeconds"] == 0
        assert found["dryRun"] == ["All"]


WORDS = st.text(max_size=5)
MAPS = st.dictionaries(WORDS, WORDS, min_size=1, max_size=3)
CONFIG_MAPS = st.fixed_dictionaries(
    {"metadata": st.fixed_dictionaries({}, optional={"labels": MAPS, "finalizers": st.lists(WORDS, min_size=1)})},
    optional={
        "data": MAPS,
        "binaryData": st.dictionaries(WORDS, st.binary().map(lambda one: base64.b64encode(one).decode()), min_size=1),
        "immutable": st.booleans(),
    },
)


@given(CONFIG_MAPS)
def test_whatever_is_written_is_read_back(document: dict[str, Any]) -> None:
    found = read_protobuf(body("v1", "ConfigMap", written(f"{CORE}.ConfigMap", document)))
    assert found == {"kind": "ConfigMap", "apiVersion": "v1", **document}


def test_fields_of_a_later_version_are_passed_over() -> None:
    raw = written(f"{CORE}.ConfigMap", {"data": {"a": "b"}}) + text(900, "new") + integer(901, 7)
    assert read_protobuf(body("v1", "ConfigMap", raw))["data"] == {"a": "b"}


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", "expected prefix"),
        (b"{}", "expected prefix"),
        (b"k8s\x00", "no kind"),
        (body("v1", "Nope", b""), 'no kind "Nope"'),
        (body("v2", "ConfigMap", b""), "no kind"),
        (body("v1", "ConfigMap", b"\x0a\x05a"), "unexpected EOF"),
        (body("v1", "ConfigMap", b"\x08\x01"), "unable to decode"),
        (b"k8s\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "integer overflow"),
    ],
)
def test_what_is_no_object_is_refused(sent: bytes, why: str) -> None:
    with pytest.raises(StatusError) as refused:
        read_protobuf(sent)
    assert refused.value.code == 400
    assert why in refused.value.message


def _outcome(sent: bytes) -> int:
    try:
        read_protobuf(sent)
    except StatusError as refused:
        return refused.code
    return 200


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    assert _outcome(body("v1", "Pod", raw)) in (200, 400)


def test_the_table_knows_every_message_that_it_names() -> None:
    scalars = {"text", "bytes", "number", "boolean"}
    for name, fields in TABLE.items():
        for entry in fields.values():
            type_ = entry.partition(" ")[2].lstrip("*%")
            assert type_ in scalars or type_ in TABLE, (name, entry)

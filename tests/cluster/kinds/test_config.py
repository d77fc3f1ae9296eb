"""ConfigMaps and Secrets: their keys, their sizes, their types, and what stays as it is."""

from __future__ import annotations

from copy import deepcopy

import pytest

from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import created, refused, updated, with_revision


def config_map(**fields: object) -> Document:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, **fields}


def secret(**fields: object) -> Document:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **fields}


@pytest.mark.parametrize(
    ("obj", "wrong"),
    [
        (config_map(data={"a b": ""}), 'data[a b]: Invalid value: "a b": a valid config key must consist of'),
        (
            config_map(data={"a": ""}, binaryData={"a": "YQ=="}),
            'data[a]: Invalid value: "a": duplicate of key present in binaryData',
        ),
        (config_map(data={"a": "x" * 1048577}), "[]: Too long: may not be more than 1048576 bytes"),
        (secret(data={"..": ""}), "data[..]: Invalid value: \"..\": must not be '..'"),
        (secret(type="kubernetes.io/tls", data={"tls.crt": ""}), "data[tls.key]: Required value"),
        (secret(type="kubernetes.io/basic-auth"), "data[username]: Required value"),
        (secret(type="kubernetes.io/dockerconfigjson"), "data[.dockerconfigjson]: Required value"),
        (
            secret(type="kubernetes.io/service-account-token"),
            "metadata.annotations[kubernetes.io/service-account.name]: Required value",
        ),
    ],
)
def test_bad_contents_are_refused(obj, wrong):
    assert refused(obj)[0].startswith(wrong)


def test_text_is_written_once_and_read_as_base64():
    assert created(secret(data={"b": "AAE=", "k": "eA=="}, stringData={"k": "v"}))["data"] == {"b": "AAE=", "k": "dg=="}


def test_the_type_of_a_secret_does_not_change():
    old = with_revision(created(secret()))
    _, wrong = updated(old, {**old, "type": "example.com/other"})
    assert wrong == ['type: Invalid value: "example.com/other": field is immutable']


@pytest.mark.parametrize("make", [config_map, secret])
def test_what_is_immutable_stays_so_and_as_it_is(make):
    old = with_revision(created(make(immutable=True, data={"a": "YQ=="})))
    text = "Forbidden: field is immutable when `immutable` is set"
    assert updated(old, {**old, "data": {"a": "Yg=="}})[1] == [f"data: {text}"]
    loosened = deepcopy(old)
    del loosened["immutable"]
    assert updated(old, loosened)[1] == [f"immutable: {text}"]
    relabelled = deepcopy(old)
    relabelled["metadata"]["labels"] = {"a": "b"}
    assert updated(old, relabelled)[1] == []

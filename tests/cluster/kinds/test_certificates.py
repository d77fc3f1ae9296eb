"""A signing request says who asked, whatever it was sent with, and asks for the same ever after."""

from __future__ import annotations

import base64

import pytest

from poblano.cluster.attributes import User
from poblano.cluster.kinds import strategy
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import created, refused, updated, with_revision

REQUEST = base64.b64encode(b"-----BEGIN CERTIFICATE REQUEST-----\n").decode()
SPEC: Document = {"request": REQUEST, "signerName": "example.com/signer", "usages": ["client auth"]}


def signing(**spec: object) -> Document:
    body = {**SPEC, **spec}
    version = "certificates.k8s.io/v1"
    return {"apiVersion": version, "kind": "CertificateSigningRequest", "metadata": {"name": "c"}, "spec": body}


def test_it_is_signed_with_the_name_of_who_asks():
    obj = signing(username="somebody", uid="else")
    strategy("certificates.k8s.io", "CertificateSigningRequest").sign(obj, User("zoe", ("admins",)))
    assert obj["spec"] == {**SPEC, "username": "zoe", "groups": ["admins"]}


def test_what_is_asked_for_stays():
    old = with_revision(created(signing()))
    obj, wrong = updated(old, {**old, "spec": {**SPEC, "usages": ["server auth"]}})
    assert obj["spec"] == old["spec"]
    assert wrong == []


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({"usages": []}, "spec.usages: Required value"),
        ({"signerName": "short"}, 'spec.signerName: Invalid value: "short": must be a fully qualified domain and path'),
        ({"request": "YQ=="}, 'spec.request: Invalid value: "YQ==": PEM block type must be CERTIFICATE REQUEST'),
        (
            {"expirationSeconds": 5},
            "spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 600",
        ),
    ],
)
def test_it_is_told_what_is_wrong_with_it(spec, wrong):
    (found,) = refused(signing(**spec))
    assert found.startswith(wrong)

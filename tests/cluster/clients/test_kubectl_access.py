from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.cluster.clients.kubectl import Kubectl


def test_an_administrator_may_do_anything(kubectl: Kubectl):
    assert kubectl("auth", "can-i", "create", "deployments") == "yes\n"
    assert kubectl("auth", "can-i", "*", "*", "--all-namespaces") == "yes\n"
    assert ["*.*", "[]", "[]", "[*]"] in [line.split() for line in kubectl("auth", "can-i", "--list").splitlines()]


def test_somebody_else_may_do_what_a_role_says(kubectl: Kubectl):
    as_ann = "--as=ann"
    assert kubectl.run("auth", "can-i", "list", "pods", as_ann).stdout == "no\n"
    assert 'User "ann" cannot list resource "pods"' in kubectl.refused("get", "pods", as_ann)
    kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods")
    kubectl("create", "rolebinding", "ann", "--role=reader", "--user=ann")
    assert kubectl("auth", "can-i", "list", "pods", as_ann) == "yes\n"
    assert kubectl("get", "pods", "-o", "name", as_ann) == ""
    assert "Forbidden" in kubectl.refused("run", "p", "--image=nginx", as_ann)
    assert "pods" in kubectl("auth", "can-i", "--list", as_ann)
    assert kubectl.run("auth", "can-i", "get", "/metrics", as_ann).stdout == "no\n"


def test_a_group_may_do_what_its_role_says(kubectl: Kubectl):
    kubectl("create", "rolebinding", "staff", "--clusterrole=view", "--group=staff")
    assert kubectl("auth", "can-i", "watch", "configmaps", "--as=bob", "--as-group=staff") == "yes\n"
    assert kubectl.run("auth", "can-i", "get", "secrets", "--as=bob", "--as-group=staff").stdout == "no\n"


def test_roles_are_reconciled(kubectl: Kubectl):
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    role: dict[str, Any] = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": [rule]}
    role["metadata"] = {"name": "r", "namespace": kubectl.namespace}
    assert "reconciled" in kubectl("auth", "reconcile", "-f", "-", stdin=role)
    role["rules"] = [{**rule, "verbs": ["list"]}]
    kubectl("auth", "reconcile", "-f", "-", stdin=role)
    assert [one["verbs"] for one in kubectl.get("role/r")["rules"]] == [["get"], ["list"]]


def test_a_token_of_a_service_account_lets_it_in(kubectl: Kubectl):
    kubectl("create", "serviceaccount", "robot")
    if kubectl.minor < 24:
        assert 'unknown command "token robot"' in kubectl.refused("create", "token", "robot")
        return
    token = kubectl("create", "token", "robot", "--duration=1h", "--audience=https://kubernetes.default.svc").strip()
    stranger = (
        "--kubeconfig=/dev/null",
        f"--server={_server(kubectl)}",
        "--insecure-skip-tls-verify",
        f"--token={token}",
    )
    name = f"system:serviceaccount:{kubectl.namespace}:robot"
    assert name in kubectl("auth", "whoami", *stranger)
    assert f'User "{name}" cannot list resource "pods"' in kubectl.refused("get", "pods", *stranger)
    wrong = [word.replace(token, "wrong") for word in stranger]
    assert "Unauthorized" in kubectl.refused("auth", "whoami", *wrong)


def _server(kubectl: Kubectl) -> str:
    return kubectl("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")


def test_who_one_is(kubectl: Kubectl):
    if kubectl.minor < 27:
        assert "unknown command" in kubectl.refused("auth", "whoami")
        return
    assert "admin" in kubectl("auth", "whoami")
    said = kubectl("auth", "whoami", "--as=ann", "--as-group=staff", "--as-uid=7", "-o", "json")
    assert '"username": "ann"' in said
    assert "staff" in said


def signing_request(name: str) -> dict[str, object]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ann")])
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    spec = {
        "request": base64.b64encode(asked.public_bytes(serialization.Encoding.PEM)).decode(),
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
    }
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name},
        "spec": spec,
    }


@pytest.mark.parametrize(("verb", "condition"), [("approve", "Approved"), ("deny", "Denied")])
def test_a_signing_request_is_decided(kubectl: Kubectl, verb: str, condition: str):
    name = f"{verb}-{kubectl.namespace}"
    kubectl("create", "-f", "-", stdin=signing_request(name))
    assert kubectl("get", "csr", name, "--no-headers").split()[-1] == "Pending"
    kubectl("certificate", verb, name)
    assert condition in kubectl("get", "csr", name, "--no-headers").split()[-1]
    assert "Requesting User" in kubectl("describe", "csr", name)
    kubectl("delete", "csr", name)

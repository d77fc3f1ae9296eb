from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.clients.kubectl import ROOT, Kubectl

DEFINITIONS = ROOT / "tests" / "fixtures" / "definitions"
CERTIFICATE = {"secretName": "tls", "issuerRef": {"name": "ca"}, "dnsNames": ["a.example.com"]}
MONITOR = {"selector": {"matchLabels": {"a": "b"}}, "endpoints": [{"targetPort": "http"}]}
ROLLOUT = {"template": {"spec": {"containers": [{"image": "a"}]}}}
OBJECTS = {
    "certificates": ("certs.example.com/v1", "Certificate", CERTIFICATE),
    "servicemonitors": ("monitoring.example.com/v1", "ServiceMonitor", MONITOR),
    "rollouts": ("deploy.example.com/v1", "Rollout", ROLLOUT),
}


@pytest.mark.parametrize("plural", OBJECTS)
def test_a_definition_found_in_the_wild_is_applied_unchanged(kubectl: Kubectl, plural: str):
    file = DEFINITIONS / f"{plural}.yaml"
    api_version, kind, spec = OBJECTS[plural]
    resource = f"{plural}.{api_version.partition('/')[0]}"
    kubectl("apply", "-f", file)
    kubectl("wait", "--for=condition=Established", f"crd/{resource}", "--timeout=100s")
    # A false that Go leaves out is missed by kubectl each time, with the real server as well.
    again = "configured" if "preserveUnknownFields: false" in file.read_text() else "unchanged"
    assert kubectl("apply", "-f", file).split()[1] == again
    made: dict[str, Any] = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    kubectl("apply", "--server-side", "-f", "-", stdin=made)
    kubectl("apply", "-f", "-", stdin=made)
    assert kubectl("get", resource, "--no-headers").split()[0] == "a"
    assert kind in kubectl("describe", resource, "a")
    assert kubectl("explain", plural).split()[:2] in (["KIND:", kind], ["GROUP:", api_version.partition("/")[0]])
    assert kubectl("apply", "--server-side", "--force-conflicts", "-f", file).endswith("serverside-applied\n")
    kubectl("delete", "-f", file)
    assert "the server doesn't have a resource type" in kubectl.refused("get", resource)

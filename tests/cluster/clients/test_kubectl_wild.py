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
@pytest.mark.parametrize("flags", [[], ["--server-side"]], ids=["client", "server"])
def test_a_definition_found_in_the_wild_is_applied_unchanged(kubectl: Kubectl, plural: str, flags: list[str]):
    file = DEFINITIONS / f"{plural}.yaml"
    api_version, kind, spec = OBJECTS[plural]
    resource = f"{plural}.{api_version.partition('/')[0]}"
    kubectl("apply", *flags, "-f", file)
    kubectl("wait", "--for=condition=Established", f"crd/{resource}", "--timeout=50s")
    made: dict[str, Any] = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    kubectl("apply", *flags, "-f", "-", stdin=made)
    kubectl("apply", *flags, "-f", "-", stdin=made)
    assert kubectl("get", resource, "--no-headers").split()[0] == "a"
    assert kind in kubectl("describe", resource, "a")
    assert kubectl("explain", plural).split()[:2] in (["KIND:", kind], ["GROUP:", api_version.partition("/")[0]])
    # A false that Go leaves out is missed by kubectl each time, with the real server as well.
    again = "configured" if "preserveUnknownFields: false" in file.read_text() else "unchanged"
    assert kubectl("apply", *flags, "-f", file).split()[1] == ("serverside-applied" if flags else again)
    kubectl("delete", resource, "a")
    kubectl("delete", "-f", file)

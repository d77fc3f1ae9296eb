"""Namespaces hold their Pods to the Pod Security Standards, in the words of the real server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.plugins.podsecurity.admission import findings
from poblano.cluster.plugins.podsecurity.levels import Level
from tests.cluster.rest.asking import MERGE, Asking, asking

LABEL = "pod-security.kubernetes.io"
HARD: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def pod(context: dict[str, Any] | None = None, name: str = "p", **spec: Any) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "c", "image": "i"}
    if context is not None:
        container["securityContext"] = context
    return {"metadata": {"name": name}, "spec": {"containers": [container], **spec}}


async def place(ask: Asking, **labels: str) -> str:
    named = {f"{LABEL}/{key.replace('_', '-')}": value for key, value in labels.items()}
    await ask.create("/api/v1/namespaces", "guarded", metadata={"name": "guarded", "labels": named})
    await ask.create("/api/v1/namespaces/guarded/serviceaccounts", "default")
    return "/api/v1/namespaces/guarded/pods"


async def test_a_plain_pod_is_told_all_that_the_restricted_level_asks_for() -> None:
    async with asking() as ask:
        pods = await place(ask, enforce="restricted")
        answer = await ask("POST", pods, pod())
        assert answer.status == 403
        assert answer.document["message"] == (
            'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
            '(container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities '
            '(container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container '
            '"c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set '
            'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
        )
        assert (await ask("POST", pods, pod(HARD))).status == 201


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (pod({"privileged": True}), 'privileged (container "c" must not set securityContext.privileged=true)'),
        (pod(hostNetwork=True, hostPID=True), "host namespaces (hostNetwork=true, hostPID=true)"),
        (
            pod({"capabilities": {"add": ["SYS_ADMIN", "CHOWN"]}}),
            'non-default capabilities (container "c" must not include "SYS_ADMIN" in securityContext.capabilities.add)',
        ),
        (pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), 'hostPath volumes (volume "v")'),
        (
            {"spec": {"containers": [{"name": "c", "ports": [{"hostPort": 80}, {"hostPort": 443}]}]}},
            'hostPort (container "c" uses hostPorts 80, 443)',
        ),
        (
            pod(securityContext={"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            pod(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
            "forbidden sysctl (kernel.msgmax)",
        ),
        (
            pod({"seLinuxOptions": {"type": "spc_t", "user": "u"}}),
            'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
        ),
        (
            pod({"procMount": "Unmasked"}),
            'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
        ),
        (pod(), ""),
    ],
)
def test_what_the_baseline_level_forbids(asked: dict[str, Any], said: str) -> None:
    assert ", ".join(map(str, findings(Level("baseline"), asked))) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (pod({**HARD, "runAsUser": 0}), 'runAsUser=0 (container "c" must not set runAsUser=0)'),
        (
            pod(HARD, volumes=[{"name": "v", "nfs": {}}, {"name": "w", "hostPath": {}}, {"name": "x", "emptyDir": {}}]),
            'restricted volume types (volumes "v", "w" use restricted volume types "hostPath", "nfs")',
        ),
        (
            pod({**HARD, "runAsNonRoot": False}),
            'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
        ),
        (pod({**HARD, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}), ""),
    ],
)
def test_what_the_restricted_level_forbids_besides(asked: dict[str, Any], said: str) -> None:
    assert ", ".join(map(str, findings(Level("restricted"), asked))) == said


CONTEXTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "privileged": st.booleans(),
        "allowPrivilegeEscalation": st.booleans(),
        "runAsNonRoot": st.booleans(),
        "runAsUser": st.integers(0, 2),
        "procMount": st.sampled_from(["Default", "Unmasked"]),
        "capabilities": st.fixed_dictionaries(
            {}, optional={"add": st.lists(st.sampled_from(["CHOWN", "SYS_ADMIN"])), "drop": st.just(["ALL"])}
        ),
        "seccompProfile": st.fixed_dictionaries({"type": st.sampled_from(["RuntimeDefault", "Unconfined"])}),
    },
)


@given(on_pod=CONTEXTS, on_container=CONTEXTS, host=st.booleans())
def test_what_the_restricted_level_allows_the_baseline_level_allows(
    on_pod: dict[str, Any], on_container: dict[str, Any], host: bool
) -> None:
    on_pod = {key: value for key, value in on_pod.items() if key in ("runAsNonRoot", "runAsUser", "seccompProfile")}
    asked = pod(on_container, securityContext=on_pod, hostNetwork=host)
    assert findings(Level("restricted"), asked) or not findings(Level("baseline"), asked)
    assert not findings(Level(), asked)


async def test_a_level_that_only_warns_lets_pass_and_makers_of_pods_are_warned_at_most() -> None:
    async with asking() as ask:
        pods = await place(ask, warn="baseline", enforce="privileged")
        answer = await ask("POST", pods, pod(hostNetwork=True))
        told = 'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'
        assert (answer.status, answer.header("warning")) == (201, '299 - "' + told.replace('"', '\\"') + '"')
        template = {"template": {"metadata": {"labels": {"a": "b"}}, **pod(hostNetwork=True)}}
        template["template"]["metadata"] = {"labels": {"a": "b"}}
        spec = {"selector": {"matchLabels": {"a": "b"}}, **template}
        answer = await ask(
            "POST", "/apis/apps/v1/namespaces/guarded/deployments", {"metadata": {"name": "d"}, "spec": spec}
        )
        assert answer.status == 201
        assert "would violate" in answer.header("warning")


async def test_what_runs_already_is_named_when_a_namespace_becomes_stricter() -> None:
    async with asking() as ask:
        pods = await place(ask)
        for name in ("a", "b"):
            assert (await ask("POST", pods, pod({"privileged": True}, name))).status == 201
        patch = {"metadata": {"labels": {f"{LABEL}/enforce": "baseline"}}}
        answer = await ask("PATCH", "/api/v1/namespaces/guarded", patch, content_type=MERGE)
        assert answer.status == 200
        warned = [value for key, value in answer.headers if key == "warning"]
        assert "existing pods in namespace" in warned[0]
        assert warned[1] == '299 - "a (and 1 other pod): privileged"'
        labelled = {"metadata": {"labels": {"any": "thing"}}}
        assert (await ask("PATCH", f"{pods}/a", labelled, content_type=MERGE)).status == 200


async def test_labels_that_make_no_sense_are_refused() -> None:
    async with asking() as ask:
        labels = {f"{LABEL}/enforce": "loose", f"{LABEL}/warn-version": "1.2"}
        answer = await ask("POST", "/api/v1/namespaces", {"metadata": {"name": "n", "labels": labels}})
        assert answer.status == 422
        assert [cause["message"] for cause in answer.document["details"]["causes"]] == [
            'Invalid value: "loose": must be one of privileged, baseline, restricted',
            'Invalid value: "1.2": must be "latest" or "v1.x"',
        ]

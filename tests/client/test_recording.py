"""What actions call the API server for, written down as they do."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from poblano import ApiError, K8s, a
from poblano.client import connect
from poblano.client.ambient import using
from poblano.client.recording import VARIABLE, Asked, asked_for, recorder
from poblano.cluster.serving.served import Settings
from poblano.core.context import Running, running
from tests.cluster.serving_cluster import running as serving

ASKED = {
    "a list": (("GET", "/api/v1/pods"), [Asked("list", "", "pods", "", "")]),
    "a watch": (
        ("GET", "/apis/apps/v1/namespaces/a/deployments", "?watch=1"),
        [Asked("watch", "apps", "deployments", "a", "")],
    ),
    "one": (("GET", "/api/v1/namespaces/a/pods/web"), [Asked("get", "", "pods", "a", "web")]),
    "a subresource": (
        ("GET", "/api/v1/namespaces/a/pods/web/log", "?tail=1"),
        [Asked("get", "", "pods/log", "a", "web")],
    ),
    "a proxy": (
        ("GET", "/api/v1/namespaces/a/services/web:80/proxy/x/y"),
        [Asked("get", "", "services/proxy", "a", "web:80")],
    ),
    "a namespace": (("PUT", "/api/v1/namespaces/a"), [Asked("update", "", "namespaces", "", "a")]),
    "its status": (("PATCH", "/api/v1/namespaces/a/status"), [Asked("patch", "", "namespaces/status", "", "a")]),
    "a create": (("POST", "/api/v1/namespaces/a/pods"), [Asked("create", "", "pods", "a", "")]),
    "an eviction": (
        ("POST", "/api/v1/namespaces/a/pods/web/eviction"),
        [Asked("create", "", "pods/eviction", "a", "web")],
    ),
    "a delete": (("DELETE", "/api/v1/namespaces/a/pods/web"), [Asked("delete", "", "pods", "a", "web")]),
    "all": (("DELETE", "/api/v1/namespaces/a/pods"), [Asked("deletecollection", "", "pods", "a", "")]),
    "an apply": (
        ("PATCH", "/api/v1/namespaces/a/pods/web", "", "application/apply-patch+yaml"),
        [Asked("patch", "", "pods", "a", "web"), Asked("create", "", "pods", "a", "web")],
    ),
    "an apply of a status": (
        ("PATCH", "/api/v1/namespaces/a/pods/web/status", "", "application/apply-patch+yaml"),
        [Asked("patch", "", "pods/status", "a", "web")],
    ),
    "a command": (
        ("GET", "/api/v1/namespaces/a/pods/web/exec", "?command=ls"),
        [Asked("get", "", "pods/exec", "a", "web"), Asked("create", "", "pods/exec", "a", "web")],
    ),
    "a name": (("GET", "/api/v1/nodes", "?fieldSelector=metadata.name%3Da"), [Asked("list", "", "nodes", "", "a")]),
    "all but a name": (
        ("GET", "/api/v1/nodes", "?fieldSelector=metadata.name%21%3Da"),
        [Asked("list", "", "nodes", "", "")],
    ),
    "no resource": (("GET", "/version"), []),
    "discovery": (("GET", "/apis/apps/v1"), []),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_request_is_what_rbac_takes_it_for(name):
    request, asked = ASKED[name]
    assert list(asked_for(*request)) == asked


def test_nothing_is_recorded_unless_somebody_asks():
    assert recorder({}) is None


async def test_a_call_of_an_action_is_recorded_once_and_nothing_of_what_it_says(tmp_path, monkeypatch):
    file = tmp_path / "calls"
    monkeypatch.setenv(VARIABLE, str(file))
    with serving(Settings()) as cluster:
        async with connect(cluster.kubeconfig) as client:
            token = running.set(Running("shop", "welcome", namespace="default", follows=True))
            with using(client):
                for _ in range(2):
                    await K8s(a.Secret).apply(
                        a.Secret(metadata={"name": "s", "namespace": "default"}, data={"k": "aGlkZGVu"})
                    )
                with suppress(ApiError):  # there is no such Pod
                    await K8s(a.Pod).in_namespace("default").exec(["ls"], "web")
            running.reset(token)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    about = {"group": "", "resource": "secrets", "namespace": "default", "name": "s"}
    who = {"rule": "shop/welcome", "role": "watcher", "about": "default"}
    command = {**about, "resource": "pods/exec", "name": "web"}
    assert lines == [
        *({"verb": verb, **about, **who} for verb in ("patch", "create")),
        *({"verb": verb, **command, **who} for verb in ("get", "create")),
    ]
    assert "aGlkZGVu" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_without_an_action_it_is_recorded_who_led_there(tmp_path):
    file = tmp_path / "calls"
    record = recorder({VARIABLE: str(file)})

    def called_by_a_test():
        record("GET", "/api/v1/pods", "", "")

    called_by_a_test()
    (line,) = map(json.loads, file.read_text().splitlines())
    assert [__file__, called_by_a_test.__code__.co_firstlineno] in line["stack"]

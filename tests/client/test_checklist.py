"""The ways to sign in, each against a real API server. What one cannot be made to show here (an OpenID issuer, client
certificates that change) is shown against scripted servers: test_oidc.py, test_tls.py, test_exec_plugin.py."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml

from poblano.client.access import Access
from poblano.client.credentials import REREAD_SECONDS, StoredCredentials
from poblano.client.kubeconfig import find_access
from poblano.client.transport import ApiClient
from poblano.core.errors import Forbidden, Unauthorized
from tests.client.loopback import Clock, proxying

if TYPE_CHECKING:
    from tests.control_plane import ControlPlane

WHO = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
EVERYTHING = {"verb": "*", "group": "*", "resource": "*"}


async def may_do_everything(client: ApiClient) -> bool:
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    answer = await client.request("POST", WHO, body={**review, "spec": {"resourceAttributes": EVERYTHING}})
    return bool(answer.json()["status"]["allowed"])


def opened(access: Access, **options: Any) -> ApiClient:
    return ApiClient(access, environ={}, **options)


def kubeconfig(control_plane: ControlPlane, folder: Path, user: Any, name: str = "config", **cluster: Any) -> Path:
    path = folder / name
    entry = {"server": control_plane.url, "certificate-authority": str(control_plane.ca), **cluster}
    path.write_text(
        yaml.safe_dump(
            {
                "current-context": "test",
                "contexts": [{"name": "test", "context": {"cluster": "here", "user": "me"}}],
                "clusters": [{"name": "here", "cluster": entry}],
                "users": [{"name": "me", "user": user}],
            }
        )
    )
    return path


@pytest.fixture
def pod(control_plane: ControlPlane, tmp_path: Path) -> Access:
    """The access of a process in a pod, whose account's token is in a file as the kubelet writes it."""
    server = urlsplit(control_plane.url)
    (tmp_path / "ca.crt").write_bytes(control_plane.ca.read_bytes())
    (tmp_path / "token").write_text("admin-token\n")
    (tmp_path / "namespace").write_text("shop")
    environ = {"KUBERNETES_SERVICE_HOST": str(server.hostname), "KUBERNETES_SERVICE_PORT": str(server.port)}
    return find_access(environ=environ, home=tmp_path / "nobody", service_account=tmp_path)


async def test_a_pods_account(pod: Access):
    async with opened(pod) as client:
        assert await may_do_everything(client)
    assert pod.namespace == "shop"


async def test_a_pods_token_is_read_again_after_a_minute(pod: Access, tmp_path: Path):
    clock = Clock()
    async with opened(pod, credentials=StoredCredentials(pod.user, clock=clock)) as client:
        assert await may_do_everything(client)
        (tmp_path / "token").write_text("stranger-token")
        assert await may_do_everything(client)
        clock.now += REREAD_SECONDS
        assert not await may_do_everything(client)


async def test_a_pods_token_is_read_again_when_it_is_refused(pod: Access, tmp_path: Path):
    (tmp_path / "token").write_text("expired-token")
    async with opened(pod) as client:
        with pytest.raises(Unauthorized):
            await may_do_everything(client)
        (tmp_path / "token").write_text("admin-token")
        assert await may_do_everything(client)


async def test_a_token_made_for_a_service_account(control_plane: ControlPlane, tmp_path: Path):
    control_plane.kubectl("create", "serviceaccount", "checklist")
    path = "/api/v1/namespaces/default/serviceaccounts/checklist/token"
    async with opened(find_access(control_plane.kubeconfig)) as admin:
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        made = (await admin.request("POST", path, body=asked)).json()["status"]["token"]
    async with opened(find_access(kubeconfig(control_plane, tmp_path, {"token": made}))) as client:
        with pytest.raises(Forbidden, match="system:serviceaccount:default:checklist"):
            await client.request("GET", "/api/v1/nodes")


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_an_exec_plugin(control_plane: ControlPlane, tmp_path: Path, version: str):
    credential = {
        "apiVersion": f"client.authentication.k8s.io/{version}",
        "kind": "ExecCredential",
        "status": {"token": "admin-token", "expirationTimestamp": "2999-01-01T00:00:00Z"},
    }
    told, plugin = tmp_path / "told", tmp_path / "plugin"
    plugin.write_text(
        f"#!{sys.executable}\nimport os\nopen({str(told)!r}, 'a').write(os.environ['KUBERNETES_EXEC_INFO'] + '\\n')\n"
        f"print({json.dumps(credential)!r})\n"
    )
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    how = {
        "command": str(plugin),
        "apiVersion": credential["apiVersion"],
        "provideClusterInfo": True,
        "interactiveMode": "Never",
    }
    async with opened(find_access(kubeconfig(control_plane, tmp_path, {"exec": how}))) as client:
        for _ in range(3):
            assert await may_do_everything(client)

    (info,) = map(json.loads, told.read_text().splitlines())
    assert info["spec"]["cluster"]["server"] == control_plane.url
    assert info["apiVersion"] == credential["apiVersion"]


async def test_a_list_of_kubeconfigs(control_plane: ControlPlane, tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    whole = yaml.safe_load(kubeconfig(control_plane, tmp_path, {"token": "admin-token"}).read_text())
    first.write_text(yaml.safe_dump({key: whole[key] for key in ("current-context", "contexts")}))
    second.write_text(yaml.safe_dump({key: whole[key] for key in ("clusters", "users")}))

    async with opened(find_access(environ={"KUBECONFIG": f"{first}:{tmp_path / 'none'}:{second}"})) as client:
        assert await may_do_everything(client)


async def test_another_name_of_the_server_and_a_proxy_on_the_way(control_plane: ControlPlane, tmp_path: Path):
    async with proxying("me:secret") as proxy:
        more = {"tls-server-name": "kubernetes.default.svc", "proxy-url": proxy.url}
        access = find_access(kubeconfig(control_plane, tmp_path, {"token": "admin-token"}, **more))
        async with opened(access) as client:
            assert await may_do_everything(client)

    assert proxy.targets == [urlsplit(control_plane.url).netloc]


async def test_somebody_else(control_plane: ControlPlane, tmp_path: Path):
    jane = {"token": "admin-token", "as": "jane", "as-groups": ["devs", "ops"], "as-user-extra": {"Shop/Floor": ["2"]}}
    async with opened(find_access(kubeconfig(control_plane, tmp_path, jane))) as client:
        with pytest.raises(Forbidden, match='User "jane" cannot list resource "nodes"'):
            await client.request("GET", "/api/v1/nodes")
    masters = {"token": "admin-token", "as": "jane", "as-groups": ["system:masters"]}
    async with opened(find_access(kubeconfig(control_plane, tmp_path, masters))) as client:
        assert await may_do_everything(client)


async def test_a_password_or_nobody(control_plane: ControlPlane, tmp_path: Path):
    nobody = find_access(kubeconfig(control_plane, tmp_path, {}))
    for access in (nobody, replace(nobody, user=replace(nobody.user, username="a", password="b"))):
        async with opened(access) as client:
            with pytest.raises((Unauthorized, Forbidden)):
                await client.request("GET", "/api/v1/nodes")

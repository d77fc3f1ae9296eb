"""A whole cluster in this process: started, asked, ended, and what happens when it cannot start."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import yaml

from poblano.cluster.serving.served import CannotServe, Served, Settings
from poblano.cluster.serving.sockets import Address
from poblano.cluster.storage.sqlite import SqliteJournal


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def ask(served: Served, method: str, path: str, body: object = None) -> Any:
    """The answer to a request made with nothing but the kubeconfig."""
    config = yaml.safe_load(served.kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    headers = {"Authorization": f"Bearer {user['token']}"}
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), headers=headers) as session,
        session.request(method, cluster["server"] + path, json=body) as answer,
    ):
        return await answer.json()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", ""])
async def test_it_answers_whoever_has_its_kubeconfig(host: str) -> None:
    async with Served(Settings(address=Address(host, 0))) as served:
        assert (await ask(served, "GET", "/api/v1/namespaces/default"))["kind"] == "Namespace"
    assert not served.kubeconfig.parent.exists()


async def test_roles_are_there_when_asked_for() -> None:
    async with Served(Settings(rbac=True)) as served:
        review = {"kind": "SubjectAccessReview", "spec": {"user": "zoe", "nonResourceAttributes": {"path": "/x"}}}
        answer = await ask(served, "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        assert answer["status"] == {"allowed": False}
        view = await ask(served, "GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/view")
        assert view["rules"]


async def test_tokens_of_accounts_survive_with_the_data_directory(tmp_path: Path) -> None:
    path = "/api/v1/namespaces/default/serviceaccounts"
    settings = Settings(directory=tmp_path)
    async with Served(settings) as served:
        await ask(served, "POST", path, {"metadata": {"name": "bot"}})
        issued = await ask(served, "POST", f"{path}/bot/token", {"spec": {}})
    async with Served(settings) as served:
        review = {"spec": {"token": issued["status"]["token"]}}
        answer = await ask(served, "POST", "/apis/authentication.k8s.io/v1/tokenreviews", review)
        assert answer["status"]["user"]["username"] == "system:serviceaccount:default:bot"


async def test_a_data_directory_without_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = SqliteJournal._prepare

    def full(journal: SqliteJournal) -> None:
        prepare(journal)
        journal._database.execute("pragma max_page_count = 1")  # SQLite takes the present size where that is more

    monkeypatch.setattr(SqliteJournal, "_prepare", full)
    with pytest.raises(
        CannotServe, match=r"cannot write .*: database or disk is full; make room there, or give another"
    ):
        async with Served(Settings(directory=tmp_path, kubeconfig=tmp_path / "kc")):
            pass
    assert not (tmp_path / "kc").exists()


async def test_two_clusters_live_side_by_side() -> None:
    async with Served(Settings()) as one, Served(Settings()) as other:
        assert one.url != other.url
        await ask(one, "POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        assert (await ask(other, "GET", "/api/v1/namespaces/shop"))["code"] == 404


async def test_a_kubeconfig_takes_the_place_of_no_device_or_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(CannotServe, match=r"pipe is not a regular file; give another --kubeconfig-out"):
        async with Served(Settings(kubeconfig=pipe)):
            pass
    assert pipe.is_fifo()


async def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(address=Address("127.0.0.1", taken.getsockname()[1]), directory=data)
        with pytest.raises(CannotServe, match="something else listens there"):
            async with Served(settings):
                pass
    before = open_files()
    (tmp_path / "config").write_text("mine")
    with pytest.raises(CannotServe, match="holds something else"):
        async with Served(Settings(directory=data, kubeconfig=tmp_path / "config")):
            pass
    assert open_files() == before
    async with Served(Settings(directory=data)) as served:
        assert served.kubeconfig == data / "kubeconfig"


async def test_who_asks_for_an_upgrade_is_answered_and_nobody_is_told_to_install_anything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Served(Settings()) as served:
        trust = ssl.create_default_context(cadata=served.credentials.authority.decode())
        place = urlsplit(served.url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port, ssl=trust)
        writer.write(b"GET /version HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 ")
        writer.close()
        await writer.wait_closed()
    assert caplog.text == ""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from poblano.client import exec_plugin
from poblano.client.access import Access, Cluster, ExecPlugin, Material, User
from poblano.client.credentials import Credentials, StoredCredentials
from poblano.client.errors import CredentialsFailed
from poblano.client.exec_plugin import ExecCredentials
from poblano.core.errors import Forbidden
from tests.client.loopback import Reply, client_of, serving, status

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"


class Plugin:
    """A program in a folder: prints what the test says, and leaves one file for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1000.0
        self.script = folder / "plugin.py"

    def prints(self, output: str, *, before: str = "") -> None:
        (self.folder / "output").write_text(output)
        self.script.write_text(
            "import os, pathlib, sys, time\n"
            f"folder = pathlib.Path({str(self.folder)!r})\n"
            "writing = folder / f'{os.getpid()}.part'\n"
            "writing.write_text(os.environ['KUBERNETES_EXEC_INFO'])\n"
            "writing.rename(folder / f'run-{os.getpid()}')\n"
            f"{before}\n"
            "print((folder / 'output').read_text())\n"
        )

    def answers(self, *, version: str = V1, **fields: str) -> None:
        self.prints(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": fields}))

    def runs(self) -> list[dict[str, object]]:
        return [json.loads(file.read_text()) for file in self.folder.glob("run-*")]

    async def started(self) -> int:
        """The process id of a run, as soon as there is one."""
        while not (runs := list(self.folder.glob("run-*"))):
            await asyncio.sleep(0.01)
        return int(runs[0].name.removeprefix("run-"))

    def credentials(
        self, *, cluster: Cluster | None = None, user: User | None = None, interactive: bool = False, **fields: object
    ) -> Credentials:
        known: dict[str, object] = {"command": sys.executable, "api_version": V1, "args": (str(self.script),), **fields}
        plain = user or User("jane")
        signed = User("jane", exec=ExecPlugin(**known))  # type: ignore[arg-type]
        access = Access(cluster or Cluster("https://host:6443"), signed, source="config")
        return ExecCredentials(access, StoredCredentials(plain), now=lambda: self.now, interactive=interactive)


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


@pytest.mark.parametrize("version", (V1, V1BETA1))
async def test_a_printed_token_is_a_bearer(plugin: Plugin, version: str):
    plugin.answers(version=version, token="abc")

    assert (await plugin.credentials(api_version=version).get()).authorization == "Bearer abc"


async def test_a_printed_certificate_is_used(plugin: Plugin):
    plugin.answers(clientCertificateData="CERT", clientKeyData="KEY")

    credential = await plugin.credentials().get()

    assert credential.authorization == ""
    assert credential.certificate is not None
    assert (credential.certificate.certificate, credential.certificate.key) == (b"CERT", b"KEY")


async def test_the_users_own_certificate_goes_with_a_printed_token(plugin: Plugin):
    plugin.answers(token="abc")
    user = User(client_certificate=Material(data=b"CERT"), client_key=Material(data=b"KEY"))

    credential = await plugin.credentials(user=user).get()

    assert credential.certificate is not None
    assert credential.certificate.certificate == b"CERT"


async def test_a_credential_without_an_end_is_asked_for_once(plugin: Plugin):
    plugin.answers(token="abc")
    credentials = plugin.credentials()

    await asyncio.gather(*(credentials.get() for _ in range(20)))
    plugin.now += 1e6
    await credentials.get()

    assert len(plugin.runs()) == 1


async def test_a_credential_is_asked_for_again_when_it_ends(plugin: Plugin):
    plugin.answers(token="one", expirationTimestamp="1970-01-01T03:00:00.25+02:00")  # 3600.25
    plugin.now = 3600.0
    credentials = plugin.credentials()
    await credentials.get()

    plugin.answers(token="two", expirationTimestamp="1970-01-01T02:00:00Z")
    assert (await credentials.get()).authorization == "Bearer one"
    plugin.now = 3600.25
    assert (await credentials.get()).authorization == "Bearer two"


async def test_many_refusals_of_one_credential_are_one_more_run(plugin: Plugin):
    plugin.answers(token="one")
    credentials = plugin.credentials()
    refused = await credentials.get()
    plugin.answers(token="two")

    async def again() -> str:
        assert await credentials.renew(refused)
        return (await credentials.get()).authorization

    assert set(await asyncio.gather(*(again() for _ in range(10)))) == {"Bearer two"}
    assert len(plugin.runs()) == 2


async def test_a_403_does_not_run_the_plugin_again(plugin: Plugin):
    plugin.answers(token="abc")
    async with serving(Reply(403, status(403, "Forbidden"))) as server:
        async with client_of(server.url, credentials=plugin.credentials()) as client:
            for _ in range(3):
                with pytest.raises(Forbidden):
                    await client.request("GET", "/api")

        assert len(server.asked) == 3
    assert len(plugin.runs()) == 1


async def test_a_401_runs_the_plugin_once_more_and_only_once(plugin: Plugin):
    plugin.answers(token="abc")
    async with serving(Reply(401, status(401, "Unauthorized"))) as server:
        async with client_of(server.url, credentials=plugin.credentials()) as client:
            with pytest.raises(Exception, match="log in again"):
                await client.request("POST", "/api")

        assert len(server.asked) == 2
    assert len(plugin.runs()) == 2


async def test_the_loop_runs_while_the_plugin_does(plugin: Plugin):
    plugin.answers(token="abc")
    plugin.prints((plugin.folder / "output").read_text(), before="while not (folder / 'go').exists(): time.sleep(0.01)")
    waiting = asyncio.create_task(plugin.credentials().get())

    await plugin.started()
    assert not waiting.done()
    (plugin.folder / "go").touch()

    assert (await waiting).authorization == "Bearer abc"


async def test_a_cancelled_login_leaves_no_process(plugin: Plugin):
    plugin.prints("", before="time.sleep(600)")
    waiting = asyncio.create_task(plugin.credentials().get())
    pid = await plugin.started()

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_plugin_that_hangs_is_ended_with_its_children(plugin: Plugin, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exec_plugin, "RUN_SECONDS", 0.5)
    plugin.prints("", before="import subprocess; subprocess.run(['sleep', '600'])")

    with pytest.raises(CredentialsFailed, match="gave no answer"):
        await plugin.credentials().get()


async def test_the_plugin_is_told_about_the_cluster_when_it_asks(plugin: Plugin, tmp_path: Path):
    authority = tmp_path / "ca.crt"
    authority.write_text("PEM")
    cluster = Cluster(
        "https://host:6443",
        certificate_authority=Material(authority),
        tls_server_name="kubernetes",
        proxy_url="http://proxy:3128",
        exec_config={"audience": "x"},
    )
    plugin.answers(token="abc")

    await plugin.credentials(cluster=cluster, provide_cluster_info=True).get()

    assert plugin.runs() == [
        {
            "apiVersion": V1,
            "kind": "ExecCredential",
            "spec": {
                "interactive": False,
                "cluster": {
                    "server": "https://host:6443",
                    "tls-server-name": "kubernetes",
                    "certificate-authority-data": "UEVN",
                    "proxy-url": "http://proxy:3128",
                    "config": {"audience": "x"},
                },
            },
        }
    ]


async def test_the_plugin_is_not_told_when_it_does_not_ask(plugin: Plugin):
    plugin.answers(token="abc")

    await plugin.credentials().get()

    assert plugin.runs()[0]["spec"] == {"interactive": False}


async def test_a_plugin_that_never_asks_is_told_so_at_a_terminal_too(plugin: Plugin):
    plugin.answers(token="abc")

    await plugin.credentials(interactive=True, interactive_mode="Never").get()

    assert plugin.runs()[0]["spec"] == {"interactive": False}


async def test_the_plugins_own_environment_is_set(plugin: Plugin):
    document = json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "abc"}})
    plugin.prints(document, before="assert os.environ['REGION'] == 'north' and os.environ['PATH']")

    assert (await plugin.credentials(env={"REGION": "north"}).get()).authorization == "Bearer abc"


async def test_a_plugin_that_must_ask_cannot_without_a_terminal(plugin: Plugin):
    with pytest.raises(CredentialsFailed, match="wants a terminal and there is none"):
        await plugin.credentials(interactive_mode="Always").get()


@pytest.mark.parametrize(
    ("hint", "said"), (("brew install kubelogin\n", "; brew install kubelogin$"), ("", "; install "))
)
async def test_a_missing_plugin_shows_how_to_install_it(plugin: Plugin, hint: str, said: str):
    with pytest.raises(CredentialsFailed, match=f"cannot be started: No such file or directory{said}"):
        await plugin.credentials(command="kubelogin-that-is-not-there", install_hint=hint).get()


@pytest.mark.parametrize(
    ("output", "message"),
    (
        ("secret", "printed no ExecCredential"),
        ('{"kind": "ExecCredential", "status": 7, "token": "secret"}', "printed no ExecCredential"),
        ('{"kind": "Other", "status": {"token": "secret"}}', "did not print an ExecCredential"),
        (
            f'{{"apiVersion": "{V1BETA1}", "kind": "ExecCredential", "status": {{"token": "secret"}}}}',
            "of client.auth.*/v1;",
        ),
        (f'{{"apiVersion": "{V1}", "kind": "ExecCredential"}}', "printed neither a token nor a certificate"),
        (
            f'{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"clientKeyData": "secret"}}}}',
            "printed half of a certificate",
        ),
        (
            f'{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": "secret", "expirationTimestamp": "soon"}}}}',
            "printed a wrong expirationTimestamp",
        ),
        (
            f'{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": "sec\\nsecret"}}}}',
            "a token with a control character",
        ),
    ),
)
async def test_a_wrong_answer_is_explained_and_never_shown(plugin: Plugin, output: str, message: str):
    plugin.prints(output)

    with pytest.raises(CredentialsFailed, match=message) as caught:
        await plugin.credentials().get()

    assert "user 'jane' of config" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_failing_plugin_speaks_to_the_terminal_and_not_in_the_error(plugin: Plugin, capfd):
    plugin.prints("", before="sys.exit('secret: log in first')")

    with pytest.raises(CredentialsFailed, match="ended with status 1; what it said is on stderr") as caught:
        await plugin.credentials().get()

    assert "log in first" in capfd.readouterr().err
    assert "secret" not in str(caught.value)

"""`poblano run --archive`: the examples do their work from their archives alone, in an empty folder, as in a pod."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
import signal
import ssl
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from poblano.admission.certificates import Issued, issue
from poblano.build.archive import archive, packed
from poblano.build.unpacking import Unusable
from poblano.cli.archived import module_folder
from poblano.cli.project import load_project
from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from poblano.core.crd import CRD, definitions_of
from poblano.core.kinds import Kind
from poblano.core.store.definition import store_definition
from poblano.settings import load_settings
from tests.cli.developing import EXAMPLES, POBLANO, environment
from tests.cli.test_run import REVIEW
from tests.cluster.serving_cluster import running as serving

if TYPE_CHECKING:
    from collections.abc import Generator

NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
WEBAPPS = Kind("examples.poblano.dev", "v1alpha1", "WebApp", "webapps")
DEPLOYMENTS = Kind("apps", "v1", "Deployment", "deployments")


@pytest.fixture(scope="module")
def kubeconfig() -> Generator[Path]:
    """Of a cluster that has what a manifest brings: definitions and the namespace."""

    async def prepare(kubeconfig: Path) -> None:
        bindings = load_project(EXAMPLES / "operator").module.bindings
        async with connect(kubeconfig) as client:
            api = Resources(client)
            for one in (store_definition(), *definitions_of(binding.view for binding in bindings)):
                await api.apply(CRD, one, force=True)
            await api.create(NAMESPACES, {"metadata": {"name": "poblano-system"}})

    with serving(Settings()) as cluster:
        asyncio.run(prepare(cluster.kubeconfig))
        yield cluster.kubeconfig


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    """A folder with what a pod has: an empty one to be in, one for temporary files, and the archive in a third."""
    for name in ("empty", "tmp", "module"):
        (tmp_path / name).mkdir()
    return tmp_path


def arrives(pod: Path, example: str) -> str:
    """The archive of an example is mounted; says its hash."""
    made = archive(load_settings(EXAMPLES / example, {}))
    (pod / "module" / "module.tar.gz").write_bytes(made.data)
    return made.sha256


@contextlib.contextmanager
def running(pod: Path, *options: str, **environ: str) -> Generator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The process, and what it says when it has begun."""
    process = subprocess.Popen(
        [*POBLANO, "run", "--host", "127.0.0.1", "--health-port", "0", *options],
        cwd=pod / "empty",
        env=environment() | {"TMPDIR": str(pod / "tmp"), **environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def asked(port: str, issued: Issued) -> dict[str, str]:
    tls = ssl.create_default_context(cadata=issued.authority.decode())
    with closing(http.client.HTTPSConnection("127.0.0.1", int(port), context=tls, timeout=60)) as connection:
        connection.request(
            "POST", "/mutate/fail/10?timeout=10s", json.dumps(REVIEW), {"Content-Type": "application/json"}
        )
        with connection.getresponse() as response:
            answer: dict[str, str] = json.loads(response.read())["response"]
            return answer


def test_hello_serves_from_its_archive_and_what_a_killed_one_leaves_is_taken_away(pod: Path, kubeconfig: Path) -> None:
    digest = arrives(pod, "hello")
    issued = issue([], ["127.0.0.1"])
    (pod / "empty" / "tls.crt").write_bytes(issued.pair.certificate)
    (pod / "empty" / "tls.key").write_bytes(issued.pair.key)
    environ = {
        "KUBECONFIG": str(kubeconfig),
        "POBLANO_ARCHIVE": "../module/module.tar.gz",
        "POBLANO_ARCHIVE_SHA256": digest,
    }
    options = ("--port", "0", "--cert", "tls.crt", "--key", "tls.key")
    with running(pod, *options, **environ) as (process, said):
        assert (said["message"], said["module"]) == ("serving", "hello")
        assert asked(re.split(r":(\d+)$", said["https"][0])[1], issued)["patchType"] == "JSONPatch"
        assert [*(pod / "tmp").glob("*/hello.py")]
        process.kill()
        process.wait()
    left = [path.name for path in (pod / "tmp").iterdir()]
    assert left  # nobody could take it away
    with running(pod, *options, **environ) as (_, said):
        assert said["message"] == "serving"
        assert not set(left) & {path.name for path in (pod / "tmp").iterdir()}, "the next one takes it away"


async def deployed(kubeconfig: Path) -> dict[str, object]:
    """What the operator makes of a WebApp."""
    async with connect(kubeconfig) as client:
        api = Resources(client)
        web = {"metadata": {"name": "web", "namespace": "default"}, "spec": {"theme": "dark", "replicas": 2}}
        await api.apply(WEBAPPS, web)
        for _ in range(900):
            found = (await api.list(DEPLOYMENTS, "default")).items
            if found:
                spec: dict[str, object] = found[0]["spec"]
                return spec
            await asyncio.sleep(0.1)
        raise AssertionError("no Deployment was made")


def test_the_operator_operates_from_its_archive(pod: Path, kubeconfig: Path) -> None:
    digest = arrives(pod, "operator")
    options = ("--role", "watcher", "--archive", str(pod / "module" / "module.tar.gz"), "--sha256", digest)
    with running(pod, *options, KUBECONFIG=str(kubeconfig)) as (process, said):
        assert said["message"] == "watching"
        assert asyncio.run(deployed(kubeconfig))["replicas"] == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    assert [*(pod / "tmp").iterdir()] == []


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--sha256", "0" * 64), 2, "--archive missing: --sha256 needs it"),
        (("--archive", "a.tar.gz"), 2, "--sha256 missing: --archive needs it"),
        (("--archive", "a.tar.gz", "--sha256", "0" * 64), 1, "is not the one that was built"),
        (("--archive", "b.tar.gz", "--sha256", "0" * 64), 1, "the archive b.tar.gz cannot be read: No such file"),
    ],
)
def test_nothing_runs_but_what_was_built(pod: Path, options: tuple[str, ...], code: int, words: str) -> None:
    code_that_tells = "open('/dev/stdout', 'w').write('imported')\n"
    settings = '[tool.poblano]\nuuid = "bad"\nmodule = "bad:module"\n'
    made = packed({"pyproject.toml": settings.encode(), "bad.py": code_that_tells.encode()})
    (pod / "empty" / "a.tar.gz").write_bytes(made.data)
    done = subprocess.run(
        [*POBLANO, "run", "--role", "watcher", *options],
        cwd=pod / "empty",
        env=environment() | {"TMPDIR": str(pod / "tmp")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr.splitlines()[-1]
    assert [*(pod / "tmp").iterdir()] == []


def test_where_there_is_no_room_it_says_so(pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = packed({"hello.py": b""})
    (pod / "a.tar.gz").write_bytes(made.data)
    monkeypatch.setattr(tempfile, "tempdir", str(pod / "gone"))
    with pytest.raises(Unusable, match=r"there is no room for the archive's files: No such file .*; TMPDIR says where"):
        module_folder(pod / "a.tar.gz", made.sha256).__enter__()

"""The example operators 01 to 03 of kopf, as their READMEs have them: run, create the object, look, delete it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.clients import kubectl as binaries
from tests.cluster.clients.kubectl import PATIENCE_SECONDS, ROOT, Kubectl
from tests.eventually import eventually

CONTROLLERS = True
EXAMPLES = ROOT / "tests" / "fixtures" / "kopf"


@pytest.fixture(scope="module")
def binary() -> Path:
    """One kubectl is enough here: kopf is what is tested."""
    return binaries.newest()


@pytest.fixture(scope="module")
def defined(anywhere: Kubectl) -> Kubectl:
    """The examples' kind."""
    anywhere("apply", "-f", EXAMPLES / "crd.yaml")
    anywhere("wait", "--for=condition=Established", "crd/kopfexamples.kopf.dev")
    return anywhere


class Operator:
    """`kopf run example.py`, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._lines.extend(self._process.stdout)

    @property
    def said(self) -> str:
        return "".join(self._lines)

    def says(self, pattern: str) -> None:
        """Wait for a line."""
        eventually(lambda: re.search(pattern, self.said) or self._failed(), f"kopf says {pattern}", pause=0.05)

    def _failed(self) -> bool:
        assert self._process.poll() is None, self.said
        return False

    def end(self) -> int:
        self._process.terminate()
        status = self._process.wait(PATIENCE_SECONDS)
        self._reader.join()
        return status


@contextmanager
def operator(kubectl: Kubectl, example: str, folder: Path) -> Iterator[Operator]:
    """One of the examples."""
    shutil.copy(EXAMPLES / f"{example}.py.txt", folder / "example.py")
    with written(kubectl, folder, "--standalone") as running:
        yield running


@contextmanager
def written(kubectl: Kubectl, folder: Path, *flags: str) -> Iterator[Operator]:
    """What stands in a folder's example.py."""
    kopf = Path(sys.executable).with_name("kopf")
    command = [kopf, "run", "example.py", "--verbose", f"--namespace={kubectl.namespace}", *flags]
    environment = {
        **os.environ,
        "HOME": str(kubectl.home),
        "KUBECONFIG": str(kubectl.kubeconfig),
        "PYTHONUNBUFFERED": "1",
    }
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        running = Operator(process)
        try:
            yield running
        finally:
            status = running.end()
    assert status == 0, running.said


@pytest.fixture
def shop(defined: Kubectl, kubectl: Kubectl) -> Kubectl:
    """A namespace in which the examples' kind is known."""
    return kubectl


def test_01_the_handler_is_called_and_its_result_is_the_status(shop: Kubectl, tmp_path: Path):
    with operator(shop, "01-minimal", tmp_path) as kopf:
        shop("apply", "-f", EXAMPLES / "obj.yaml")
        kopf.says("And here we are! Creating: ")
        kopf.says("Handler 'create_fn' succeeded")
        shop(
            "wait",
            "kopfexample/kopf-example-1",
            "--for=jsonpath={.status.create_fn.message}=hello world",
            "--timeout=100s",
        )
        assert shop("get", "kopfexamples", "--no-headers").split() == ["kopf-example-1", "1m", "hello", "world"]
        described = shop("describe", "KopfExample", "kopf-example-1")
        assert re.search(r"Message: +hello world", described)
        shop("patch", "kexes", "kopf-example-1", "--type=merge", '-p={"spec":{"duration":"2m"}}')
        kopf.says("Something has changed, but we are not interested")
        shop("delete", "-f", EXAMPLES / "obj.yaml")
    assert "Traceback" not in kopf.said


def test_02_the_child_lives_as_long_as_its_parent(shop: Kubectl, tmp_path: Path):
    with operator(shop, "02-children", tmp_path) as kopf:
        shop("apply", "-f", EXAMPLES / "obj.yaml")
        kopf.says("Handler 'create_fn' succeeded")
        shop("wait", "pod", "-l", "somelabel=somevalue", "--for=condition=Ready", "--timeout=100s")
        (pod,) = shop.get("pod", "-l", "somelabel=somevalue")["items"]
        assert pod["metadata"]["name"].startswith("kopf-example-1-")
        assert pod["metadata"]["ownerReferences"][0]["kind"] == "KopfExample"
        uid = eventually(
            lambda: shop.field("kopfexample/kopf-example-1", ".status.create_fn.children[0]"), "the uid is kept"
        )
        assert uid == pod["metadata"]["uid"]
        shop("delete", "-f", EXAMPLES / "obj.yaml")
        shop("wait", "pod", "-l", "somelabel=somevalue", "--for=delete", "--timeout=100s")
    assert "Traceback" not in kopf.said


def test_03_handlers_fail_for_good_and_for_a_while(shop: Kubectl, tmp_path: Path):
    with operator(shop, "03-exceptions", tmp_path) as kopf:
        shop("apply", "-f", EXAMPLES / "obj.yaml")
        kopf.says("'instant_failure_with_only_a_message' failed permanently: Fail once and for all.")
        kopf.says("'eventual_success_with_a_few_messages' failed temporarily: Expected recoverable error.")
        kopf.says("'eventual_success_with_a_few_messages' succeeded")
        kopf.says("'eventual_failure_with_tracebacks' failed with an exception and will stop now")
        kopf.says("Creation is processed: 1 succeeded; 3 failed.")
        shop("delete", "-f", EXAMPLES / "obj.yaml")


HANDLERS = """\
import kopf

@kopf.on.create("kopfexamples")
def made(body, **_):
    print("HANDLER made")
    kopf.event(body, type="Normal", reason="Made", message="It is made.")

@kopf.on.update("kopfexamples", field="spec.field")
def changed(old, new, patch, **_):
    print(f"HANDLER changed {old} {new}")
    patch.status["seen"] = new

@kopf.on.delete("kopfexamples")
def gone(**_): print("HANDLER gone")
"""


def test_handlers_of_changes_and_deletion_and_a_peer(shop: Kubectl, defined: Kubectl, tmp_path: Path):
    """With peering: of two operators the one of the higher priority works. A finalizer holds the object for it."""
    folders = [tmp_path / "low", tmp_path / "high"]
    for folder in folders:
        folder.mkdir()
        (folder / "example.py").write_text(HANDLERS)
    shop.run("apply", "-f", EXAMPLES / "peering.yaml")  # kubectl looks all kinds up before it creates the first
    shop.within("default")("apply", "-f", EXAMPLES / "peering.yaml")
    peer = {"apiVersion": "kopf.dev/v1", "kind": "KopfPeering", "metadata": {"name": "pair"}}
    eventually(lambda: shop.run("apply", "-f", "-", stdin=peer).returncode == 0, "the kind of peers is served")
    with written(shop, folders[0], "--peering=pair", "--priority=1") as low:
        low.says("(?i)keep-alive|resuming|initial|connection|started")
        with written(shop, folders[1], "--peering=pair", "--priority=2") as high:
            low.says("(?i)pausing operations")
            shop("apply", "-f", EXAMPLES / "obj.yaml")
            high.says("HANDLER made")
            assert shop.get("kopfexample/kopf-example-1")["metadata"]["finalizers"] == [
                "kopf.zalando.org/KopfFinalizerMarker"
            ]
            eventually(lambda: "It is made." in shop("describe", "kex", "kopf-example-1"), "an Event tells it")
            shop("patch", "kex", "kopf-example-1", "--type=merge", '-p={"spec":{"field":"other"}}')
            high.says("HANDLER changed value other")
            shop("wait", "kex/kopf-example-1", "--for=jsonpath={.status.seen}=other", "--timeout=100s")
            shop("delete", "-f", EXAMPLES / "obj.yaml")
            high.says("HANDLER gone")
        low.says("(?i)resuming operations")
    assert "HANDLER" not in low.said

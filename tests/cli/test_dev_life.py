"""The life of `poblano dev`: reload on save, broken code, and an end that leaves nothing registered, however it comes."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import ssl
import subprocess
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from poblano.cli.sessions import HOST, PROCESS, SESSION
from tests.cli.developing import POBLANO, children_of, developing, environment, write_project
from tests.eventually import eventually

if TYPE_CHECKING:
    from tests.control_plane import ControlPlane

RULES = """
    from poblano import Capability, Module, a

    life = Capability("life", namespaces=["{namespace}"])
    life.when(a.ConfigMap).is_created().alias("stamp").mutate({options})(lambda cm: cm.set_label("stamp", "{stamp}"))
    module = Module(life)
"""


def rules(namespace: str, stamp: str, options: str = "") -> str:
    return RULES.format(namespace=namespace, stamp=stamp, options=options)


def registered(cluster: ControlPlane, uuid: str) -> list[str]:
    """The configurations of a module's dev that are there, as kubectl names them."""
    kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations"
    found = cluster.kubectl("get", kinds, "-l", f"poblano.dev/uuid={uuid}", "-o", "name").stdout
    return found.split()


class Creator(threading.Thread):
    """Creates ConfigMaps, each a dry run, and keeps what each was stamped with: "none" where nobody was asked."""

    def __init__(self, cluster: ControlPlane, namespace: str) -> None:
        super().__init__()
        self.stamps: list[str] = []
        self._done = threading.Event()
        self._cluster = cluster
        self._path = f"/api/v1/namespaces/{namespace}/configmaps?dryRun=All"

    def run(self) -> None:
        address = urlsplit(self._cluster.url).netloc
        tls = ssl.create_default_context(cafile=self._cluster.ca)
        headers = {"Authorization": f"Bearer {self._cluster.token}", "Content-Type": "application/json"}
        body = json.dumps({"metadata": {"generateName": "try-"}})
        with closing(http.client.HTTPSConnection(address, context=tls)) as connection:
            while not self._done.is_set():
                connection.request("POST", self._path, body, headers)
                with connection.getresponse() as response:
                    made = json.loads(response.read())
                assert response.status == 201, made
                self.stamps.append(made["metadata"].get("labels", {}).get("stamp", "none"))

    def until(self, stamp: str) -> None:
        """Wait until one more object bears the stamp."""
        seen = len(self.stamps)
        eventually(lambda: stamp in self.stamps[seen:], f"objects are stamped {stamp}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self.join()


def test_saving_reloads_without_a_refused_call(control_plane: ControlPlane, tmp_path: Path) -> None:
    control_plane.kubectl("create", "namespace", "reload")
    folder = write_project(tmp_path / "module", "reload", rules("reload", "one"))
    with developing(control_plane, folder) as dev, Creator(control_plane, "reload") as creator:
        creator.until("one")
        write_project(folder, "reload", rules("reload", "two"))
        dev.says("reloaded 1 rule, the registration stays as it is")
        creator.until("two")

        # Another timeout is another path: both are served while the API server turns over.
        write_project(folder, "reload", rules("reload", "three", "timeout=7"))
        dev.says("reloaded 1 rule, and registered 1 webhook anew")
        creator.until("three")
        assert any("/mutate/fail/7" in line for line in dev.lines)

        # Code that does not import: what was served before goes on, and the message says where.
        broken = len(dev.lines)
        write_project(folder, "reload", rules("reload", "four") + "    nonsense\n")
        wrong = dev.says("rules.py:", after=broken)
        assert f"{folder / 'rules.py'}:7: NameError: name 'nonsense' is not defined" in wrong
        dev.says("what was there before goes on serving")
        assert not any("Traceback" in line for line in dev.lines)
        creator.until("three")

        (folder / "pyproject.toml").write_text(
            '[tool.poblano]\nuuid = "reload"\nmodule = "rules:module"\nonerror = 1\n'
        )
        assert "unknown key onerror" in dev.says("pyproject.toml:4")

        write_project(folder, "reload", rules("reload", "five"))
        creator.until("five")
    assert "none" not in creator.stamps
    assert registered(control_plane, "reload") == []
    control_plane.kubectl("delete", "namespace", "reload", "--wait=false")


def test_a_slow_action_under_way_is_answered_by_the_code_that_began_it(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    control_plane.kubectl("create", "namespace", "slow")
    code = """
        import asyncio, pathlib
        from poblano import Capability, Module, a

        life = Capability("life", namespaces=["slow"])

        @life.when(a.ConfigMap).is_created().mutate(timeout=30)
        async def wait(cm):
            here = pathlib.Path(__file__).parent
            (here / "began").touch()
            while not (here / "go-on").exists():
                await asyncio.sleep(0.02)
            cm.set_label("stamp", "old")

        module = Module(life)
    """
    folder = write_project(tmp_path / "module", "slow", code)
    with developing(control_plane, folder) as dev:
        command = [control_plane.kubectl_program, f"--kubeconfig={control_plane.kubeconfig}"]
        create = subprocess.Popen([*command, "create", "configmap", "slow", "-n", "slow"], stdout=subprocess.DEVNULL)
        eventually((folder / "began").exists, "the action runs")
        write_project(folder, "slow", rules("slow", "new"))
        dev.says("reloaded")
        (folder / "go-on").touch()
        assert create.wait(90) == 0
        found = control_plane.kubectl("get", "configmap", "slow", "-n", "slow", "-o", "jsonpath={.metadata.labels}")
        assert json.loads(found.stdout) == {"stamp": "old"}
    control_plane.kubectl("delete", "namespace", "slow", "--wait=false")


def test_when_it_is_killed_its_registration_goes(control_plane: ControlPlane, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "killed", rules("killed", "one"))
    with developing(control_plane, folder, ends_itself=True) as dev:
        assert len(registered(control_plane, "killed")) == 1
        (guardian,) = children_of(dev.process.pid)
        dev.process.kill()
        eventually(lambda: not registered(control_plane, "killed"), "the registration is gone")
        eventually(lambda: not Path(f"/proc/{guardian}").exists(), "the guardian has ended")


def test_a_process_that_is_paused_lets_the_cluster_go_on_and_is_not_ended(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    control_plane.kubectl("create", "namespace", "paused")
    folder = write_project(tmp_path / "module", "paused", rules("paused", "one", "timeout=1"))
    with developing(control_plane, folder) as dev:
        dev.process.send_signal(signal.SIGSTOP)
        control_plane.kubectl("create", "configmap", "meanwhile", "-n", "paused")
        dev.process.send_signal(signal.SIGCONT)
        names = (f"afterwards-{number}" for number in itertools.count())

        def stamped() -> list[str]:
            control_plane.kubectl("create", "configmap", next(names), "-n", "paused")
            bearing = ("configmaps", "-n", "paused", "-l", "stamp=one", "-o", "name")
            return control_plane.kubectl("get", *bearing).stdout.split()

        assert "configmap/meanwhile" not in eventually(stamped, "it is in time again")
    control_plane.kubectl("delete", "namespace", "paused", "--wait=false")


STUCK = """
    import pathlib, time
    from poblano import Capability, Module, a

    life = Capability("life", namespaces=["stuck"])

    @life.when(a.ConfigMap).is_created().with_name("stuck").mutate(timeout=1)
    def never_ends(cm):
        pathlib.Path(__file__).with_name("began").touch()
        time.sleep({seconds})
        if cm.is_dry_run:
            time.sleep(3600)

    module = Module(life)
"""


def test_it_ends_though_an_action_does_not(control_plane: ControlPlane, tmp_path: Path) -> None:
    control_plane.kubectl("create", "namespace", "stuck")
    create = ("create", "configmap", "stuck", "-n", "stuck")
    folder = write_project(tmp_path / "holds", "stuck", STUCK.format(seconds=3600))
    with developing(control_plane, folder, ends_itself=True) as dev:
        control_plane.kubectl(*create)  # it holds the event loop, and the cluster goes on
        eventually((folder / "began").exists, "the action holds it")
        dev.ends(signal.SIGINT, again=True)
    folder = write_project(tmp_path / "thread", "stuck", STUCK.format(seconds=0.4))
    with developing(control_plane, folder) as dev:
        control_plane.kubectl("delete", "configmap", "stuck", "-n", "stuck")
        control_plane.kubectl(*create)
        dev.says("life/never-ends held the server")
        control_plane.kubectl("delete", "configmap", "stuck", "-n", "stuck")

        def refused() -> bool:  # in a thread now; and the refusal is in time
            answer = control_plane.kubectl(*create, "--dry-run=server", check=False)
            return "life/never-ends failed: " in answer.stderr

        eventually(refused, "it is late, and says so")
    assert registered(control_plane, "stuck") == []
    control_plane.kubectl("delete", "namespace", "stuck", "--wait=false")


def test_it_ends_though_an_import_does_not(control_plane: ControlPlane, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "endless", rules("endless", "one"))
    with developing(control_plane, folder) as dev:
        code = "import pathlib, time\npathlib.Path(__file__).with_name('began').touch()\ntime.sleep(3600)\n"
        write_project(folder, "endless", code)
        eventually((folder / "began").exists, "it is imported", seconds=120)
        assert dev.process.poll() is None
    assert registered(control_plane, "endless") == []


def test_what_is_left_of_a_dead_one_is_cleaned_up_and_a_living_one_is_not_pushed_away(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    folder = write_project(tmp_path / "module", "left", rules("left", "one"))
    leftover = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {
            "name": "poblano-left-dev",
            "labels": {"poblano.dev/uuid": "left"},
            "annotations": {SESSION: "gone", HOST: os.uname().nodename, PROCESS: "1 0"},
        },
        "webhooks": [],
    }
    control_plane.kubectl("create", "-f", "-", input=json.dumps(leftover))
    mutating = ["mutatingwebhookconfiguration.admissionregistration.k8s.io/poblano-left-dev"]
    with developing(control_plane, folder, ends_itself=True) as first:
        first.says("took away poblano-left-dev, which another poblano dev had left")
        assert registered(control_plane, "left") == mutating

        command = [*POBLANO, "dev", "--kubeconfig", str(control_plane.kubeconfig), "--port", "0"]
        second = subprocess.run(
            command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=120, check=False
        )
        assert second.returncode == 1
        assert "another poblano dev of left is registered, from " in second.stderr
        assert "--force" in second.stderr
        assert registered(control_plane, "left") == mutating

        with developing(control_plane, folder, "--force"):
            first.ends(signal.SIGINT)
            assert registered(control_plane, "left") == mutating, "the first one took the second one's away"
    assert registered(control_plane, "left") == []

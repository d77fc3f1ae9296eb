"""A developer stops at a breakpoint for as long as it takes: the cluster goes on, and so does `poblano dev` afterwards."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

from tests.cli.developing import POBLANO, environment, write_project
from tests.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.control_plane import ControlPlane

CODE = """
    from poblano import Capability, Module, a

    life = Capability("life", namespaces=["stops"])

    @life.when(a.ConfigMap).is_created().with_name("one", "two").mutate(timeout=1)
    def stop_here(cm):
        breakpoint()
        cm.set_label("stamp", "late")

    @life.when(a.ConfigMap).is_created().with_name("three").mutate(timeout=1)
    def stamp(cm):
        cm.set_label("stamp", "in-time")

    module = Module(life)
"""


def test_breakpoints_stop_the_module_and_not_the_cluster(control_plane: ControlPlane, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "stops", CODE)
    control_plane.kubectl("create", "namespace", "stops")
    ours, theirs = pty.openpty()
    command = [*POBLANO, "dev", "--kubeconfig", str(control_plane.kubeconfig), "--host", "localhost", "--port", "0"]
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment())
    os.close(theirs)
    seen: list[str] = []
    reader = threading.Thread(target=read, args=(ours, seen))
    reader.start()

    def says(text: str, times: int = 1) -> None:
        eventually(lambda: "".join(seen).count(text) >= times, f"the terminal shows {text} {times} times")

    try:
        says("registered 1 webhook")
        # The second stop is in a thread: the first one held the server.
        for number, name in enumerate(("one", "two"), start=1):
            control_plane.kubectl("create", "configmap", name, "-n", "stops")
            says("(Pdb) ", 2 * number - 1)
            os.write(ours, b"p cm.name\n")
            says(f"'{name}'")
            says("(Pdb) ", 2 * number)
            os.write(ours, b"c\n")
        eventually(lambda: stamped(control_plane, "three") == "in-time", "requests are answered in time again")
        assert stamped(control_plane, "one") == ""
        process.send_signal(signal.SIGINT)
        assert process.wait(90) == 0, "".join(seen)
    finally:
        process.kill()
        process.wait()
        reader.join()
        os.close(ours)
    assert "took poblano-stops-dev away" in "".join(seen)
    assert "Traceback" not in "".join(seen)
    control_plane.kubectl("delete", "namespace", "stops", "--wait=false")


def stamped(cluster: ControlPlane, name: str) -> str:
    """The stamp of a ConfigMap, which is made if it is not there, or anew if it bears none."""
    where = ("configmap", name, "-n", "stops")
    if name == "three":
        cluster.kubectl("delete", *where, "--ignore-not-found")
        cluster.kubectl("create", *where)
    return cluster.kubectl("get", *where, "-o", "jsonpath={.metadata.labels.stamp}").stdout


def read(terminal: int, seen: list[str]) -> None:
    try:
        while part := os.read(terminal, 65536):
            seen.append(part.decode(errors="replace"))
    except OSError:  # how Linux says that the other side of a terminal is closed
        return

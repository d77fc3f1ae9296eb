"""`poblano dev` as a process of its own, in a folder of its own, against a real API server or its own cluster."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tests.control_plane import ControlPlane

POBLANO = [sys.executable, "-m", "poblano.cli"]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def environment() -> dict[str, str]:
    """The environment of a command: this one without what would reach past the test."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("POBLANO_", "KUBE"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}


def write_project(folder: Path, uuid: str, code: str) -> Path:
    """A module's folder, with `code` in rules.py."""
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(f'[tool.poblano]\nuuid = "{uuid}"\nmodule = "rules:module"\n')
    (folder / "rules.py").write_text(textwrap.dedent(code))
    return folder


@dataclass
class Dev:
    """A running `poblano dev`. lines: what it has printed."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def says(self, text: str, *, after: int = 0) -> str:
        """The first line, of those after a number, with `text` in it; waits for it."""

        def found() -> str | None:
            if self.process.poll() is not None and not any(text in line for line in self.lines[after:]):
                raise AssertionError(f"it ended with {self.process.returncode}:\n{''.join(self.lines)}")
            return next((line for line in self.lines[after:] if text in line), None)

        try:
            return eventually(found, f"poblano dev says {text!r}", seconds=120) or ""
        except AssertionError as error:
            raise AssertionError(f"{error}\n{''.join(self.lines)}") from None

    def ends(self, number: signal.Signals, *, again: bool = False) -> None:
        """Send it a signal; it must then end in good order.

        again: like somebody who presses Ctrl-C until it helps. A signal that comes while another one is being handled
        may find Python about to sleep, and is then only noticed with the next.
        """
        self.process.send_signal(number)
        for _ in range(400):
            with contextlib.suppress(subprocess.TimeoutExpired):
                assert self.process.wait(0.3) == 0, "".join(self.lines)
                return
            if again and not any("took " in line for line in self.lines):  # then it is on its way
                self.process.send_signal(number)
        raise AssertionError(f"it does not end:\n{''.join(self.lines)}")

    @property
    def kubeconfig(self) -> Path:
        """Of its own cluster."""
        return Path(self.says("export KUBECONFIG=").strip().removeprefix("export KUBECONFIG="))

    def kubectl(self, *arguments: str, input: str = "") -> str:
        """What kubectl prints, of its own cluster."""
        program = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or "kubectl"
        command = [program, f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(
            command, input=input, capture_output=True, text=True, timeout=120, check=False, env=environment()
        )
        return (done.stdout + done.stderr).strip()

    def reviews_of(self, name: str) -> list[str]:
        """The lines about reviews of an object, such as `shop/web`."""
        return [line for line in self.lines if f" {name} " in line and " by " in line]


@contextlib.contextmanager
def developing(cluster: ControlPlane, folder: Path, *options: str, ends_itself: bool = False) -> Generator[Dev]:
    """Run `poblano dev` in a folder until the block ends; it must then leave in good order, unless the block ends it."""
    cluster_s = ("--kubeconfig", str(cluster.kubeconfig), "--host", "localhost", "--port", "0")
    with started("dev", *cluster_s, *options, folder=folder) as dev:
        dev.says("registered")
        yield dev
        if not ends_itself:
            assert dev.process.poll() is None, f"it ended too early:\n{''.join(dev.lines)}"
            dev.ends(signal.SIGTERM)


@contextlib.contextmanager
def started(*arguments: str, folder: Path, environ: Mapping[str, str] | None = None) -> Generator[Dev]:
    """Run `poblano` in a folder; killed at the end of the block if it has not ended.

    environ: what is special about its environment.
    """
    process = subprocess.Popen(
        [*POBLANO, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment() | dict(environ or {}),
    )
    dev = Dev(process)
    reader = threading.Thread(target=_read, args=(dev,))
    reader.start()
    try:
        yield dev
    finally:
        process.kill()
        process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


def children_of(process: int) -> list[int]:
    """The processes that a process has started."""
    listed = subprocess.run(["ps", "--ppid", str(process), "-o", "pid="], capture_output=True, text=True, check=True)
    return [int(number) for number in listed.stdout.split()]


def _read(dev: Dev) -> None:
    assert dev.process.stdout is not None
    for line in iter(dev.process.stdout.readline, ""):
        dev.lines.append(line)

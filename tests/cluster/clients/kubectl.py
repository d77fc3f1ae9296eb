"""The real kubectl, the newest and Debian's: how tests call it and read what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120
ROOT = Path(__file__).parents[3]


class Unavailable(Exception):
    """There is no such kubectl here, and why."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """One binary, speaking to one cluster, in one namespace, with a home folder of its own."""

    binary: Path
    kubeconfig: Path
    home: Path
    minor: int
    namespace: str = "default"

    def within(self, namespace: str) -> Kubectl:
        """The same, in another namespace."""
        return replace(self, namespace=namespace)

    def command(self, *arguments: object) -> list[str]:
        return [str(self.binary), f"--namespace={self.namespace}", *map(str, arguments)]

    def environment(self, **more: str) -> dict[str, str]:
        home = str(self.home)
        ours = {"HOME": home, "TMPDIR": home, "KUBECONFIG": str(self.kubeconfig), "PATH": os.environ["PATH"]}
        ours["GOGC"] = "off"  # a fifth of the work of one that soon ends is to collect garbage
        return {**ours, **more}

    def run(self, *arguments: object, stdin: object = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Whatever comes of it; `stdin` may be a text or a document."""
        text = "" if stdin is None else stdin if isinstance(stdin, str) else json.dumps(stdin)
        return subprocess.run(
            self.command(*arguments),
            input=text,
            env=self.environment(**env),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def __call__(self, *arguments: object, stdin: object = None, **env: str) -> str:
        """What it printed; fails with what it complained about."""
        done = self.run(*arguments, stdin=stdin, **env)
        assert done.returncode == 0, f"{' '.join(done.args)}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def refused(self, *arguments: object, stdin: object = None, **env: str) -> str:
        """What it complained about when it could not."""
        done = self.run(*arguments, stdin=stdin, **env)
        assert done.returncode != 0, f"{' '.join(done.args)} did not fail:\n{done.stdout}{done.stderr}"
        return done.stderr

    def get(self, *arguments: object) -> Any:
        """One object, or a list of them, as a document."""
        return json.loads(self("get", *arguments, "-o", "json"))

    def field(self, what: str, path: str) -> str:
        """One field of an object, by JSONPath."""
        return self("get", what, "-o", f"jsonpath={{{path}}}")

    @contextmanager
    def follow(self, *arguments: object) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on until the end of the ``with``."""
        with subprocess.Popen(
            self.command(*arguments),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            # Whoever waits for a line that never comes gets the end of the file instead.
            late = threading.Timer(PATIENCE_SECONDS, process.kill)
            late.start()
            try:
                yield process
            finally:
                late.cancel()
                late.join()
                process.kill()


def newest() -> Path:
    """The kubectl of the package index, beside this Python."""
    return Path(sys.executable).with_name("kubectl")


def debian() -> Path:
    """The kubectl of Debian.

    Raises: Unavailable.
    """
    done = subprocess.run(
        [str(ROOT / "tools" / "debian-kubectl")], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        raise Unavailable(done.stderr.strip())
    return Path(done.stdout.strip())


def minor_version(binary: Path) -> int:
    """20 of version 1.20.2."""
    said = subprocess.run(
        [str(binary), "version", "--client", "-o", "json"], capture_output=True, text=True, check=True
    )
    return int(json.loads(said.stdout)["clientVersion"]["minor"].rstrip("+"))

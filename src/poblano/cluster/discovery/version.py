"""Which Kubernetes this is."""

from __future__ import annotations

import platform
from functools import cache

from poblano.core.jsonvalue import Document

GIT_VERSION = "v1.36.2+poblano"


@cache
def version() -> Document:
    """/version: that of the server whose behaviour is followed, marked as ours the way other distributions do."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return {
        "major": "1",
        "minor": "36",
        "emulationMajor": "1",
        "emulationMinor": "36",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35",
        "gitVersion": GIT_VERSION,
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": platform.python_implementation().lower(),
        "platform": f"{platform.system().lower()}/{machine}",
    }

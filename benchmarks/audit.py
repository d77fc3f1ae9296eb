"""What the API server itself says of when it was asked first: its audit log, of lists and watches of the widgets alone."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [ResponseStarted, ResponseComplete, Panic]
rules:
- level: Metadata
  verbs: [list, watch]
  resources: [{group: bench.poblano.dev}]
- level: None
"""
OTHERS = ("kube-controller-manager", "kube-apiserver", "bench/")
"""The ``User-Agent`` of those that are not measured."""


def options(folder: Path) -> list[str]:
    """Those that kube-apiserver has to be started with."""
    policy = folder / "widgets-policy.yaml"
    policy.write_text(POLICY)
    return [f"--audit-policy-file={policy}", f"--audit-log-path={log(folder)}"]


def log(folder: Path) -> Path:
    """The file that it writes then."""
    return folder / "widgets.log"


def first_asked(log: Path, plural: str, since: float) -> float | None:
    """When, in seconds of the epoch, somebody listed or watched `plural` for the first time after `since`."""
    for line in log.read_text().splitlines():
        event: dict[str, Any] = json.loads(line)
        asked = datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()
        if asked < since or event["objectRef"]["resource"] != plural:
            continue
        if not event.get("userAgent", "").startswith(OTHERS):
            return asked
    return None

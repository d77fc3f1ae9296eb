"""What the labels of a namespace ask of its Pods.

Source: k8s.io/pod-security-admission/api/helpers.go
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError

LEVELS: Final = ("privileged", "baseline", "restricted")
"""From what allows everything to what allows least."""

_LABEL: Final = "pod-security.kubernetes.io"
_VERSION: Final = re.compile(r"latest|v1\.([0-9]|[1-9][0-9]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Level:
    """One of `LEVELS`, as of a version of Kubernetes; all versions mean the same here."""

    name: str = "privileged"
    version: str = "latest"

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"

    @property
    def allows_everything(self) -> bool:
        """Whether no Pod can violate it."""
        return self.name == LEVELS[0]


@dataclass(frozen=True, slots=True)
class Asked:
    """The levels of a namespace: what refuses, and what only warns. What is for the audit log alone is not kept."""

    enforced: Level
    warned: Level


def asked(labels: Mapping[str, str]) -> tuple[Asked, list[FieldError]]:
    """What labels ask for, and what is wrong with them.

    >>> str(asked({"pod-security.kubernetes.io/enforce": "baseline"})[0].enforced)
    'baseline:latest'
    """
    wrong: list[FieldError] = []
    found = {mode: _level(labels, mode, wrong) for mode in ("enforce", "audit", "warn")}
    return Asked(found["enforce"], found["warn"]), wrong


def _level(labels: Mapping[str, str], mode: str, wrong: list[FieldError]) -> Level:
    name, version = labels.get(f"{_LABEL}/{mode}"), labels.get(f"{_LABEL}/{mode}-version")
    if name is not None and name not in LEVELS:
        wrong.append(_invalid(mode, name, f"must be one of {', '.join(LEVELS)}"))
        name = LEVELS[-1]
    if version is not None and not _VERSION.fullmatch(version):
        wrong.append(_invalid(f"{mode}-version", version, 'must be "latest" or "v1.x"'))
        version = "latest"
    return Level(name or LEVELS[0], version or "latest")


def _invalid(label: str, value: str, why: str) -> FieldError:
    return errors.invalid(f"metadata.labels[{_LABEL}/{label}]", value, why)

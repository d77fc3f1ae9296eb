"""How a check says what it found, and who set what.

Source: k8s.io/pod-security-admission/policy/helpers.go, visitor.go
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a Pod is not allowed.

    Args:
        reason: in a word or two.
        detail: who is to set or not to set what; may be empty.
    """

    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


Check: TypeAlias = Callable[[Document, Document], Finding | None]
"""From the metadata and the spec of a Pod."""


def containers(spec: Document) -> Iterator[Document]:
    """All containers of a Pod, of whatever sort."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from many(spec, key)


def context(of: Document, *path: str) -> Any:
    """What a Pod's spec or a container says in its securityContext; None for nothing."""
    *way, last = path
    return struct(of, "securityContext", *way).get(last)


def quoted(items: Iterable[str]) -> str:
    """
    >>> quoted(["a", "b"])
    '"a", "b"'
    """
    return ", ".join(f'"{item}"' for item in items)


def plural(word: str, count: int) -> str:
    """
    >>> plural("container", 1), plural("container", 2)
    ('container', 'containers')
    """
    return word if count == 1 else f"{word}s"


def named(word: str, names: list[str]) -> str:
    """
    >>> named("volume", ["a", "b"])
    'volumes "a", "b"'
    """
    return f"{plural(word, len(names))} {quoted(names)}"


def setters(pod: bool, names: list[str]) -> str:  # noqa: FBT001 -- who set it: the Pod, and these containers
    """
    >>> setters(True, ["a"])
    'pod and container "a"'
    """
    return " and ".join([*(["pod"] if pod else []), *([named("container", names)] if names else [])])


def is_windows(spec: Document) -> bool:
    """Whether a Pod says that it is for Windows, where some settings do not exist."""
    return struct(spec, "os").get("name") == "windows"

"""What the actions of a module were seen to call the API server for, in the folder of the module: ``rbac.recorded.json``.

``poblano rbac record`` writes it, and ``poblano build`` reads it. It has a line for each, sorted, so that a review of a change shows
what is new:

>>> seen = Recorded("shop/welcome", "watcher", "", "configmaps", "get", "shop", ("prices",))
>>> print(written([seen, Recorded("shop/welcome", "watcher", "", "pods", "list", ITS_OWN)]), end="")
[
{"rule": "shop/welcome", "role": "watcher", "group": "", "resource": "configmaps", "verb": "get", "namespace": "shop", "names": ["prices"]},
{"rule": "shop/welcome", "role": "watcher", "group": "", "resource": "pods", "verb": "list", "namespace": "(its own)"}
]
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from poblano.core.errors import InvalidSettings

if TYPE_CHECKING:
    from poblano.build.metadata import Role

FILE: Final = "rbac.recorded.json"

ITS_OWN: Final = "(its own)"
"""The namespace of the object that an action ran for: it is not the same in a test and in a cluster."""

_SHAPES: Final[dict[str, str]] = {
    "rule": r"[^/\s]+/\S+",
    "role": "admission|watcher",
    "group": r"[a-z0-9.-]*",
    "resource": r"[a-z0-9-]+(/[a-z0-9/]+)?",
    "verb": r"[a-z]+",
    "namespace": rf"|[a-z0-9.-]+|{re.escape(ITS_OWN)}",
}


@dataclass(frozen=True, slots=True, order=True)
class Recorded:
    """A call that an action has made.

    Args:
        rule: which: ``shop/welcome``.
        role: in which kind of pod it would run.
        group, resource, verb: as rules name them.
        namespace: where; "" is everywhere or no namespace, and `ITS_OWN` that of the object the action ran for.
        names: of the objects, to be read by people: what objects are called in a test says little of a cluster.
    """

    rule: str
    role: Role
    group: str
    resource: str
    verb: str
    namespace: str = ""
    names: tuple[str, ...] = ()


def read(folder: Path) -> tuple[Recorded, ...]:
    """What is in a module's folder; nothing where nothing was recorded.

    Raises:
        InvalidSettings: somebody has written something else there.
    """
    file = folder / FILE
    if not file.exists():
        return ()
    try:
        listed: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidSettings(f"{file} cannot be read: {error}; delete it, and run poblano rbac record again") from None
    if not isinstance(listed, list):
        raise InvalidSettings(f"{file} has no list in it; delete it, and run poblano rbac record again")
    entries: list[Any] = listed  # pyright: ignore[reportUnknownVariableType]
    return tuple(_entry(one, file, number) for number, one in enumerate(entries, start=1))


def _entry(one: Any, file: Path, number: int) -> Recorded:
    said = cast("dict[str, Any]", one if isinstance(one, dict) else {})
    for key, shape in _SHAPES.items():
        value = said.get(key)
        if not isinstance(value, str) or not re.fullmatch(shape, value):
            raise InvalidSettings(
                f"{file}: {key} of entry {number} is {value!r}; delete the file, and run poblano rbac record again"
            )
    names = tuple(str(name) for name in cast("list[Any]", said.get("names") or []))
    return Recorded(**{key: said[key] for key in _SHAPES}, names=names)


def merged(recorded: Iterable[Recorded]) -> list[Recorded]:
    """The same, each once, in order, with all the names that were seen."""
    found: dict[Recorded, set[str]] = {}
    for one in recorded:
        found.setdefault(replace(one, names=()), set()).update(one.names)
    return [replace(one, names=tuple(sorted(names))) for one, names in sorted(found.items())]


def written(recorded: Iterable[Recorded]) -> str:
    """The text of the file."""
    lines = [json.dumps(_said(one)) for one in merged(recorded)]
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def _said(one: Recorded) -> dict[str, Any]:
    said: dict[str, Any] = {key: getattr(one, key) for key in _SHAPES}
    return {**said, "names": list(one.names)} if one.names else said

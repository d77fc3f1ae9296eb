"""The samples of a module: objects in ``*.samples.yaml`` beside it, each with what is expected of it.

A comment ``# expect: refused 400`` in an object's document says that it must be refused, with that code; without one
the object must be accepted. ``# expect: Ready`` says that its status must come to have the condition Ready.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from poblano.core.errors import InvalidSettings
from poblano.core.jsonvalue import Document, plain

_BETWEEN = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)
_EXPECTED = re.compile(r"^#\s*expect:\s*(\w+)[ \t]*(\d*)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must become of an object; `code` 0 is any, and `condition` what its status is to say, if anything."""

    accepted: bool = True
    code: int = 0
    condition: str = ""

    def __str__(self) -> str:
        if self.accepted:
            return "accepted"
        return f"refused with {self.code}" if self.code else "refused"


@dataclass(frozen=True, slots=True)
class Sample:
    """An object, and what is expected of it."""

    document: Document
    expected: Expectation
    place: str


def read_samples(folder: Path) -> list[Sample]:
    """The samples in `folder`, file by file in the order of their names.

    Raises:
        InvalidSettings: there are none, or one of them is no object.
    """
    found = [sample for file in sorted(folder.glob("*.samples.yaml")) for sample in samples_of(file)]
    if not found:
        raise InvalidSettings(f"there are no samples in {folder}; write some objects into hello.samples.yaml, say")
    return found


def samples_of(file: Path) -> Iterator[Sample]:
    """The objects in one file.

    Raises:
        InvalidSettings: one of them is no object.
    """
    text = file.read_text(encoding="utf-8")
    begin = 0
    for separator in [*_BETWEEN.finditer(text), None]:
        part = text[begin : separator.start() if separator else len(text)]
        place = f"{file}:{_line(text, begin)}"
        document = _parsed(part, place)
        if document is not None:
            yield Sample(document, _expected(part, place), place)
        begin = separator.end() if separator else len(text)


def _line(text: str, begin: int) -> int:
    """The line on which the first thing stands after `begin`."""
    first = begin + len(text[begin:]) - len(text[begin:].lstrip())
    return text.count("\n", 0, first) + 1


def _parsed(text: str, place: str) -> Document | None:
    import yaml

    try:
        loaded: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 -- a safe one
    except yaml.YAMLError as error:
        raise InvalidSettings(f"{place}: it is not YAML: {' '.join(str(error).split())}") from None
    if loaded is None:
        return None
    document = cast("dict[str, Any]", loaded if isinstance(loaded, dict) else {})
    texts = isinstance(document.get("kind"), str) and isinstance(document.get("apiVersion"), str)
    if not texts or not isinstance(document.get("metadata", {}), dict):
        raise InvalidSettings(f"{place}: it is no Kubernetes object: write apiVersion, kind and metadata")
    made: Document = plain(document)
    return made


def _expected(text: str, place: str) -> Expectation:
    found = _EXPECTED.search(text)
    if found is None:
        return Expectation()
    if found[1][0].isupper() and not found[2]:
        return Expectation(condition=found[1])
    if found[1] not in ("accepted", "refused"):
        raise InvalidSettings(f"{place}: expect: {found[1]}; write accepted, refused, or a condition such as Ready")
    return Expectation(found[1] == "accepted", int(found[2] or 0))

"""Reads the fields of a kubeconfig, and says exactly where one is wrong.

A value is never part of a complaint: it may be a secret.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from poblano.client.access import Material
from poblano.client.errors import InvalidKubeconfig


@dataclass(frozen=True, slots=True)
class Fields:
    """One mapping of a kubeconfig: ``entry`` names it, ``source`` is the file it is written in."""

    data: Mapping[str, object] = field(repr=False)
    source: Path
    entry: str = ""

    def wrong(self, problem: str, remedy: str) -> InvalidKubeconfig:
        """The error to raise about this entry."""
        return InvalidKubeconfig(problem, remedy, source=str(self.source), entry=self.entry)

    def text(self, key: str) -> str:
        """A string; "" when it is absent or null."""
        value = self.data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(f"{key} is {_kind_of(value)} where text belongs", "write it in quotes")
        return value

    def header(self, key: str) -> str:
        """A string that will travel in an HTTP header: no line break may be in it."""
        return self._one_line(key, self.text(key).strip())

    def headers(self, key: str) -> tuple[str, ...]:
        """A list of such strings."""
        return tuple(self._one_line(key, value) for value in self.texts(key))

    def _one_line(self, key: str, value: str) -> str:
        if any(ord(char) < 32 or ord(char) == 127 for char in value):
            raise self.wrong(f"{key} holds a control character", "copy it again, as one line")
        return value

    def flag(self, key: str) -> bool:
        """True or False; False when it is absent or null."""
        value = self.data.get(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self.wrong(f"{key} is {_kind_of(value)} where true or false belongs", "write true or false, unquoted")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        values = self._items(key)
        if any(not isinstance(value, str) for value in values):
            raise self.wrong(f"{key} has an item that is not text", "write each item in quotes")
        return tuple(cast("list[str]", values))

    def section(self, key: str, entry: str = "") -> Fields | None:
        """A mapping inside this one, or None when it is absent or null."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(f"{key} is {_kind_of(value)} where a mapping belongs", f"indent the fields of {key}")
        return Fields(cast("dict[str, object]", value), self.source, entry or f"{self.entry}: {key}")

    def sections(self, key: str) -> list[Fields]:
        """A list of mappings."""
        found: list[Fields] = []
        for index, value in enumerate(self._items(key)):
            if not isinstance(value, dict):
                raise self.wrong(
                    f"{key}[{index}] is {_kind_of(value)} where a mapping belongs", "see `kubectl config view`"
                )
            entry = f"{self.entry}: {key}[{index}]" if self.entry else f"{key}[{index}]"
            found.append(Fields(cast("dict[str, object]", value), self.source, entry))
        return found

    def path(self, key: str) -> Path | None:
        """A file; a relative path starts at the kubeconfig's own folder."""
        value = self.text(key)
        return self.source.parent / value if value else None

    def material(self, key: str) -> Material | None:
        """A certificate or key: the file ``key``, or base64 in ``key-data``. Only one of them may be given."""
        path, data = self.path(key), self._decoded(f"{key}-data")
        if path and data:
            raise self.wrong(f"{key} and {key}-data are both given", "remove one of them")
        return Material(path, data) if path or data else None

    def _decoded(self, key: str) -> bytes | None:
        text = "".join(self.text(key).split())
        try:
            return base64.b64decode(text, validate=True) or None
        except binascii.Error:
            raise self.wrong(f"{key} is not base64", "write `base64 -w0 FILE` of the PEM file there") from None

    def _items(self, key: str) -> list[object]:
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(f"{key} is {_kind_of(value)} where a list belongs", "start each item with a dash")
        return cast("list[object]", value)


def _kind_of(value: object) -> str:
    names: dict[type, str] = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a mapping",
    }
    return names.get(type(value), f"a {type(value).__name__}")

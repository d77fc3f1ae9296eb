"""Which objects a chain is about, as the API server is asked for them.

>>> choice = Choice(labels=(("tier", "data"), ("checked", None)), fields=(("spec.nodeName", "n,1"),))
>>> choice.label_selector, choice.field_selector
('tier=data,checked', 'spec.nodeName=n\\\\,1')
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from poblano.core.errors import MalformedObject

_LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]*")


@dataclass(frozen=True, slots=True)
class Choice:
    """Where to look, and what an object must be. A label without a value must be there, whatever it says."""

    namespace: str = ""
    name: str = ""
    labels: tuple[tuple[str, str | None], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def label_selector(self) -> str:
        """The ``labelSelector`` of a list."""
        return ",".join(key if value is None else f"{key}={value}" for key, value in self.labels)

    @property
    def field_selector(self) -> str:
        """The ``fieldSelector`` of a list; a name is one of the fields."""
        named = (("metadata.name", self.name),) if self.name else ()
        return ",".join(f"{path}={_escaped(value)}" for path, value in (*named, *self.fields))

    @property
    def is_everything(self) -> bool:
        """Whether it leaves nothing out, in no namespace."""
        return self == Choice()

    def with_label(self, key: str, value: str | None) -> Choice:
        """Also this label. Raises `MalformedObject` for what can be no label: it would change the selector around it."""
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value or ""):
            said = key if value is None else f"{key}={value}"
            raise MalformedObject(
                f"no object can have the label {said!r}; a value has 63 letters, digits, -, _ and . at most"
            )
        return replace(self, labels=(*self.labels, (key, value)))

    def with_field(self, path: str, value: str) -> Choice:
        """Also this field. Raises `MalformedObject` for what is no path."""
        if not _FIELD.fullmatch(path):
            raise MalformedObject(f"{path!r} is no path of a field; write it as the API does: 'spec.nodeName'")
        return replace(self, fields=(*self.fields, (path, value)))


def _escaped(value: str) -> str:
    """apimachinery: ``fields.EscapeValue``."""
    return re.sub(r"([\\,=])", r"\\\1", value)

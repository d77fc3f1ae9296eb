"""From a tree to a template of Helm, by its structure: text that is there is never searched and replaced.

A value is written as JSON (``toJson``), which is YAML too, and which nothing in it can break out of. Where a place is empty
its key is left out, as in the manifest: see `poblano.build.tree`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from poblano.build.helm.arming import Armed
from poblano.build.readable import Writer, after, ordered
from poblano.build.tree import Joined, Merged, Namespace, Part, Slot, Text, Tree, WhenGiven
from poblano.core.jsonvalue import as_map

HELPERS: Final = """\
{{- /* Whether a value is given: neither null nor an empty text, map or list. 0 and false are. */ -}}
{{- define "poblano.given" -}}
{{- if not (has (toJson .) (list "null" "\\"\\"" "{}" "[]")) -}}true{{- end -}}
{{- end -}}

{{- /* A value within a text. */ -}}
{{- define "poblano.text" -}}
{{- if kindIs "string" . -}}{{ . }}{{- else if kindIs "slice" . -}}{{ join "," . }}{{- else -}}{{ toJson . }}{{- end -}}
{{- end -}}
"""
"""``templates/_helpers.tpl``."""

ALWAYS_GIVEN: Final = frozenset({"boolean", "integer", "number"})
"""Types of which no value is empty; a schema says that they are required."""


def template(part: Part) -> str:
    r"""One object as a template.

    >>> port = Slot("service.port", 443, {"type": "integer"}, "Where it is served.")
    >>> notes = Slot("service.notes", {}, {"type": "object"}, "More of them.")
    >>> service = {"kind": "Service", "metadata": {"namespace": Namespace(), "annotations": notes}, "port": port}
    >>> print(template(Part("service", service)), end="")
    kind: Service
    metadata:
      namespace: {{ .Release.Namespace | toJson }}
      {{- if include "poblano.given" .Values.service.notes }}
      annotations: {{ .Values.service.notes | toJson }}
      {{- end }}
    port: {{ .Values.service.port | toJson }}
    """
    lines = list(TemplateWriter().document(ordered(part.tree)))
    if part.when:
        wanted = " ".join(map(place, part.when))
        lines = [f"{{{{- if {'and ' if len(part.when) > 1 else ''}{wanted} }}}}", *lines, "{{- end }}"]
    return "".join(f"{line}\n" for line in lines)


class TemplateWriter(Writer):
    """Writes a tree, with actions where its places are."""

    def beside(self, lead: str, value: Tree, indent: str) -> Iterator[str]:
        """The lines of `value`."""
        match value:
            case Slot() | Namespace() | Text():
                yield after(lead, action(f"{expression(value)} | toJson"))
            case Armed():
                names = " ".join(map(go_text, (value.kind, value.configuration, value.webhook, value.unarmed)))
                yield after(lead, action(f'include "poblano.policy" (list {names}) | toJson'))
            case Joined():
                yield from self._joined(lead, value, indent)
            case Merged():
                yield from self._merged(lead, value, indent)
            case _:
                yield from super().beside(lead, value, indent)

    def entries(self, entries: Mapping[str, Tree], indent: str) -> Iterator[str]:
        """The lines of a map, of which some may be left out; of all of them, an empty map remains."""
        optional = [value for value in entries.values() if may_be_left_out(value)]
        if len(optional) == len(entries):
            yield f"{indent}{{{{- if not (or {' '.join(f'({given(slot)})' for slot in optional)}) }}}}"
            yield f"{indent}{{}}"
            yield f"{indent}{{{{- end }}}}"
        for key, value in entries.items():
            lines = self.beside(self.key(key, indent), value, indent)
            if may_be_left_out(value):
                yield f"{indent}{{{{- if {given(value)} }}}}"
                yield from lines
                yield f"{indent}{{{{- end }}}}"
            else:
                yield from lines

    def items(self, items: Sequence[Tree], indent: str) -> Iterator[str]:
        """The lines of a list that is not empty, whatever is given."""
        if all(isinstance(item, WhenGiven) for item in items):
            raise ValueError("a list has nothing that is always there: make it a place itself")
        yield from super().items(items, indent)

    def item(self, item: Tree, indent: str) -> Iterator[str]:
        """The lines of an item; the dash of one that begins with an action has a line of its own."""
        if isinstance(item, WhenGiven):
            yield f"{indent}{{{{- if {given(item.slot)} }}}}"
            yield from self.item(item.item, indent)
            yield f"{indent}{{{{- end }}}}"
        elif (entries := as_map(item)) and may_be_left_out(next(iter(entries.values()))):
            yield f"{indent}-"
            yield from self.entries(entries, f"{indent}  ")
        else:
            yield from super().item(item, indent)

    def key(self, key: str, indent: str) -> str:
        """The beginning of an entry's line."""
        return escaped(super().key(key, indent))

    def text(self, lead: str, text: str, indent: str) -> Iterator[str]:
        """A text, in which there is no action whatever it holds."""
        first, *others = super().text("", text, indent)
        yield after(lead, escaped(first))
        yield from map(escaped, others)

    def _joined(self, lead: str, value: Joined, indent: str) -> Iterator[str]:
        if not value.items:
            yield after(lead, action(f"{place(value.more)} | default list | toJson"))
            return
        yield from self.beside(lead, list(value.items), indent)
        inner = f"{indent}  " if lead else indent
        yield f"{inner}{{{{- range {place(value.more)} }}}}"
        yield f"{inner}- {{{{ . | toJson }}}}"
        yield f"{inner}{{{{- end }}}}"

    def _merged(self, lead: str, value: Merged, indent: str) -> Iterator[str]:
        if not value.items:
            yield after(lead, action(f"{place(value.more)} | default dict | toJson"))
            return
        if all(map(may_be_left_out, value.items.values())):
            raise ValueError(f"a map with {value.more.path} has nothing that is always there: make it a place itself")
        yield from self.beside(lead, dict(value.items), indent)
        inner = f"{indent}  " if lead else indent
        taken = " ".join(map(go_text, value.items))
        yield f"{inner}{{{{- range $key, $value := omit ({place(value.more)} | default dict) {taken} }}}}"
        yield f"{inner}{{{{ $key | toJson }}}}: {{{{ $value | toJson }}}}"
        yield f"{inner}{{{{- end }}}}"


def may_be_left_out(value: Tree) -> bool:
    """Whether a key is left out when the place at it is empty."""
    return isinstance(value, Slot) and not is_always_given(value)


def is_always_given(slot: Slot) -> bool:
    """Whether no value of its type is empty."""
    kind = slot.schema.get("type")
    return isinstance(kind, str) and kind in ALWAYS_GIVEN


def place(slot: Slot) -> str:
    """Where a value is, in words of a template.

    >>> place(Slot("admission.replicas", 2, {"type": "integer"}, ""))
    '.Values.admission.replicas'

    Raises:
        ValueError: a part of the path is no identifier.
    """
    parts = slot.path.split(".")
    if not all(part.isidentifier() for part in parts):
        raise ValueError(
            f"{slot.path!r} cannot be a path in a template: use letters and digits, with points between them"
        )
    return f".Values.{slot.path}"


def given(slot: Slot) -> str:
    """The test for a value that is there."""
    return f'include "poblano.given" {place(slot)}'


def expression(value: Slot | Namespace | Text) -> str:
    """A value in words of a template."""
    match value:
        case Slot():
            return place(value)
        case Namespace():
            return ".Release.Namespace"
        case Text():
            return f"print {' '.join(map(_within_text, value.parts))}" if value.parts else '""'


def _within_text(part: str | Namespace | Slot) -> str:
    match part:
        case str():
            return go_text(part)
        case Slot():
            return f'(include "poblano.text" {place(part)})'
        case Namespace():
            return expression(part)


def action(words: str) -> str:
    """What Helm evaluates.

    >>> action("now")
    '{{ now }}'
    """
    return f"{{{{ {words} }}}}"


def go_text(text: str) -> str:
    """A text as Go writes it, which for these is as JSON does."""
    return json.dumps(text, ensure_ascii=False)


def escaped(line: str) -> str:
    """A line that Helm gives back as it is.

    >>> escaped("{{ x }}")
    '{{ "{{" }} x }}'
    """
    return line.replace("{{", action('"{{"'))

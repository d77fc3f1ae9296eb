"""JSON as YAML that a person reads, and that every reader of YAML takes for the same JSON.

Kubernetes' tools read YAML 1.1 with additions, PyYAML reads other additions: ``y``, ``1e3``, ``0o17`` and ``2024-01-01`` are
texts to some and none to others. So a text is plain only where all agree, and quoted elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from poblano.core.jsonvalue import as_list, as_map

WIDTH: Final = 110
"""Columns beyond which a long text is folded."""

_PLAIN = re.compile(
    r"(?:--)?[A-Za-z_/][A-Za-z0-9_./@%+(),=-]*(?:[ :][A-Za-z0-9_./@%+(),=-]+)*"
    r"|[0-9]+(?:[mshKMGT]|[KMGT]i|%)",
    re.ASCII,
)
"""A text that begins like a word or an option, with a blank or a colon only between others; or a quantity."""

_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What is no text to some reader of YAML, in whatever case."""

_ESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_FIRST: Final = ("apiVersion", "kind", "metadata", "spec")


def ordered(document: Mapping[str, Any]) -> dict[str, Any]:
    """An object with what it is at its beginning; the other keys stay as they are.

    >>> ordered({"data": {}, "metadata": {}, "kind": "Secret", "apiVersion": "v1"})
    {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {}, 'data': {}}
    """
    first = {key: document[key] for key in _FIRST if key in document}
    return first | {key: value for key, value in document.items() if key not in first}


def as_yaml(value: Any) -> str:
    r"""`value` as a YAML document, in the order of its keys.

    >>> print(as_yaml({"name": "db", "on": "y", "list": [{"a": 1, "b": []}], "text": "one\ntwo\n"}), end="")
    name: db
    "on": "y"
    list:
      - a: 1
        b: []
    text: |
      one
      two
    """
    return "".join(f"{line}\n" for line in Writer().document(value))


class Writer:
    """Writes values as lines. What knows more than JSON's types is a writer of its own: `poblano.build.helm.templates`."""

    def document(self, value: Any) -> Iterator[str]:
        """The lines of a whole document."""
        yield from self.beside("", value, "")

    def beside(self, lead: str, value: Any, indent: str) -> Iterator[str]:
        """The lines of `value`, of which the first begins with `lead` (``key:``); the others with more than `indent`."""
        inner = f"{indent}  " if lead else indent
        if isinstance(value, str):
            yield from self.text(lead, value, indent)
        elif entries := as_map(value):
            yield from [lead] if lead else []
            yield from self.entries(entries, inner)
        elif items := as_list(value):
            yield from [lead] if lead else []
            yield from self.items(items, inner)
        else:
            yield after(lead, number(value) if isinstance(value, float) else json.dumps(value))

    def entries(self, entries: Mapping[str, Any], indent: str) -> Iterator[str]:
        """The lines of a map that is not empty."""
        for key, value in entries.items():
            yield from self.beside(self.key(key, indent), value, indent)

    def items(self, items: Sequence[Any], indent: str) -> Iterator[str]:
        """The lines of a list that is not empty."""
        for item in items:
            yield from self.item(item, indent)

    def item(self, item: Any, indent: str) -> Iterator[str]:
        """The lines of one item of a list: a map begins on the line of its dash."""
        if not (entries := as_map(item)):
            yield from self.beside(f"{indent}-", item, indent)
            return
        lines = list(self.entries(entries, f"{indent}  "))
        yield f"{indent}- {lines[0].lstrip(' ')}"
        yield from lines[1:]

    def key(self, key: str, indent: str) -> str:
        """The beginning of an entry's line."""
        return f"{indent}{key if _is_plain(key) else quoted(key)}:"

    def text(self, lead: str, text: str, indent: str) -> Iterator[str]:
        """A text: plain, quoted, or over several lines."""
        if (style := _block_style(text)) is None:
            yield after(lead, text if _is_plain(text) else quoted(text))
            return
        yield after(lead, style)
        lines = folded(text) if style == ">-" else text.removesuffix("\n").split("\n")
        yield from (f"{indent}  {line}" if line else "" for line in lines)


def number(value: float) -> str:
    """A float as YAML 1.1 has it: with a point, which JSON need not have.

    >>> number(1e22), number(0.5)
    ('1.0e+22', '0.5')
    """
    text = json.dumps(value)
    return text if "." in text else text.replace("e", ".0e")


def after(lead: str, text: str) -> str:
    """`text` on the line that `lead` begins."""
    return f"{lead} {text}" if lead else text


def quoted(text: str) -> str:
    r"""`text` in the quotes that leave the most of it as it is.

    >>> quoted("3"), quoted('a "b"'), quoted("a\tb"), quoted("it's"), quoted("\U0001f336")
    ('"3"', '\'a "b"\'', '"a\\tb"', '"it\'s"', '"🌶"')
    """
    if ('"' in text or "\\" in text) and "'" not in text and not _ESCAPED.search(text):
        return f"'{text}'"
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def folded(text: str) -> Iterator[str]:
    """The lines that YAML makes one of again: broken at single blanks, each as long as `WIDTH` allows.

    An alternative of a condition begins a line.
    """
    line = ""
    for word in re.split(r"(?<=[^ ]) (?=[^ ])", text):
        if line and (len(line) + 1 + len(word) > WIDTH or word == "||"):
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _is_plain(text: str) -> bool:
    return len(text) <= WIDTH * 2 and bool(_PLAIN.fullmatch(text)) and text.lower() not in _WORDS


def _block_style(text: str) -> str | None:
    """How a text over several lines begins, or None where quotes say it better."""
    if _ESCAPED.search(text.replace("\n", "")) or text[:1] in {" ", "\n", ""}:
        return None
    if "\n" in text:
        if text.endswith("\n\n") or any(line != line.rstrip(" ") for line in text.split("\n")):
            return None
        return "|" if text.endswith("\n") else "|-"
    is_prose = len(text) > WIDTH and " " in text and not text.endswith(" ")
    return ">-" if is_prose else None

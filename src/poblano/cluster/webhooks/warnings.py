"""Warnings on their way to the user: as headers, each once, none with control characters, not too much of them.

Sources: k8s.io/apiserver/pkg/endpoints/filters/warning.go, k8s.io/apimachinery/pkg/util/net/http.go (NewWarningHeader)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

_ALL: Final = 4096
"""So many characters together are sent as they are; beyond, every one is cut."""
_EACH: Final = 256


def warning_headers(texts: Iterable[str]) -> list[str]:
    r"""The values of the Warning headers for the warnings of one request, in their order.

    They may hold any character but controls: UTF-8 on the wire.

    >>> warning_headers(['say "hi"', "bell\a", 'say "hi"'])
    ['299 - "say \\"hi\\""']
    """
    told = [text for text in dict.fromkeys(texts) if text]
    kept: list[str] = []
    written, cutting = 0, False
    for index, text in enumerate(told):
        if cutting and written >= _ALL:
            break
        shown = text[:_EACH] if cutting else text
        if not _printable(shown):
            continue
        if not cutting and written + len(shown) > _ALL:
            cutting = True
            kept = [one for one in (before[:_EACH] for before in told[: index + 1]) if _printable(one)]
            written = sum(map(len, kept))
            continue
        kept.append(shown)
        written += len(shown)
    return [_header(text) for text in kept]


def _printable(text: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def _header(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{escaped}"'

r"""A text on one line of a terminal: nothing in it breaks the line, nor is obeyed.

>>> print(printable("^a\nb$"), printable("a\x1b[2Jb"))
^a\nb$ a\x1b[2Jb
"""

from __future__ import annotations


def printable(text: str) -> str:
    r"""`text` with what cannot be seen in it as Python writes it: names come from whoever may write to a cluster.

    >>> printable("a\tb"), printable("grün")
    ('a\\tb', 'grün')
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def printable_lines(text: str) -> str:
    r"""The same of a text of several lines, which stay lines.

    >>> print(printable_lines("a\n\x1b[2Jb"))
    a
    \x1b[2Jb
    """
    return "\n".join(map(printable, text.split("\n")))

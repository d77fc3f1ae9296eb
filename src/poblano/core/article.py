"""A word in a sentence."""

from __future__ import annotations


def article(word: str) -> str:
    """A word with its article.

    >>> article("int"), article("set")
    ('an int', 'a set')
    """
    return f"{'an' if word[:1].lower() in set('aeiou') else 'a'} {word}"

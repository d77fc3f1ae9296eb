"""Descriptions, shortened: the first sentences, without links, markup, and the field's own name in front."""

from __future__ import annotations

import re

from tools.models.names import WORDS

ENDS_SENTENCE = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!etc)(?<!vs)(?<!cf)(?<!\bEx)[.!?][)\"'`]*\s+(?=[A-Z\"'`(\[])")
ASIDES = (
    (re.compile(r"(\n\s*)?Possible enum values:.*", re.DOTALL), ""),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (
        re.compile(
            r"[(<]?\b(More info(rmation)?|See|See also|see|at|in|For more info see|Ref|ref)?:?\s*https?://[^\s)>]+[)>]?\.?"
        ),
        "",
    ),
    (re.compile(r"^\s*\+\S+.*$", re.MULTILINE), ""),
    (re.compile(r"^-{2,}\s*$", re.MULTILINE), ""),
    (re.compile(r"\*\*|__|\(brief\) "), ""),
)
HOLLOW = re.compile(r"^(Optional|Required|REQUIRED|OPTIONAL|Read-only|readonly|Deprecated)\.?$")
LABEL = re.compile(r"^(?:\(?(?:optional|required)\)?\s*[:,.-]+\s*)", re.IGNORECASE)
VERBS = (
    "allows|are|can|contains|contain|controls|defines|define|describes|describe|determines|enables|gives|has|have|holds|hold|identifies|"
    "indicates|indicate|is|lists|list|may|must|points|provides|provide|records|record|references|refers|represents|represent|sets|"
    "should|specifies|specify|tells|tracks|will"
)


def shortened(description: str, limit: int, name: str = "") -> str:
    """The first sentences of a description that fit into `limit` characters, as one line.

    Args:
        description: as the schema has it, in Go's manner of documentation.
        limit: characters; a first sentence that is longer is cut at a word and ends in an ellipsis.
        name: the key described; Go's "replicas is the number" becomes "The number".

    >>> shortened("replicas is the number of Pods. Defaults to 1. More info: https://kubernetes.io/x", 40, "replicas")
    'The number of Pods. Defaults to 1.'
    """
    taken = ""
    for sentence in sentences(description):
        text = LABEL.sub("", without_name(sentence, name)) if not taken else sentence
        if taken and len(taken) + 1 + len(text) > limit:
            break
        taken = f"{taken} {text}".strip()
    return cut(capitalised(taken), limit)


def sentences(description: str) -> list[str]:
    """The sentences of a description, cleaned; a blank line or a list ends the last of them."""
    for pattern, replacement in ASIDES:
        description = pattern.sub(replacement, description)
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n|\n\s*[-*] ", description):
        text = " ".join(paragraph.split())
        start = 0
        for end in ENDS_SENTENCE.finditer(text):
            found.append(text[start : end.end()].strip())
            start = end.end()
        found.append(text[start:].strip())
    return [
        ended(LABEL.sub("", sentence))
        for sentence in found
        if re.search(r"\w", sentence) and not HOLLOW.match(sentence)
    ]


def ended(sentence: str) -> str:
    """The sentence with its full stop."""
    sentence = sentence.strip().rstrip(":;,").rstrip()
    return sentence if re.search(r"[.!?…][)\"'`]*$", sentence) else f"{sentence}."


def without_name(sentence: str, name: str) -> str:
    """Go's documentation starts with the name of what it documents; Python's reader has it one line above.

    >>> without_name("hostIP is the address.", "hostIP"), without_name("hostIP of the node.", "hostIP")
    ('the address.', 'host IP of the node.')
    """
    leading = re.match(rf"[`\"']?{re.escape(name)}[`\"']?[,\s]+", sentence, re.IGNORECASE) if name else None
    if leading is None:
        return sentence
    rest = sentence[leading.end() :]
    compound = not re.fullmatch(r"\w[a-z]*", name)
    if re.match(rf"(?:{VERBS})\b", rest) or (compound and re.match(r"[Dd]efaults|[a-z]{3,}s\b", rest)):
        return re.sub(r"^(?:is|are)\b[.:]?\s*", "", rest)
    return f"{spelt_out(name)}{sentence[leading.end() - 1 :]}" if compound else sentence


def spelt_out(name: str) -> str:
    """A key as words.

    >>> spelt_out("volumeID"), spelt_out("x-kubernetes-list-type")
    ('volume ID', 'x-kubernetes-list-type')
    """
    words = WORDS.findall(name)
    return name if "-" in name else " ".join(word if word[1:2].isupper() else word.lower() for word in words)


def capitalised(sentence: str) -> str:
    """The sentence with a capital, unless it begins with a word of the API (``podIPs``, ``x-kubernetes-…``)."""
    return sentence[:1].upper() + sentence[1:] if re.match(r"[a-z]+\b(?![./:_-])", sentence) else sentence


def cut(sentence: str, limit: int) -> str:
    """At most `limit` characters, ending at a word, with no backtick left open."""
    if len(sentence) > limit:
        sentence = sentence[: limit - 1].rpartition(" ")[0].rstrip(" ,;:.(-") + "…"
    return sentence.replace("`", "") if sentence.count("`") % 2 else sentence

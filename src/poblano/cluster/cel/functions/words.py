"""Patterns, versions and well-known formats of names.

Source: k8s.io/apiserver/pkg/cel/library/regex.go, semverlib.go, format.go
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.functions.network import parse_url
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.patterns import compiled
from poblano.cluster.cel.times import parse_timestamp
from poblano.cluster.cel.types import Type
from poblano.cluster.cel.values import NONE, Optional

WORDS: Final = Library()

# ---- patterns


@WORDS.overload("string.find(string) -> string")
def _find(text: str, pattern: str) -> str:
    found = compiled(pattern).search(text)
    return found.group() if found else ""


@WORDS.overload("string.findAll(string) -> list<string>", "string.findAll(string, int) -> list<string>")
def _find_all(text: str, pattern: str, most: int = -1) -> list[str]:
    found = [match.group() for match in compiled(pattern).finditer(text)]
    return found if most < 0 else found[:most]


# ---- versions

_SEMVER: Final = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Semver:
    """A semantic version; `rank` is what it is ordered by."""

    rank: tuple[Any, ...]
    cel_type: ClassVar[Type] = Type("kubernetes.Semver")


def parse_semver(text: str, *, normalized: bool = False) -> Semver | None:
    """A version, or None; `normalized` takes "v1.2" as "1.2.0"."""
    if normalized:
        text = _normalized(text)
    found = _SEMVER.fullmatch(text)
    if found is None:
        return None
    major, minor, patch, pre, _ = found.groups()
    parts = tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in pre.split(".")) if pre else ()
    return Semver((int(major), int(minor), int(patch), not pre, parts))


def _normalized(text: str) -> str:
    core = re.split(r"[-+]", text.removeprefix("v"), maxsplit=1)
    rest = text.removeprefix("v")[len(core[0]) :]
    numbers = [one.lstrip("0") or "0" for one in core[0].split(".")]
    return ".".join(numbers + ["0"] * (3 - len(numbers))) + rest


@WORDS.overload("semver(string) -> kubernetes.Semver", "semver(string, bool) -> kubernetes.Semver")
def _semver(text: str, normalized: bool = False) -> Semver:  # noqa: FBT001, FBT002 -- an argument of the expression
    found = parse_semver(text, normalized=normalized)
    if found is None:
        raise CelError(f"semver {text!r} is not valid")
    return found


WORDS.add("isSemver(string) -> bool", lambda text: parse_semver(text) is not None)
WORDS.add(
    "isSemver(string, bool) -> bool", lambda text, normalized: parse_semver(text, normalized=normalized) is not None
)
WORDS.add("kubernetes.Semver.major() -> int", lambda one: one.rank[0])
WORDS.add("kubernetes.Semver.minor() -> int", lambda one: one.rank[1])
WORDS.add("kubernetes.Semver.patch() -> int", lambda one: one.rank[2])
WORDS.add(
    "kubernetes.Semver.compareTo(kubernetes.Semver) -> int",
    lambda one, two: (one.rank > two.rank) - (one.rank < two.rank),
)
WORDS.add("kubernetes.Semver.isGreaterThan(kubernetes.Semver) -> bool", lambda one, two: one.rank > two.rank)
WORDS.add("kubernetes.Semver.isLessThan(kubernetes.Semver) -> bool", lambda one, two: one.rank < two.rank)

# ---- formats

_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED: Final = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_SHAPES: Final = {
    "dns1123Label": (_LABEL, 63),
    "dns1123Subdomain": (rf"{_LABEL}(\.{_LABEL})*", 253),
    "dns1035Label": (r"[a-z]([-a-z0-9]*[a-z0-9])?", 63),
    "dns1123LabelPrefix": (rf"{_LABEL}-?", 63),
    "dns1123SubdomainPrefix": (rf"{_LABEL}(\.{_LABEL})*-?", 253),
    "dns1035LabelPrefix": (r"[a-z]([-a-z0-9]*[a-z0-9])?-?", 63),
    "labelValue": (rf"({_QUALIFIED})?", 63),
    "qualifiedName": (rf"({_LABEL}(\.{_LABEL})*/)?{_QUALIFIED}", 317),
    "uuid": (r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}", 36),
    "byte": (r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", 10**9),
    "date": (r"\d{4}-\d\d-\d\d", 10),
    "datetime": ("", 0),
    "uri": ("", 0),
}


@dataclass(frozen=True, slots=True)
class Format:
    """What a text can be validated against."""

    name: str
    cel_type: ClassVar[Type] = Type("kubernetes.NamedFormat")

    def problems(self, text: str) -> list[str]:
        """What is wrong with a text."""
        if self.name == "uri":
            fine = parse_url(text) is not None
        elif self.name == "datetime":
            fine = parse_timestamp(text) is not None
        else:
            pattern, most = _SHAPES[self.name]
            fine = len(text) <= most and re.fullmatch(pattern, text, re.ASCII) is not None
        return [] if fine else [f"must be a valid {self.name}"]


def _validated(given: Format, text: str) -> Optional:
    problems = given.problems(text)
    return Optional(problems) if problems else NONE


WORDS.add("kubernetes.NamedFormat.validate(string) -> optional_type<list<string>>", _validated)
WORDS.add(
    "format.named(string) -> optional_type<kubernetes.NamedFormat>",
    lambda name: Optional(Format(name)) if name in _SHAPES else NONE,
)
for _name in _SHAPES:
    WORDS.add(f"format.{_name}() -> kubernetes.NamedFormat", lambda made=Format(_name): made)
WORDS.add("jsonpatch.escapeKey(string) -> string", lambda key: key.replace("~", "~0").replace("/", "~1"))

"""What the parser makes of an expression; macros are nodes of their own, so that nothing is unfolded and guessed back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; `type` tells 1 from 1u."""

    at: int
    value: Any
    type: str


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """``of.field``, or ``of.?field``, or ``has(of.field)``."""

    at: int
    of: Node
    field: str
    kind: Literal["value", "optional", "has"] = "value"


@dataclass(frozen=True, slots=True)
class Call:
    """``function(arguments)`` or ``target.function(arguments)``; operators are functions, as ``_+_``."""

    at: int
    function: str
    target: Node | None
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, ?b]``."""

    at: int
    items: tuple[Node, ...]
    optional: frozenset[int]


@dataclass(frozen=True, slots=True)
class MapOf:
    """``{k: v, ?k: v}``."""

    at: int
    entries: tuple[tuple[Node, Node], ...]
    optional: frozenset[int]


Macro: TypeAlias = Literal[
    "all", "exists", "exists_one", "map", "filter", "transformList", "transformMap", "transformMapEntry"
]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """``range.macro(variables…, filter?, body)``."""

    at: int
    macro: Macro
    range: Node
    variables: tuple[str, ...]
    filter: Node | None
    body: Node


@dataclass(frozen=True, slots=True)
class Bind:
    """``cel.bind(name, value, body)``, and ``optional.optMap(name, body)`` where `macro` says so."""

    at: int
    macro: Literal["bind", "optMap", "optFlatMap"]
    name: str
    value: Node
    body: Node


Node: TypeAlias = Constant | Name | Select | Call | ListOf | MapOf | Comprehension | Bind


def weight(node: Node) -> int:
    """How many nodes there are: a measure of what one evaluation costs."""
    match node:
        case Constant() | Name():
            return 1
        case Select():
            return 1 + weight(node.of)
        case Call():
            return 1 + sum(map(weight, node.arguments)) + (weight(node.target) if node.target else 0)
        case ListOf():
            return 1 + sum(map(weight, node.items))
        case MapOf():
            return 1 + sum(weight(key) + weight(value) for key, value in node.entries)
        case Comprehension():
            return 1 + weight(node.range) + weight(node.body) + (weight(node.filter) if node.filter else 0)
        case Bind():
            return 1 + weight(node.value) + weight(node.body)

"""Calls that are syntax: ``has(a.b)``, ``list.all(x, …)``, ``cel.bind(x, …, …)``.

Source: github.com/google/cel-go/parser/macro.go, ext/comprehensions.go, ext/bindings.go, cel/library.go (optional types)
"""

from __future__ import annotations

from typing import Final

from poblano.cluster.cel.errors import Issue
from poblano.cluster.cel.syntax import Bind, Comprehension, Macro, Name, Node, Select

_ONE_VARIABLE: Final[dict[str, tuple[Macro, frozenset[int]]]] = {
    "all": ("all", frozenset({2})),
    "exists": ("exists", frozenset({2})),
    "exists_one": ("exists_one", frozenset({2})),
    "existsOne": ("exists_one", frozenset({2})),
    "map": ("map", frozenset({2, 3})),
    "filter": ("filter", frozenset({2})),
}
_TWO_VARIABLES: Final[dict[str, tuple[Macro, frozenset[int]]]] = {
    "all": ("all", frozenset({3})),
    "exists": ("exists", frozenset({3})),
    "existsOne": ("exists_one", frozenset({3})),
    "exists_one": ("exists_one", frozenset({3})),
    "transformList": ("transformList", frozenset({3, 4})),
    "transformMap": ("transformMap", frozenset({3, 4})),
    "transformMapEntry": ("transformMapEntry", frozenset({3, 4})),
}


def is_macro(name: str, target: Node | None, count: int) -> bool:
    """Whether a call of that name and number of arguments is a macro."""
    if target is None:
        return name == "has" and count == 1
    if name == "bind":
        return isinstance(target, Name) and target.name == "cel" and count == 3
    if name in ("optMap", "optFlatMap"):
        return count == 2
    return any(count in table[name][1] for table in (_ONE_VARIABLE, _TWO_VARIABLES) if name in table)


def expand(name: str, target: Node | None, arguments: tuple[Node, ...], at: int) -> Node | Issue:
    """The node that the macro stands for, or what is wrong with its arguments."""
    if target is None:
        return _presence(arguments[0], at)
    if name == "bind":
        return _bound("bind", arguments[0], arguments[1], arguments[2], at)
    if name == "optMap":
        return _bound("optMap", arguments[0], target, arguments[1], at)
    if name == "optFlatMap":
        return _bound("optFlatMap", arguments[0], target, arguments[1], at)
    count = len(arguments)
    if name in _ONE_VARIABLE and count in _ONE_VARIABLE[name][1]:
        return _comprehension(_ONE_VARIABLE[name][0], target, arguments[:1], arguments[1:], at)
    return _comprehension(_TWO_VARIABLES[name][0], target, arguments[:2], arguments[2:], at)


def _presence(argument: Node, at: int) -> Node | Issue:
    if isinstance(argument, Select) and argument.kind == "value":
        return Select(at, argument.of, argument.field, "has")
    return Issue(argument.at, "invalid argument to has() macro")


def _bound(macro: str, name: Node, value: Node, body: Node, at: int) -> Node | Issue:
    if not isinstance(name, Name):
        what = "cel.bind() variable names must be simple identifiers" if macro == "bind" else ""
        return Issue(name.at, what or f"{macro}() variable name must be a simple identifier")
    return Bind(at, macro, name.name, value, body)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _comprehension(
    macro: Macro, target: Node, names: tuple[Node, ...], rest: tuple[Node, ...], at: int
) -> Node | Issue:
    variables: list[str] = []
    for name in names:
        if not isinstance(name, Name):
            return Issue(name.at, "argument must be a simple name")
        variables.append(name.name)
    if len(set(variables)) != len(variables):
        return Issue(names[1].at, f"duplicate variable name: {variables[0]}")
    condition = rest[0] if len(rest) == 2 else None
    return Comprehension(at, macro, target, tuple(variables), condition, rest[-1])

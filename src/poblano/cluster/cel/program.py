"""Expressions made ready to run.

Why not the library that the rest of the project compares itself with: a CustomResourceDefinition with a rule that cannot be
right is refused when it is created, so types have to be known before anything runs; and Kubernetes has values of its own
(quantities, addresses, sets that ignore order) which pass through no foreign engine. Closures over the JSON itself run a
rule in one or two microseconds, for nothing has to be converted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from poblano.cluster.cel.checker import Checker, result_type
from poblano.cluster.cel.comprehensions import COST, Run
from poblano.cluster.cel.errors import CelError, CompileError
from poblano.cluster.cel.evaluation import Builder
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.parser import parse
from poblano.cluster.cel.syntax import Bind, Call, Comprehension, ListOf, MapOf, Name, Node, Select
from poblano.cluster.cel.types import DYN, Type


@dataclass(frozen=True, slots=True)
class Program:
    """An expression that may run as often as is wanted.

    Args:
        source: as it was written.
        type: of its value.
        names: every variable that it refers to.
    """

    source: str
    type: Type
    names: frozenset[str]
    run: Run

    def evaluate(self, /, **variables: Any) -> Any:
        """Its value.

        Raises:
            CelError: when it comes to none.

        >>> compile("[1, 2].exists(x, x == y)").evaluate(y=2)
        True
        """
        try:
            return self.run({**variables, COST: [0]})
        except RecursionError:
            raise CelError("operation cancelled: nested too deeply") from None


@cache
def standard_library() -> Library:
    """All functions there are in Kubernetes' expressions."""
    from poblano.cluster.cel.functions.authorization import AUTHORIZATION
    from poblano.cluster.cel.functions.formatting import FORMATTING
    from poblano.cluster.cel.functions.lists import LISTS
    from poblano.cluster.cel.functions.mathematics import MATH
    from poblano.cluster.cel.functions.network import NETWORK
    from poblano.cluster.cel.functions.operators import OPERATORS
    from poblano.cluster.cel.functions.optionals import OPTIONALS
    from poblano.cluster.cel.functions.quantities import QUANTITIES
    from poblano.cluster.cel.functions.standard import STANDARD
    from poblano.cluster.cel.functions.strings import STRINGS
    from poblano.cluster.cel.functions.words import WORDS

    parts = (
        OPERATORS,
        STANDARD,
        OPTIONALS,
        STRINGS,
        FORMATTING,
        LISTS,
        MATH,
        QUANTITIES,
        NETWORK,
        WORDS,
        AUTHORIZATION,
    )
    return Library(*parts)


def compile(expression: str, variables: Mapping[str, Type] | None = None, *, library: Library | None = None) -> Program:
    """Make an expression ready to run.

    Args:
        expression: the source.
        variables: what it may refer to, with the types; None to let it refer to anything.
        library: the functions it may call; all of Kubernetes' where None.

    Raises:
        CompileError: for what is no expression, or one that cannot be right.

    >>> compile("1 + 'a'")
    Traceback (most recent call last):
    poblano.cluster.cel.errors.CompileError: ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'
     | 1 + 'a'
     | ..^
    """
    if variables is None and library is None:
        return _anything(expression)
    return _compiled(expression, variables, library or standard_library())


@lru_cache(maxsize=1024)
def _anything(expression: str) -> Program:
    return _compiled(expression, None, standard_library())


def _compiled(expression: str, variables: Mapping[str, Type] | None, library: Library) -> Program:
    try:
        tree = parse(expression)
        names = frozenset(_names(tree))
        known = dict.fromkeys(names, DYN) if variables is None else variables
        checker = Checker(library, known)
        found = checker.check(tree)
        if checker.issues:
            raise CompileError(expression, sorted(set(checker.issues), key=lambda issue: issue.at))
        # The tree stays with the closures: what the checker chose is known by the identity of its nodes.
        run = Builder(library, checker.chosen, known).build(tree)
    except RecursionError:
        raise CompileError(expression, [_too_deep()]) from None
    return Program(expression, result_type(found), names, run)


def _too_deep() -> Any:
    from poblano.cluster.cel.errors import Issue

    return Issue(0, "expression recursion limit exceeded: 250")


_NAMESPACES = frozenset({"base64", "format", "ip", "jsonpatch", "lists", "math", "optional", "sets", "strings"})


def _names(node: Node) -> set[str]:
    match node:
        case Name():
            return {node.name} - _NAMESPACES
        case Select():
            return _names(node.of)
        case Call():
            return set[str]().union(*map(_names, node.arguments), _names(node.target) if node.target else ())
        case ListOf():
            return set[str]().union(*map(_names, node.items))
        case MapOf():
            return set[str]().union(*(_names(key) | _names(value) for key, value in node.entries))
        case Comprehension():
            inner = _names(node.body) | (_names(node.filter) if node.filter else set[str]())
            return _names(node.range) | (inner - set(node.variables))
        case Bind():
            return _names(node.value) | (_names(node.body) - {node.name})
        case _:
            return set()

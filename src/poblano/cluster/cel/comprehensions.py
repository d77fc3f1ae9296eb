"""Loops over lists and maps, and what they cost.

Source: github.com/google/cel-spec/blob/master/doc/langdef.md, "Macros"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.syntax import Comprehension, Node, weight
from poblano.cluster.cel.values import no_overload

Variables: TypeAlias = dict[str, Any]
Run: TypeAlias = Callable[[Variables], Any]

COST: Final = " cost"
"""Where the variables hold what the run has cost so far, as a list of one number; no identifier looks like it."""
LIMIT: Final = 1_000_000
"""apiserver: PerCallLimit of k8s.io/apiserver/pkg/apis/cel/config.go"""


def charge(variables: Variables, amount: int) -> None:
    """Count what a run costs.

    Raises:
        CelError: when it has cost more than one run may.
    """
    spent = variables.get(COST)
    if spent is not None:
        spent[0] += amount
        if spent[0] > LIMIT:
            raise CelError("operation cancelled: actual cost limit exceeded")


def comprehension(node: Comprehension, build: Callable[[Node], Run]) -> Run:
    """The closure of a comprehension."""
    source, body = build(node.range), build(node.body)
    condition = build(node.filter) if node.filter is not None else None
    names, cost = node.variables, weight(node.body) + (weight(node.filter) if node.filter else 0)
    collect = _COLLECTORS[node.macro]

    def scopes(variables: Variables) -> Iterable[tuple[Any, Variables]]:
        for key, value in _pairs(source(variables), len(names)):
            charge(variables, cost)
            inner = {**variables, names[0]: key} if len(names) == 1 else {**variables, names[0]: key, names[1]: value}
            if condition is None or _truth(condition(inner)):
                yield key, inner

    return lambda variables: collect(scopes(variables), body)


def _pairs(of: Any, count: int) -> Iterable[tuple[Any, Any]]:
    if isinstance(of, list):
        return enumerate(of) if count == 2 else ((item, None) for item in of)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(of, dict):
        return of.items()  # pyright: ignore[reportUnknownVariableType]
    raise no_overload()


def _truth(value: Any) -> bool:
    if value.__class__ is not bool:
        raise no_overload()
    return bool(value)


Scopes: TypeAlias = Iterable[tuple[Any, Variables]]


def _quantified(scopes: Scopes, body: Run, *, decisive: bool) -> bool:
    wrong: CelError | None = None
    for _, inner in scopes:
        try:
            found = _truth(body(inner))
        except CelError as error:
            if str(error).startswith("operation cancelled"):
                raise
            wrong = error
            continue
        if found is decisive:
            return decisive
    if wrong is not None:
        raise wrong
    return not decisive


def _entries(scopes: Scopes, body: Run) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for _, inner in scopes:
        for key, value in body(inner).items():
            if key in made:
                raise CelError(f"insert failed: key {key} already exists")
            made[key] = value
    return made


_COLLECTORS: Final[dict[str, Callable[[Scopes, Run], Any]]] = {
    "all": lambda scopes, body: _quantified(scopes, body, decisive=False),
    "exists": lambda scopes, body: _quantified(scopes, body, decisive=True),
    "exists_one": lambda scopes, body: sum(_truth(body(inner)) for _, inner in scopes) == 1,
    "filter": lambda scopes, body: [key for key, inner in scopes if _truth(body(inner))],
    "map": lambda scopes, body: [body(inner) for _, inner in scopes],
    "transformList": lambda scopes, body: [body(inner) for _, inner in scopes],
    "transformMap": lambda scopes, body: {key: body(inner) for key, inner in scopes},
    "transformMapEntry": _entries,
}

"""Whether an expression can be right, before it runs: names, fields and types.

Source: github.com/google/cel-go/checker/checker.go
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from poblano.cluster.cel.errors import Issue
from poblano.cluster.cel.library import Library, Overload
from poblano.cluster.cel.syntax import Bind, Call, Comprehension, Constant, ListOf, MapOf, Name, Node, Select
from poblano.cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    TYPE,
    UINT,
    Bindings,
    ObjectType,
    Type,
    fits,
    join,
    list_of,
    map_of,
    optional_of,
    substitute,
)

_CONSTANTS: Final = {
    "bool": BOOL,
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
    "null": NULL,
}
TYPE_NAMES: Final = frozenset(
    {"bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "dyn"}
    | {"google.protobuf.Timestamp", "google.protobuf.Duration", "optional_type"}
    | {"net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.URL", "kubernetes.Semver"}
)
"""The names that stand for types."""
_LISTS: Final = frozenset({"map", "filter", "transformList"})


def qualified_name(node: Node) -> str | None:
    """The dotted name that a chain of selections spells, or None."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Select) and node.kind == "value":
        before = qualified_name(node.of)
        return None if before is None else f"{before}.{node.field}"
    return None


class Checker:
    """Finds the type of every node.

    Args:
        library: the functions there are.
        variables: the variables there are, with their types.
    """

    def __init__(self, library: Library, variables: Mapping[str, Type]) -> None:
        self._library = library
        self._scope = dict(variables)
        self.issues: list[Issue] = []
        self.chosen: dict[int, Overload] = {}
        """The overload of a call, by the identity of its node, where its arguments leave only one."""

    def check(self, node: Node) -> Type:
        """The type of an expression; what is wrong is in `issues`."""
        match node:
            case Constant():
                return _CONSTANTS[node.type]
            case Name():
                return self._name(node)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case ListOf():
                return list_of(join([self._item(one, at in node.optional) for at, one in enumerate(node.items)]))
            case MapOf():
                keys = join([self.check(key) for key, _ in node.entries])
                return map_of(
                    keys, join([self._item(value, at in node.optional) for at, (_, value) in enumerate(node.entries)])
                )
            case Comprehension():
                return self._comprehension(node)
            case Bind():
                return self._bind(node)

    def _issue(self, at: int, message: str) -> Type:
        self.issues.append(Issue(at, message))
        return ERROR

    def _item(self, node: Node, optional: bool) -> Type:  # noqa: FBT001 -- of the syntax
        found = self.check(node)
        if not optional or found in (DYN, ERROR):
            return found
        if found.name != "optional_type":
            return self._issue(node.at, f"expected type 'optional_type' but found '{found}'")
        return found.parts[0]

    def _name(self, node: Name) -> Type:
        found = self._scope.get(node.name)
        if found is not None:
            return found
        if node.name in TYPE_NAMES:
            return TYPE
        return self._issue(node.at, f"undeclared reference to '{node.name}' (in container '')")

    def _select(self, node: Select) -> Type:
        name = qualified_name(node)
        if name in TYPE_NAMES:
            return TYPE
        of = self.check(node.of)
        optional = node.kind == "optional"
        if of.name == "optional_type":
            of, optional = of.parts[0], True
        found = self._field(of, node)
        if node.kind == "has":
            return ERROR if found is ERROR else BOOL
        if not optional or found is ERROR:
            return found
        return found if found.name == "optional_type" else optional_of(found)

    def _field(self, of: Type, node: Select) -> Type:
        if isinstance(of, ObjectType):
            found = of.fields.get(node.field)
            return found.type if found else self._issue(node.at, f"undefined field '{node.field}'")
        if of.name == "map":
            if not fits(STRING, of.parts[0], {}):
                return self._issue(node.at, f"type '{of}' does not support field selection")
            return of.parts[1]
        if of in (DYN, ERROR):
            return DYN
        return self._issue(node.at, f"type '{of}' does not support field selection")

    def _call(self, node: Call) -> Type:
        namespaced = qualified_name(node.target) if node.target is not None else None
        if namespaced is not None and namespaced.split(".")[0] not in self._scope:
            full = f"{namespaced}.{node.function}"
            if overloads := self._library.find(full, method=False):
                return self._resolve(node, full, overloads, [self.check(one) for one in node.arguments])
        given = [self.check(one) for one in ((node.target,) if node.target is not None else ()) + node.arguments]
        overloads = self._library.find(node.function, method=node.target is not None)
        if not overloads:
            return self._issue(node.at, f"undeclared reference to '{node.function}' (in container '')")
        return self._resolve(node, node.function, overloads, given)

    def _resolve(self, node: Call, name: str, overloads: Sequence[Overload], given: list[Type]) -> Type:
        if ERROR in given:
            return ERROR
        if name == "_?_:_":
            return self._conditional(node, given)
        results: list[Type] = []
        matching: list[Overload] = []
        for overload in overloads:
            bindings: Bindings = {}
            if overload.takes(given, bindings):
                matching.append(overload)
                results.append(overload.result_for(bindings))
        if not matching:
            return self._issue(node.at, self._mismatch(name, given, method=node.target is not None and "." not in name))
        if len(matching) == 1 and not any(_loose(one) for one in given):
            self.chosen[id(node)] = matching[0]
        return join(results)

    def _conditional(self, node: Call, given: list[Type]) -> Type:
        condition, one, other = given
        if not fits(condition, BOOL, {}):
            return self._issue(node.at, self._mismatch("_?_:_", given, method=False))
        if NULL in (one, other):
            return other if one == NULL else one
        if not fits(other, one, {}):
            return self._issue(node.at, self._mismatch("_?_:_", given, method=False))
        return DYN if DYN in (one, other) else one

    @staticmethod
    def _mismatch(name: str, given: list[Type], *, method: bool) -> str:
        shown = f"{given[0]}.({', '.join(map(str, given[1:]))})" if method else f"({', '.join(map(str, given))})"
        return f"found no matching overload for '{name}' applied to '{shown}'"

    # ---- comprehensions

    def _comprehension(self, node: Comprehension) -> Type:
        key, value, single = self._ranged(node)
        kept = self._scope
        names = (
            dict(zip(node.variables, (key, value), strict=True))
            if len(node.variables) == 2
            else {node.variables[0]: single}
        )
        self._scope = {**kept, **names}
        if node.filter is not None:
            self._expect_bool(node.filter)
        wants_bool = node.macro in ("all", "exists", "exists_one", "filter")
        body = self._expect_bool(node.body) if wants_bool else self.check(node.body)
        self._scope = kept
        match node.macro:
            case "all" | "exists" | "exists_one":
                return BOOL
            case "filter":
                return list_of(single)
            case "map" | "transformList":
                return list_of(body)
            case "transformMap":
                return map_of(key, body)
            case "transformMapEntry":
                return body

    def _ranged(self, node: Comprehension) -> tuple[Type, Type, Type]:
        """The types of two variables over the range, and of a single one."""
        of = self.check(node.range)
        if of.name == "list":
            return INT, of.parts[0], of.parts[0]
        if of.name == "map":
            return of.parts[0], of.parts[1], of.parts[0]
        if of not in (DYN, ERROR):
            message = f"expression of type '{of}' cannot be range of a comprehension (must be list, map, or dynamic)"
            self._issue(node.range.at, message)
        return DYN, DYN, DYN

    def _expect_bool(self, node: Node) -> Type:
        found = self.check(node)
        if not fits(found, BOOL, {}):
            self._issue(node.at, f"expected type 'bool' but found '{found}'")
        return found

    def _bind(self, node: Bind) -> Type:
        held = self.check(node.value)
        if node.macro != "bind":
            if held.name != "optional_type" and held not in (DYN, ERROR):
                return self._issue(node.at, self._mismatch(node.macro, [held], method=True))
            held = held.parts[0] if held.parts else DYN
        kept = self._scope
        self._scope = {**kept, node.name: held}
        body = self.check(node.body)
        self._scope = kept
        return optional_of(body) if node.macro == "optMap" else body


def _loose(given: Type) -> bool:
    return given == DYN or any(map(_loose, given.parts))


def result_type(found: Type) -> Type:
    """The type of a whole expression, without parameters."""
    return substitute(found, {}, free=DYN)
